import type { RunRecord, SourceRecord } from '../pipeline/record/run-record.js'
import { countText } from './figures.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

const MOST_ROWS = 20
const LONGEST_CELL = 100

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

/** The worst first. */
const ORDER: readonly SourceRecord['state'][] = ['failed', 'not finished', 'waiting after a failure', 'leased']

function whyText({ meaning, why }: SourceRecord): string {
  return meaning === undefined || meaning === 'not_finished' ? (why ?? '') : `${meaning}: ${why ?? ''}`
}

function againText({ again_at: again }: SourceRecord): string {
  return again === undefined ? 'next run' : again.replace(/\.\d+Z$/, 'Z')
}
