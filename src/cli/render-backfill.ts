import { parseIntervalText } from '../core/interval.js'
import type { BackfillRecord, PartRecord } from '../pipeline/backfill/backfill-record.js'
import { bytesText, countText, plural, secondsText } from './figures.js'
import { budgetLines, estimateLine } from './render-budget.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const DAY_MS = 86_400_000
const MOST_ROWS = 20
const LONGEST_CELL = 100
const RIGHT = 'right' as const

/** What a backfill would ask, or is about to. */
export function renderBackfillPlan(record: BackfillRecord, look: Look): string {
  const waiting = record.intervals.filter(({ state }) => state !== 'done')
  const runs = waiting.length + record.intervals_unlisted
  const asks = estimateText(record)
  const none = record.skipped.length === 0 ? 'nothing is missing' : 'nothing is missing of what can be asked for'
  const sum = runs === 0 ? none : `${asks}, in ${plural(runs, 'run')}`
  const lines = [`${look.colors.bold('Backfill')} of ${timeText(record)}: ${sum}`]
  if (record.status === 'planned' && runs > 0) lines.push('gold is derived once, when the intervals are through')
  if (runs > 0) lines.push(budgetLines(record.estimate.over_budget, look))
  return `${[lines.filter(line => line !== '').join('\n'), skippedText(record, look)].filter(text => text !== '').join('\n\n')}\n`
}

/** What became of it. */
export function renderBackfill(record: BackfillRecord, look: Look): string {
  const rows = record.intervals.reduce((sum, part) => sum + part.rows, 0)
  const requests = record.intervals.reduce((sum, part) => sum + part.requests, 0)
  const done = record.intervals.filter(({ state }) => state === 'done').length
  const lines = [
    `${look.colors.bold(record.backfill)} ${record.status}: ${countText(done)} of ${plural(record.intervals.length + record.intervals_unlisted, 'interval')} done, ${plural(rows, 'row')}, ${plural(requests, 'request')}`,
    goldText(record),
    budgetLines(record.estimate.over_budget, look),
    `record: _runs/${record.backfill}.json`,
  ]
  const next = nextText(record)
  const parts = [lines.filter(line => line !== '').join('\n'), openText(record, look), next]
  return `${parts.filter(text => text !== '').join('\n\n')}\n`
}

/** `2024-01-01 to 2024-01-31, both included`, or the times. */
function timeText({ interval }: BackfillRecord): string {
  const { startMs, endMs } = parseIntervalText(interval)
  if (startMs % DAY_MS !== 0 || endMs % DAY_MS !== 0) return `${interval}, its end not included`
  const [first, last] = [startMs, endMs - DAY_MS].map(ms => new Date(ms).toISOString().slice(0, 10))
  return first === last ? `${first}` : `${first} to ${last}, both included`
}

function estimateText({ estimate: { requests, credits, bytes, rows, seconds, cost } }: BackfillRecord): string {
  const asked = requests === 0 ? 'nothing to ask' : `${plural(requests, 'request')}, ${plural(credits, 'credit')}`
  const size = bytes === null ? 'size not known' : bytesText(bytes)
  const count = rows === null ? 'rows not known' : `about ${plural(rows, 'row')}`
  const takes = seconds < 1 ? 'a moment' : `${secondsText(seconds)} or more`
  const money = cost === undefined ? '' : `, ${estimateLine(cost)}`
  // Captures that wait ask nobody, and nobody has counted them.
  const amount = requests === 0 && rows === 0 ? '' : `, ${size}, ${count}`
  return `${asked}${amount}, ${takes}${money}`
}

function skippedText({ skipped }: BackfillRecord, look: Look): string {
  if (skipped.length === 0) return ''
  const columns = [{ head: 'pipe' }, { head: 'interval' }, { head: 'why' }]
  const rows = skipped.slice(0, MOST_ROWS).map(({ pipe, interval, why }) => [pipe, interval, why])
  return section(
    'What cannot be asked for',
    tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL }),
    skipped.length,
    look,
  )
}

function openText({ intervals }: BackfillRecord, look: Look): string {
  const open = intervals.filter(({ state }) => state !== 'done')
  if (open.length === 0) return ''
  const columns = [
    { head: 'interval' },
    { head: 'state' },
    { head: 'attempts', align: RIGHT },
    { head: 'rows', align: RIGHT },
    { head: 'why' },
  ]
  const rows = open.slice(0, MOST_ROWS).map(openRow)
  return section('What is open', tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL }), open.length, look)
}

function openRow({ interval, state, attempts, rows, open = [] }: PartRecord): string[] {
  const [first] = open
  const more = open.length > 1 ? ` (and ${open.length - 1} more)` : ''
  return [
    interval,
    state,
    countText(attempts),
    countText(rows),
    first === undefined ? '' : `${first.pipe}: ${first.why}${more}`,
  ]
}

function section(head: string, table: string, count: number, look: Look): string {
  const more = count > MOST_ROWS ? `\n… and ${countText(count - MOST_ROWS)} more (--output json has all)` : ''
  return `${look.colors.bold(head)}\n${table}${more}`
}

function goldText({ gold }: BackfillRecord): string {
  switch (gold.state) {
    case 'derived':
      return `gold: derived by the run ${gold.run_id}`
    case 'held':
      return `gold: some tables are held or failed in the run ${gold.run_id}`
    case 'owed':
      return 'gold: not derived yet: the next run does it, or `sluice derive`'
    case 'none':
      return ''
  }
}

function nextText({ status }: BackfillRecord): string {
  if (status === 'complete') return ''
  if (status === 'held')
    return 'Held batches: `sluice quarantine ls`. To publish the accepted rows all the same: --allow-dq-breach.'
  return 'The same command again goes on where this one ended.'
}
