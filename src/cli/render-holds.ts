import type { RunRecord } from '../pipeline/record/run-record.js'
import { countText, plural } from './figures.js'
import { oneLine } from './one-line.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

const MOST = 20
const LONGEST_CELL = 100

/** The batches that a run held, and what became of breakers, as lines; none when there is nothing to say. */
export function heldBatches(
  { holds = [], breakers = [], stale = [], decision }: RunRecord,
  look: Pick<Terminal, 'colors'>,
): readonly string[] {
  const columns = [
    { head: 'hold' },
    { head: 'pipe' },
    { head: 'held by' },
    { head: 'rows', align: 'right' as const },
    { head: 'why' },
  ]
  const cells = holds.slice(0, MOST).map(hold => [hold.id, hold.pipe, hold.by, countText(hold.rows), hold.why])
  const table = holds.length === 0 ? [] : [tableText(columns, cells, { ...look, cellWidth: LONGEST_CELL })]
  const more = holds.length > MOST ? [`… and ${countText(holds.length - MOST)} more`] : []
  const changes = breakers
    .slice(0, MOST)
    .map(({ pipe, from, to, why }) => `breaker of ${pipe}: ${words(from)} to ${words(to)}, ${oneLine(why)}`)
  const told =
    decision === undefined
      ? []
      : [
          `${decision.move} by ${decision.by}: ${plural(decision.rows_moved, 'row')} ${decision.rows_moved === 1 ? 'waits' : 'wait'} no more`,
        ]
  const waits = stale.map(({ table: name, why }) => `stale: ${name} is as it was, ${oneLine(why)}`)
  return [...told, ...table, ...more, ...changes, ...waits]
}

function words(state: string): string {
  return state.replace('_', ' ')
}
