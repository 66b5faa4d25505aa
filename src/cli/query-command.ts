import { resolve } from 'node:path'
import { SluiceError } from '../core/errors.js'
import { plural } from './figures.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { rowsText } from './render-rows.js'
import type { Terminal } from './terminal.js'

export interface QueryCommandOptions extends ProjectOptions {
  readonly asOf?: string
}

interface FileTarget {
  readonly format: 'csv' | 'parquet'
  readonly file: string
}

const KINDS = ['table', 'json', 'csv', 'parquet']

/** `sluice query SQL [--output csv|parquet FILE]`. */
export async function queryCommand(
  sql: string,
  file: string | undefined,
  options: QueryCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output, KINDS)
  const target = fileTarget(options.output, file, terminal)
  const project = await openProject(options, terminal)
  const { query } = await import('../pipeline/query.js')
  const result = await query(project, sql, { asOf: options.asOf, output: target })
  if (target !== undefined) terminal.note(`written to ${target.file}\n`)
  else if (json) writeJson(terminal, result)
  else {
    terminal.write(`${rowsText(result, { colors: terminal.colors, cellWidth: CELL_WIDTH })}\n`)
    if (terminal.interactive) terminal.note(`${terminal.colors.dim(plural(result.rows.length, 'row'))}\n`)
  }
  return 0
}

const CELL_WIDTH = 80

function fileTarget(output: string | undefined, file: string | undefined, terminal: Terminal): FileTarget | undefined {
  const format = output === 'csv' || output === 'parquet' ? output : undefined
  if (format === undefined && file === undefined) return undefined
  if (format !== undefined && file !== undefined) return { format, file: resolve(terminal.folder, file) }
  const message =
    format === undefined
      ? `A file goes with --output csv or parquet only: "${file}".`
      : `--output ${format} needs a file.`
  const next = `Example: sluice query "SELECT 1" --output ${format ?? 'csv'} figures.${format ?? 'csv'}`
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next })
}
