import { asSluiceError, type SluiceError } from '../core/errors.js'
import { oneLine } from './one-line.js'
import type { Colors } from './terminal.js'

/** A failure for people: code and message, the place in a text, every further problem, what to do next. */
export function renderError(error: SluiceError, colors: Colors): string {
  const problems = Array.isArray(error.details['problems']) ? error.details['problems'].map(String) : []
  const lines = [`${colors.red('error')} ${colors.bold(error.code)}: ${error.message}`]
  if (problems.length > 1) lines.push(...problems.map(problem => `  ${problem}`))
  else if (error.place !== undefined) lines.push(`  at ${error.place}`, ...excerptLines(error))
  lines.push(`${colors.cyan('next:')} ${error.next}`)
  return `${lines.join('\n')}\n`
}

/** The line of a text that was given on the command line, with a mark under the fault. */
function excerptLines({ details: { excerpt, place } }: SluiceError): string[] {
  if (typeof excerpt !== 'string' || place?.column === undefined || excerpt.length > 200) return []
  return [`  ${oneLine(excerpt)}`, `  ${' '.repeat(oneLine(excerpt.slice(0, place.column - 1)).length)}^`]
}

/** A failure for machines: one JSON document. */
export function renderErrorJson(error: SluiceError): string {
  return `${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`
}

/** The trace of a failure that is a bug of ours, for the report; an empty text for all others. */
export function renderTrace(thrown: unknown): string {
  const error = asSluiceError(thrown)
  return error.kind === 'internal' && thrown instanceof Error && thrown.stack !== undefined ? `${thrown.stack}\n` : ''
}
