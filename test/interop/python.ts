import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs Python code or a script of this folder and gives its standard output. */
export interface Python {
  script(name: string, input: unknown): unknown
  code(text: string, folder: string): string
}

/**
 * A Python that can import what a test needs: SLUICE_PYTHON, else python3; undefined when python3 cannot. Where SLUICE_PYTHON is
 * set, a missing module is a failure, not a reason to leave the test out.
 */
export function findPython(modules: readonly string[]): Python | undefined {
  const named = process.env['SLUICE_PYTHON']
  const program = named ?? 'python3'
  try {
    execFileSync(program, ['-c', `import ${modules.join(', ')}`], { stdio: 'pipe' })
  } catch (cause) {
    if (named === undefined) return undefined
    throw new Error(`${named} cannot import ${modules.join(', ')}`, { cause })
  }
  return {
    script: (name, input) => JSON.parse(execute(program, [fileURLToPath(new URL(name, import.meta.url))], input)),
    code: (text, folder) => execute(program, ['-c', text], undefined, folder),
  }
}

function execute(program: string, args: readonly string[], input: unknown, folder = process.cwd()): string {
  return execFileSync(program, args, {
    cwd: folder,
    input: input === undefined ? '' : JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 256 << 20,
  })
}
