import { pipeline } from 'node:stream/promises'
import pc from 'picocolors'

/** Everything that a command may know of the process it runs in. */
export interface Terminal {
  /** Results, to standard output. */
  write(text: string): void
  /** A long result, to standard output, as fast as its reader takes it. */
  stream(bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** Progress, hints and errors, to standard error. */
  note(text: string): void
  /** Whether a person watches standard error, so that a line may be rewritten. */
  readonly interactive: boolean
  readonly colors: Colors
  /** Width of the window; undefined when standard output is no window. */
  readonly columns: number | undefined
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export type Colors = ReturnType<typeof pc.createColors>

/** The terminal of this process. `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb` and `CI` are respected. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process
  const forced = (env['FORCE_COLOR'] ?? '') !== '' && env['FORCE_COLOR'] !== '0'
  const wanted = forced || (stdout.isTTY === true && env['TERM'] !== 'dumb')
  return {
    write: text => void stdout.write(text),
    stream: bytes => pipeline(bytes, stdout, { end: false }),
    note: text => void stderr.write(text),
    interactive: stderr.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb',
    colors: pc.createColors(wanted && !env['NO_COLOR']),
    columns: stdout.isTTY === true ? stdout.columns : undefined,
    folder: process.cwd(),
    env,
  }
}
