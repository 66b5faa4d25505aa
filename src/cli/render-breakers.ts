import type { BreakerSummary } from '../pipeline/holding/decide-breakers.js'
import type { BreakerRecord } from '../pipeline/record/run-record.js'
import { countText } from './figures.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const LONGEST_CELL = 100

/** Breakers, one a line. */
export function renderBreakers(breakers: readonly BreakerSummary[], look: Look): string {
  if (breakers.length === 0) return 'No batch of a pipe has failed: all breakers are closed.\n'
  const columns = [
    { head: 'pipe' },
    { head: 'dataset' },
    { head: 'state' },
    { head: 'may probe from' },
    { head: 'held captures', align: 'right' as const },
    { head: 'rows', align: 'right' as const },
    { head: 'why' },
  ]
  const rows = breakers.map(breaker => [
    breaker.pipe,
    breaker.dataset,
    stateText(breaker.state),
    breaker.open_until ?? '',
    countText(breaker.held_captures),
    countText(breaker.held_rows),
    breaker.why,
  ])
  return `${tableText(columns, rows, { ...look, cellWidth: LONGEST_CELL })}\n`
}

/** What a person has changed. */
export function renderBreakerChanges(changes: readonly BreakerRecord[], { colors }: Look): string {
  if (changes.length === 0) return 'Nothing was changed: these breakers are closed.\n'
  return changes
    .map(({ pipe, dataset, from, to, why }) => {
      const tint = to === 'closed' ? colors.green : colors.red
      return `${pipe} (${dataset}): ${stateText(from)} to ${tint(stateText(to))}, ${why}\n`
    })
    .join('')
}

function stateText(state: string): string {
  return state.replace('_', ' ')
}
