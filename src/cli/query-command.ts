import { resolve } from 'node:path'
import { SluiceError } from '../core/errors.js'
import type { QueryOutput } from '../pipeline/read/query.js'
import { plural } from './figures.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { rowsText } from './render-rows.js'
import type { Terminal } from './terminal.js'

export interface QueryCommandOptions extends ProjectOptions {
  readonly asOf?: string
  readonly asKnownAt?: string
  readonly strict?: boolean
}

const KINDS = ['table', 'json', 'csv', 'parquet']

/** `sluice query SQL [--output json|csv|parquet] [FILE]`. */
export async function queryCommand(
  sql: string,
  file: string | undefined,
  options: QueryCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const { asOf, asKnownAt, strict } = options
  const json = wantsJson(options.output, KINDS)
  const output = outputOf(options.output, file, terminal)
  const project = await openProject(options, terminal)
  const { query } = await import('../pipeline/read/query.js')
  const limit = output === undefined && !json ? MOST_ROWS : undefined
  const result = await query(project, sql, { asOf, asKnownAt, strict, output, limit })
  if (output !== undefined && 'file' in output) terminal.note(`written to ${output.file}\n`)
  else if (json) writeJson(terminal, { columns: result.columns, rows: result.rows })
  else if (output === undefined) {
    terminal.write(`${rowsText(result, { colors: terminal.colors, cellWidth: CELL_WIDTH })}\n`)
    if (result.more)
      terminal.note(`the first ${plural(MOST_ROWS, 'row')}: LIMIT and OFFSET give others, --output csv gives all\n`)
    else if (terminal.interactive) terminal.note(`${terminal.colors.dim(plural(result.rows.length, 'row'))}\n`)
  }
  return 0
}

const CELL_WIDTH = 80
/** A table is for people; nobody reads more. */
const MOST_ROWS = 1000

/** Parquet needs a file; CSV without one, or with `-`, goes to standard output. */
function outputOf(output: string | undefined, file: string | undefined, terminal: Terminal): QueryOutput | undefined {
  const format = output === 'csv' || output === 'parquet' ? output : undefined
  if (format === undefined && file === undefined) return undefined
  if (format === 'csv' && (file === undefined || file === '-')) return { format, to: bytes => terminal.stream(bytes) }
  if (format !== undefined && file !== undefined && file !== '-')
    return { format, file: resolve(terminal.folder, file) }
  const message =
    format === undefined
      ? `A file goes with --output csv or parquet only: "${file}".`
      : `--output ${format} needs a file.`
  const next = `Example: sluice query "SELECT 1" --output ${format ?? 'csv'} figures.${format ?? 'csv'}`
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next })
}
