import { SluiceError } from '../core/errors.js'
import type { Terminal } from './terminal.js'

/** The forms that every command can print in. */
export const OUTPUTS = ['table', 'json'] as const

/** Whether `--output json` was asked for. Another value than the given kinds throws SLUICE_ARGUMENT_INVALID. */
export function wantsJson(output: string | undefined, kinds: readonly string[] = OUTPUTS): boolean {
  if (output !== undefined && !kinds.includes(output)) {
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--output is one of ${kinds.join(', ')}, not "${output}".`)
  }
  return output === 'json'
}

/** One JSON document on standard output. */
export function writeJson(terminal: Terminal, document: unknown): void {
  const text = JSON.stringify(document, (_, value) => (typeof value === 'bigint' ? value.toString() : value), 2)
  terminal.write(`${text}\n`)
}
