import type { RunRecord, SourceRecord } from '../pipeline/record/run-record.js'
import { countText } from './figures.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

const MOST_ROWS = 20
const LONGEST_CELL = 100
const MOST_NAMES = 5

/** Providers that did not answer as they should, runs that were too short, pipes that others have: why, and when again. Empty: none. */
export function sourceFailures({ sources = [] }: RunRecord, look: Pick<Terminal, 'colors'>): string {
  const troubled = sources.filter(({ state }) => ORDER.includes(state))
  if (troubled.length === 0) return ''
  const worstFirst = [...troubled].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  const columns = [{ head: 'pipe' }, { head: 'state' }, { head: 'why' }, { head: 'again' }]
  const rows = worstFirst
    .slice(0, MOST_ROWS)
    .map(source => [source.pipe, source.state, whyText(source), againText(source)])
  const rest = troubled.length - rows.length
  return [
    look.colors.bold('What providers did not answer'),
    tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL }),
    ...(rest > 0 ? [`… and ${countText(rest)} more (--output json has all)`] : []),
  ].join('\n')
}

/**
 * Pipes that another run took because this one was not done when their leases ran out: by then a disk, a store or a provider was far too slow.
 * Empty: none.
 */
export function lostLeases({ sources = [] }: RunRecord): string {
  const lost = sources.filter(source => source.lease_lost_at !== undefined)
  if (lost.length === 0) return ''
  const names = lost.slice(0, MOST_NAMES).map(({ pipe }) => pipe)
  const rest = lost.length > names.length ? ` and ${countText(lost.length - names.length)} more` : ''
  return [
    `This run was still at work when its lease ran out at ${shortTime(lost[0]!.lease_lost_at!)}, and another run took ${names.join(', ')}${rest}.`,
    'Rows that both brought stand once; requests may have been sent twice. Look at the steps for what was so slow: the disk, the store or a provider.',
  ].join('\n')
}

/** The worst first. */
const ORDER: readonly SourceRecord['state'][] = ['failed', 'not finished', 'waiting after a failure', 'leased']

function whyText({ meaning, why }: SourceRecord): string {
  return meaning === undefined || meaning === 'not_finished' ? (why ?? '') : `${meaning}: ${why ?? ''}`
}

function againText({ again_at: again }: SourceRecord): string {
  return again === undefined ? 'next run' : shortTime(again)
}

function shortTime(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}
