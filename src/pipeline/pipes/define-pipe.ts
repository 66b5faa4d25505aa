import type { PipeInput } from './pipe-schema.js'

/** Shared by every copy of Sluice in a process: the project's own and the one that runs. */
const STACK = Symbol.for('sluice.pipe.stack')

/**
 * Declares a pipe in TypeScript or JavaScript: `export default [definePipe({ name, source, … })]` in a file of `pipes/`. The fields are
 * those of YAML; they are checked when the project is loaded, not here.
 */
export function definePipe<const T extends PipeInput>(pipe: T): T {
  const copy = { ...pipe }
  Object.defineProperty(copy, STACK, { value: new Error('declared here').stack ?? '' })
  return copy
}

/** The line of a file in which `definePipe` made a value; undefined when that is not known. */
export function definedAt(value: unknown, path: string): number | undefined {
  if (typeof value !== 'object' || value === null || !(STACK in value)) return undefined
  return lineInStack(String(value[STACK]), path)
}

/** The line of a file that is innermost in a stack. TypeScript keeps its lines when it is run, not its columns. */
export function lineInStack(stack: string, path: string): number | undefined {
  for (const frame of stack.split('\n')) {
    const at = frame.indexOf(path)
    const match = at === -1 ? null : /^:(\d+):\d+/.exec(frame.slice(at + path.length))
    if (match !== null) return Number(match[1])
  }
  return undefined
}
