import type { BookedBy } from '../pipeline/trace/booked-by.js'
import type { CaptureTrace } from '../pipeline/trace/capture-trace.js'
import type { TableTrace, Trace } from '../pipeline/trace/trace-rows.js'
import { commandText } from './command-text.js'
import { countText } from './figures.js'
import type { ProjectOptions } from './open-project.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

/** Captures that a screen shows; JSON has all. */
const MOST_CAPTURES = 10

/** A trace on one screen: the rows, what they were derived from, and the bytes at the end. */
export function renderTrace(trace: Trace, options: ProjectOptions, terminal: Terminal): string {
  const { project } = options
  const { colors } = terminal
  const rows = rowsText(trace, colors)
  if (trace.booked_by !== undefined) return `${rows}\n\n${bookedText(trace.booked_by, options, colors)}\n`
  const tables = tableText(
    [
      { head: 'table' },
      { head: 'rows', align: 'right' },
      { head: 'from' },
      { head: 'to' },
      { head: 'made by' },
      { head: 'derived again' },
    ],
    trace.tables.map(tableCells),
    { colors },
  )
  const shown = trace.captures.slice(0, MOST_CAPTURES)
  const captures = tableText(
    [
      { head: 'capture' },
      { head: 'dataset' },
      { head: 'rows', align: 'right' },
      { head: 'received' },
      { head: 'bytes', align: 'right' },
      { head: 'from' },
    ],
    shown.map(captureCells),
    { colors },
  )
  const more = trace.captures.length - shown.length
  const rest = more > 0 ? `\n… and ${countText(more)} more (--output json has all)` : ''
  const first = shown[0]
  const next =
    first === undefined ? '' : `\n\nThe bytes of the first\n  ${commandText(['captures', 'show', first.id], project)}`
  return `${rows}\n\nDerived from\n${tables}${changesText(trace.tables)}\n\nRead from\n${captures}${rest}${next}\n`
}

function bookedText(runs: readonly BookedBy[], { project }: ProjectOptions, colors: Terminal['colors']): string {
  const table = tableText(
    [{ head: 'run' }, { head: 'started' }, { head: 'status' }, { head: 'record' }],
    runs.map(run => [run.run_id, run.started_at ?? '', run.status ?? 'no record', run.record]),
    { colors },
  )
  const known = runs.find(run => run.status !== null)
  const next =
    known === undefined ? '' : `\n\nWhat the run read and found\n  ${commandText(['runs', known.run_id], project)}`
  return `Booked by\n${table}${next}`
}

/** One row is read from top to bottom, several side by side. */
function rowsText({ rows }: Trace, colors: Terminal['colors']): string {
  const names = Object.keys(rows[0] ?? {})
  const text = (value: unknown): string => String(value ?? '')
  if (rows.length === 1)
    return tableText(
      [{ head: 'column' }, { head: 'value' }],
      names.map(name => [name, text(rows[0]![name])]),
      { colors },
    )
  const cells = rows.map(row => names.map(name => text(row[name])))
  return tableText(
    names.map(head => ({ head })),
    cells,
    { colors, cellWidth: 26 },
  )
}

function tableCells({ table, rows, first_time: from, last_time: to, made }: TableTrace): string[] {
  const run = made?.by_runs.at(-1)?.run_id ?? ''
  const by = made === undefined ? '' : `${made.model} ${made.model_hash.slice(0, 8)}${run === '' ? '' : `, run ${run}`}`
  return [table, countText(rows), day(from), day(to), by, made?.derived_again ?? '']
}

/** Midnight says nothing. */
function day(time: string | null): string {
  return (time ?? '').replace(/ 00:00:00\+00$/, '')
}

/** What is not as it was when the rows were made. */
function changesText(tables: readonly TableTrace[]): string {
  const lines = tables.flatMap(({ table, made }) => {
    const run = made?.by_runs.at(-1)
    if (made === undefined || run === undefined) return []
    const other = (was: string | null, is: string): boolean => was !== null && was !== is
    return [
      ...(other(run.model_hash, made.model_hash) ? [`${table} was made by another version of ${made.model}.`] : []),
      ...(other(run.formulas_hash, made.formulas_hash) ? [`${table} was made with other formulas.`] : []),
    ]
  })
  return lines.length === 0 ? '' : `\n${lines.join('\n')}`
}

function captureCells(capture: CaptureTrace): string[] {
  return [
    capture.id.slice(0, 12),
    capture.dataset,
    countText(capture.rows),
    capture.received_at ?? 'not in this lake',
    capture.size_bytes === null ? '' : countText(capture.size_bytes),
    capture.url ?? '',
  ]
}
