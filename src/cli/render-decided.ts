import type { DecisionOutcome } from '../pipeline/holding/decide-quarantine.js'
import type { TakenDecision } from '../pipeline/holding/decision-notes.js'
import type { RunRecord } from '../pipeline/record/run-record.js'
import { plural } from './figures.js'
import { oneLine } from './one-line.js'
import { DONE } from './render-quarantine.js'
import type { Terminal } from './terminal.js'

const NOTHING_FITS =
  'Nothing that waits fits. Nothing was changed. What was decided before: npx sluice quarantine ls --state all\n'

/** What became of a decision: the reports of its runs, and what was decided before. */
export function renderDecided(
  decided: DecisionOutcome,
  move: string,
  reportOf: (record: RunRecord) => string,
  look: Pick<Terminal, 'colors'>,
): string {
  const { finished, before } = decided
  const reports = finished.map(
    record => `${look.colors.yellow('finished')}  ${brokenOff(record)}\n\n${reportOf(record)}\n`,
  )
  const notes = before.map(note => `${noteText(note, move)}\n`)
  const own =
    decided.outcome === 'decided' ? reportOf(decided.record) : notes.length + reports.length === 0 ? NOTHING_FITS : ''
  return [...reports, own, ...notes].join('')
}

function brokenOff({ decision, run_id }: RunRecord): string {
  return `the ${decision?.move} by ${decision?.by} (run ${run_id}) had been broken off: it is carried out now.`
}

/** Who was first. */
function noteText({ id, move, by, reason = '', decided_at, run_id, under_way }: TakenDecision, asked: string): string {
  const why = reason === '' ? '' : `: ${oneLine(reason)}`
  if (under_way)
    return `The ${move} by ${by} of ${decided_at} (run ${run_id}) is about the same, and is under way${why}. Nothing was changed.`
  const back = move === 'discard' && asked !== 'discard' ? ' Rows that were discarded can be released.' : ''
  return `${id} was ${DONE[move]} by ${by} at ${decided_at} (run ${run_id})${why}. Nothing was changed.${back}`
}

/** What a decision could not be about. */
export function renderRefused(
  { refused, left }: Extract<DecisionOutcome, { outcome: 'decided' }>,
  { colors }: Pick<Terminal, 'colors'>,
): string {
  const lines = [
    ...refused.map(
      ({ dataset, rows, rules }) => `${plural(rows, 'row')} of ${dataset} cannot be released: ${rules.join(', ')}`,
    ),
    ...left.map(
      ({ pipe, rows, why }) => `${plural(rows, 'row')} of ${pipe} ${rows === 1 ? 'waits' : 'wait'} on: ${oneLine(why)}`,
    ),
  ]
  return lines.map(line => `${colors.yellow('left')}  ${line}\n`).join('')
}
