import { isoTime } from '../core/clock.js'
import type { RunRow } from '../pipeline/ledger/run-row.js'
import { countText, secondsText } from './figures.js'
import { type TableColumn, tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const RIGHT = 'right' as const

/** Lines of the list of runs in the given order. `more`: there are others; `narrowed`: not all runs were asked for. */
export function renderRuns(
  rows: readonly RunRow[],
  { more, narrowed }: { readonly more: boolean; readonly narrowed: boolean },
  look: Look,
): string {
  if (rows.length === 0)
    return narrowed ? 'No such run. Next: npx sluice runs\n' : 'No run has finished yet. Next: npx sluice run\n'
  const columns: TableColumn[] = [
    { head: 'run' },
    { head: 'status' },
    { head: 'started' },
    { head: 'took', align: RIGHT },
    { head: 'in', align: RIGHT },
    { head: 'accepted', align: RIGHT },
    { head: 'quarantined', align: RIGHT },
    { head: 'tables', align: RIGHT },
    ...(rows.some(({ code }) => code !== undefined) ? [{ head: 'error' }] : []),
  ]
  const lines = rows.map(row => [
    row.run_id,
    row.status,
    isoTime(row.started_ms),
    row.status === 'running' || row.status === 'died' ? '' : secondsText(row.took_seconds),
    ...[row.in, row.accepted, row.quarantined, row.tables].map(count =>
      row.attempt === undefined ? countText(count) : '',
    ),
    row.code ?? '',
  ])
  const rest = more ? `\nThere are more: --limit ${rows.length * 5} shows older ones.\n` : ''
  return `${tableText(columns, lines, look)}\n${rest}`
}
