import type { SluiceError } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import type { DatasetRecord, FindingRecord, PipeRecord, RunRecord } from '../record/run-record.js'
import { type CloudEvent, cloudEvent, type EventMoment } from './cloud-event.js'
import type { FreshnessMove } from './freshness.js'

/** So much is named in one event; the counts say how much there is. Receivers may refuse what is larger than 64 kB. */
const MOST = { pipes: 50, findings: 3, text: 300 }
/** The rule of the finding of a batch that was not looked at: its breaker was told of when it opened. */
const BREAKER = 'breaker'

/** A change of a data breaker, with whose it is. */
export interface BreakerMove {
  readonly dataset: string
  readonly pipe: string
  /** RFC 3339 */
  readonly at: string
  readonly from: string
  readonly to: string
  readonly why: string
}

export interface RunMoves {
  readonly breakers: readonly BreakerMove[]
  readonly freshness: readonly FreshnessMove[]
}

/** What is worth telling of a run that has a record: at most one event of a type for a dataset, however many pipes it has. Pure. */
export function runEvents(
  record: Pick<RunRecord, 'status' | 'datasets' | 'pipes' | 'sources'>,
  { breakers, freshness }: RunMoves,
  moment: EventMoment,
): CloudEvent[] {
  return [
    ...record.datasets.flatMap(dataset => gateEvent(dataset, record.pipes, moment)),
    ...[...groupBy(breakers, ({ dataset }) => dataset)].map(([dataset, moves]) => breakerEvent(dataset, moves, moment)),
    ...freshness.map(move => freshnessEvent(move, moment)),
    ...(record.status === 'failed' ? [unansweredEvent(record, moment)] : []),
  ]
}

/** A run that ended in an error, and so has no record. */
export function failureEvent(
  { code, kind, message, next }: Pick<SluiceError, 'code' | 'kind' | 'message' | 'next'>,
  moment: EventMoment,
): CloudEvent {
  return cloudEvent(moment, 'sluice.run.failed', moment.runId, { code, kind, message: cut(message), next: cut(next) })
}

function gateEvent(record: DatasetRecord, all: readonly PipeRecord[], moment: EventMoment): CloudEvent[] {
  const failing = all.filter(
    ({ dataset, verdict, findings = [] }) =>
      dataset === record.dataset && verdict === 'fail' && findings.some(({ rule }) => rule !== BREAKER),
  )
  const own = record.findings.filter(({ severity }) => severity !== 'warn')
  if (record.verdict !== 'fail' || failing.length + own.length === 0) return []
  const subject = qualified(record.dataset)
  const data = {
    dataset: subject,
    published_all_the_same: record.breach_allowed,
    findings: own.slice(0, MOST.findings).map(findingOf),
    pipes_failing: failing.length,
    pipes: failing.slice(0, MOST.pipes).map(({ pipe, in: rowsIn, held, quarantined, findings = [] }) => ({
      ...{ pipe, in: rowsIn, held, quarantined },
      findings: findings.slice(0, MOST.findings).map(findingOf),
    })),
  }
  return [cloudEvent(moment, 'sluice.gate.failed', subject, data)]
}

function findingOf({ rule, severity, text }: FindingRecord): FindingRecord {
  return { rule, severity, text: cut(text) }
}

function breakerEvent(dataset: string, moves: readonly BreakerMove[], moment: EventMoment): CloudEvent {
  const subject = qualified(dataset)
  const changes = moves
    .slice(0, MOST.pipes)
    .map(({ pipe, at, from, to, why }) => ({ pipe, at, from, to, why: cut(why) }))
  return cloudEvent(moment, 'sluice.breaker.changed', subject, { dataset: subject, changed: moves.length, changes })
}

function freshnessEvent({ dataset, to, since, pipes, why }: FreshnessMove, moment: EventMoment): CloudEvent {
  if (to === 'fresh') return cloudEvent(moment, 'sluice.dataset.fresh', dataset, { dataset, stale_since: since })
  const data = { dataset, why: cut(why), pipes_stale: pipes.length, pipes: pipes.slice(0, MOST.pipes) }
  return cloudEvent(moment, 'sluice.dataset.stale', dataset, data)
}

function unansweredEvent({ sources = [] }: Pick<RunRecord, 'sources'>, moment: EventMoment): CloudEvent {
  const failed = sources.filter(({ state }) => state === 'failed' || state === 'not finished')
  const [first] = failed
  const message = first === undefined ? 'no provider answered' : `${first.pipe}: ${first.meaning}: ${first.why}`
  const data = { code: null, kind: 'unavailable', message: cut(message), pipes_failed: failed.length }
  return cloudEvent(moment, 'sluice.run.failed', moment.runId, data)
}

/** A dataset of pipes is named by itself in a record, one of a model as SQL names it. */
function qualified(dataset: string): string {
  return dataset.includes('.') ? dataset : `silver.${dataset}`
}

function cut(text: string): string {
  return text.length > MOST.text ? `${text.slice(0, MOST.text)}…` : text
}
