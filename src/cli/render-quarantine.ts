import type { QuarantinedGroup, QuarantinedRow, QuarantineList } from '../pipeline/holding/find-quarantined.js'
import type { Hold } from '../pipeline/holding/hold-book.js'
import type { ShownQuarantine } from '../pipeline/holding/show-quarantined.js'
import { commandText } from './command-text.js'
import { countText, plural } from './figures.js'
import { oneLine } from './one-line.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const LONGEST_CELL = 100
const RIGHT = 'right' as const

/** Holds, groups of rows, and single rows. */
export function renderQuarantine({ holds, groups, rows, more }: QuarantineList, look: Look): string {
  if (holds.length + groups.length === 0) return 'Nothing that fits is held or in quarantine.\n'
  const rest = more ? look.colors.dim(`the newest ${rows.length}; --limit takes more`) : ''
  const sections = [
    section('Held batches', holdsText(holds, look), look),
    section('Quarantined rows, by what they broke', groupsText(groups, look), look),
    section('Quarantined rows', [rowsText(rows, look), rest].filter(text => text !== '').join('\n'), look),
  ]
  return `${sections.filter(text => text !== '').join('\n\n')}\n`
}

function holdsText(holds: readonly Hold[], look: Look): string {
  if (holds.length === 0) return ''
  const columns = [
    { head: 'hold' },
    { head: 'dataset' },
    { head: 'pipe' },
    { head: 'held by' },
    { head: 'run' },
    { head: 'captures', align: RIGHT },
    { head: 'rows', align: RIGHT },
    { head: 'why' },
  ]
  const cells = holds.map(hold => [
    ...[hold.id, hold.dataset, hold.pipe, hold.by, hold.run_id],
    ...[countText(hold.captures.length), countText(rowsOf(hold)), hold.why],
  ])
  return tableText(columns, cells, { ...look, cellWidth: LONGEST_CELL })
}

function groupsText(groups: readonly QuarantinedGroup[], look: Look): string {
  if (groups.length === 0) return ''
  const columns = [
    { head: 'dataset' },
    { head: 'pipe' },
    { head: 'state' },
    { head: 'rows', align: RIGHT },
    { head: 'received last' },
    { head: 'broke' },
  ]
  const cells = groups.map(group => [
    ...[group.dataset, group.pipe, group.state, countText(group.rows), group.last_received_at, group.rules.join(', ')],
  ])
  return tableText(columns, cells, { ...look, cellWidth: LONGEST_CELL })
}

function rowsText(rows: readonly QuarantinedRow[], look: Look): string {
  if (rows.length === 0) return ''
  const columns = [{ head: 'row' }, { head: 'dataset' }, { head: 'state' }, { head: 'broke' }, { head: 'record' }]
  const cells = rows.map(row => [row.id, row.dataset, row.state, row.rules.join(', '), row.record ?? row.raw ?? ''])
  return tableText(columns, cells, { ...look, cellWidth: LONGEST_CELL })
}

/** One hold, or one record with the rules that it broke and the commands that lead on. */
export function renderShown(shown: ShownQuarantine, project: string | undefined, look: Look): string {
  const lines = shown.kind === 'hold' ? holdLines(shown.hold, project, look) : rowLines(shown, project, look)
  return `${lines.join('\n')}\n`
}

function holdLines(hold: Hold, project: string | undefined, { colors }: Look): string[] {
  const shown = hold.captures.slice(0, 10)
  return [
    `${colors.bold(hold.id)}  held by the ${hold.by} at ${hold.held_at}`,
    `${hold.dataset}, pipe ${hold.pipe}, run ${hold.run_id}, ${plural(rowsOf(hold), 'row')} that would be published`,
    `why: ${oneLine(hold.why)}`,
    '',
    ...shown.map(
      ({ id, rows }) => `${plural(rows, 'row')} of ${id}: ${commandText(['captures', 'show', id], project)}`,
    ),
    ...(hold.captures.length > shown.length
      ? [`… and ${plural(hold.captures.length - shown.length, 'capture')} more`]
      : []),
    '',
    `judge again: ${commandText(['quarantine', 'replay', hold.id], project)}`,
    `publish: ${commandText(['quarantine', 'release', hold.id, '--reason', 'why it is right'], project)}`,
  ]
}

/** What was done by each move. */
export const DONE = {
  replay: 'replayed',
  release: 'released',
  discard: 'discarded',
  trip: 'tripped',
  reset: 'reset',
} as const

type ShownRow = Extract<ShownQuarantine, { kind: 'row' }>

function rowLines(
  { rows, rules, capture, segment, decisions }: ShownRow,
  project: string | undefined,
  { colors }: Look,
): string[] {
  const [first] = rows
  const record = first!.record ?? first!.raw ?? ''
  return [
    `${colors.bold(first!.id)}  ${first!.dataset}, pipe ${capture.pipe}, contract ${first!.contract_version}`,
    ...rows.map(row => `${row.state}: ${row.rules.join(', ')}`),
    ...decisions.map(note => `${DONE[note.move]} by ${note.by} at ${note.decided_at}: ${oneLine(note.reason ?? '')}`),
    '',
    ...(first!.record === undefined ? [oneLine(record)] : fieldLines(record)),
    '',
    ...rules.map(({ rule, asks }) => `${rule}${asks === '' ? '' : `: ${oneLine(asks)}`}`),
    '',
    `record ${first!.position} of capture ${first!.capture_id}, received ${capture.receivedAt}`,
    `${capture.request.method} ${oneLine(capture.request.url)}`,
    `kept in ${segment}`,
    `its bytes: ${commandText(['captures', 'show', first!.capture_id], project)}`,
  ]
}

function fieldLines(record: string): string[] {
  const fields = JSON.parse(record) as Readonly<Record<string, unknown>>
  return Object.entries(fields).map(([name, value]) => `  ${name}  ${oneLine(String(value))}`)
}

function rowsOf({ captures }: Hold): number {
  return captures.reduce((sum, { rows }) => sum + rows, 0)
}

function section(title: string, text: string, { colors }: Look): string {
  return text === '' ? '' : `${colors.bold(title)}\n${text}`
}
