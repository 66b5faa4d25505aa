import { SluiceError } from '../core/errors.js'
import type { LakeDiff, TableDiff } from '../pipeline/diff/diff.js'
import type { ColumnChange } from '../pipeline/diff/diff-schemas.js'
import { countText, plural } from './figures.js'
import { openProject, type ProjectOptions } from './open-project.js'
import { wantsJson, writeJson } from './output-kind.js'
import { changeLines } from './render-verification.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

export interface DiffCommandOptions extends ProjectOptions {
  readonly table?: string
  readonly limit?: string
  readonly provenance?: boolean
}

const DEFAULT_LIMIT = 20

/** `sluice diff A B`: 0, whatever differs. */
export async function diffCommand(
  before: string,
  after: string,
  options: DiffCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output)
  const limit = limitOf(options.limit)
  const project = await openProject(options, terminal)
  const { diff } = await import('../pipeline/diff/diff.js')
  const { table, provenance } = options
  const found = await diff(project, { before, after, table, limit, provenance })
  if (json) writeJson(terminal, found)
  else terminal.write(renderDiff(found, terminal))
  return 0
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--limit is a whole number from 0 on, not "${text}".`)
}

function renderDiff({ before, after, tables }: LakeDiff, look: Terminal): string {
  const { bold } = look.colors
  const head = `${bold(before)} to ${bold(after)}`
  if (tables.length === 0) return `${head}: no table differs\n`
  const columns = [
    { head: 'table' },
    ...['rows before', 'rows after', 'added', 'removed', 'changed'].map(name => ({
      head: name,
      align: 'right' as const,
    })),
  ]
  const rows = tables.map(({ table, before: old, after: now, counts }) => [
    table,
    ...[old.rows, now.rows, counts.added, counts.removed, counts.changed].map(countText),
  ])
  return `${[head, tableText(columns, rows, look), ...tables.flatMap(own => detailText(own, look))].join('\n\n')}\n`
}

function detailText({ table, columns, rows, counts }: TableDiff, { colors }: Terminal): string[] {
  if (columns.length + rows.length === 0) return []
  const more = counts.added + counts.removed + counts.changed - rows.length
  return [
    [
      colors.bold(table),
      ...columns.map(change => `  column ${columnText(change)}`),
      ...rows.flatMap(row => changeLines(row, 'before', 'after')),
      ...(more > 0 && rows.length > 0 ? [colors.dim(`  … ${plural(more, 'row')} more: --limit`)] : []),
    ].join('\n'),
  ]
}

function columnText({ column, change, before, after }: ColumnChange): string {
  if (change === 'renamed') return `${before} is called ${after}`
  if (change === 'retyped') return `${column} was ${before}, is ${after}`
  return change === 'added' ? `${column} (${after}) was added` : `${column} (${before}) was dropped`
}
