import type { BreakerTerms } from '../contract/contract.js'
import { isoTime } from '../core/clock.js'
import type { Random } from '../core/random.js'

/**
 * The data breaker of one pipe and dataset. Closed, its batches go to the gate. Open, they are held unseen. When the cool-down is over
 * one run takes it half open, and its batch is the probe: that closes it, or opens it for longer.
 */
export interface PipeBreaker {
  readonly state: BreakerState
  /** Failed batches in a row that did not open it. */
  readonly strikes: number
  /** How often it opened without closing in between. */
  readonly openings: number
  readonly why: string
  /** From then on a run may probe; of one that is not closed. */
  readonly openUntilMs?: number
  /** The run that probes; another may take over after `untilMs`. */
  readonly probe?: { readonly runId: string; readonly untilMs: number }
  /** The run that said last how a batch was, and the changes that it made: said again, it changes nothing. */
  readonly judgedBy?: string
  readonly changes: readonly BreakerChange[]
  /** Of its last change; none has the time of another, so that their order is that of their times. */
  readonly changedMs?: number
}

export type BreakerState = 'closed' | 'open' | 'half_open'

export interface BreakerChange {
  readonly at: string
  readonly from: BreakerState
  readonly to: BreakerState
  readonly why: string
  readonly run_id: string
}

/** What a run does with the batch of a pipe. */
export type Admission = 'pass' | 'hold' | 'probe'

/** How the batch of a pipe was. `none`: none came, or what failed was not of this pipe alone. */
export type BatchJudgement =
  | { readonly outcome: 'passed' | 'none' }
  /** `rows`: the most rows that broke one limit. `trips`: a test of severity `breaker` failed. */
  | { readonly outcome: 'failed'; readonly rows: number; readonly trips: boolean; readonly why: string }

export const BREAKER_DEFAULTS: BreakerTerms = { failures: 3, coolDownMs: 3_600_000, longestMs: 86_400_000 }

/** A probe that is not heard of for so long is taken for lost. */
export const PROBE_MS = 3_600_000
/** Cool-downs are up to so much longer, so that a thousand pipes of one provider do not probe at once. */
const JITTER = 0.2

export interface BreakerMoment {
  readonly runId: string
  readonly nowMs: number
  readonly random: Random
  readonly terms: BreakerTerms
}

const CLOSED: PipeBreaker = { state: 'closed', strikes: 0, openings: 0, why: '', changes: [] }

/** Whether the batch of a run may be looked at. A run that begins to probe changes the breaker; a repeated one goes on with its probe. */
export function admit(
  breaker: PipeBreaker | undefined,
  { runId, nowMs }: Pick<BreakerMoment, 'runId' | 'nowMs'>,
): { readonly admission: Admission; readonly breaker: PipeBreaker | undefined } {
  if (breaker === undefined || breaker.state === 'closed') return { admission: 'pass', breaker }
  const { state, probe, openUntilMs = 0 } = breaker
  if (probe?.runId === runId) return { admission: 'probe', breaker }
  const isFree = state === 'open' ? nowMs >= openUntilMs : nowMs >= (probe?.untilMs ?? 0)
  if (!isFree) return { admission: 'hold', breaker }
  const why = state === 'open' ? 'the cool-down is over' : `the probe of run ${probe?.runId} was not heard of`
  const next = moved(breaker, 'half_open', why, { runId, nowMs })
  return { admission: 'probe', breaker: { ...next, probe: { runId, untilMs: nowMs + PROBE_MS } } }
}

/**
 * The breaker after a batch. More than one row in error opens a closed one; one alone is an outlier, and opens it only when batch after
 * batch has one. Said twice for a run, it is the same.
 */
export function afterBatch(
  breaker: PipeBreaker | undefined,
  admission: Admission,
  judgement: BatchJudgement,
  moment: BreakerMoment,
): PipeBreaker | undefined {
  if (admission === 'hold' || breaker?.judgedBy === moment.runId) return breaker
  if (admission === 'probe') return afterProbe(breaker, judgement, moment)
  // Another run has opened it meanwhile, and this one knew nothing of it.
  if (breaker !== undefined && breaker.state !== 'closed') return breaker
  const known = breaker ?? CLOSED
  if (judgement.outcome !== 'failed') {
    const isBetter = judgement.outcome === 'passed' && known.strikes > 0
    return isBetter ? { ...known, strikes: 0, ...judgedBy(moment) } : breaker
  }
  const strikes = known.strikes + 1
  const opens = judgement.trips || judgement.rows > 1 || strikes >= moment.terms.failures
  if (opens) return { ...opened(known, judgement.why, moment), judgedBy: moment.runId }
  return { ...known, strikes, why: judgement.why, ...judgedBy(moment) }
}

function afterProbe(
  breaker: PipeBreaker | undefined,
  judgement: BatchJudgement,
  moment: BreakerMoment,
): PipeBreaker | undefined {
  // Reset by a person, or taken over by another run.
  if (breaker?.probe?.runId !== moment.runId) return breaker
  const { probe: _, ...known } = breaker
  switch (judgement.outcome) {
    case 'passed':
      return { ...closed(known, 'the probe passed', moment), judgedBy: moment.runId }
    case 'failed':
      return { ...opened(known, judgement.why, moment), judgedBy: moment.runId }
    case 'none': {
      const next = moved(known, 'open', 'the probe brought nothing to judge', moment)
      return { ...next, openUntilMs: moment.nowMs, judgedBy: moment.runId }
    }
  }
}

/** Opens a breaker by hand; one that is open stays open for as long as if it opened now. */
export function trip(breaker: PipeBreaker | undefined, why: string, moment: BreakerMoment): PipeBreaker {
  const { probe: _, ...known } = breaker ?? CLOSED
  // Who opens it again says that it is to stay open, not that the pipe failed once more.
  const openings = known.state === 'closed' ? known.openings : known.openings - 1
  return opened({ ...known, openings }, why, moment)
}

/** Closes a breaker by hand. */
export function reset(breaker: PipeBreaker, why: string, moment: Pick<BreakerMoment, 'runId' | 'nowMs'>): PipeBreaker {
  const { probe: _, ...known } = breaker
  return closed(known, why, moment)
}

/** When a breaker may be probed, in words. */
export function untilText({ state, openUntilMs, probe }: PipeBreaker): string {
  if (state === 'half_open') return `while run ${probe?.runId} probes`
  return openUntilMs === undefined ? '' : `until ${isoTime(openUntilMs)}`
}

function opened(breaker: PipeBreaker, why: string, moment: BreakerMoment): PipeBreaker {
  const { terms, nowMs, random } = moment
  const openings = breaker.openings + 1
  // Far beyond any longest cool-down, and still a number.
  const coolDownMs = Math.min(terms.longestMs, terms.coolDownMs * 2 ** Math.min(openings - 1, 40))
  const openUntilMs = nowMs + Math.round(coolDownMs * (1 + JITTER * random()))
  return { ...moved(breaker, 'open', why, moment), strikes: 0, openings, why, openUntilMs }
}

function closed(breaker: PipeBreaker, why: string, moment: Pick<BreakerMoment, 'runId' | 'nowMs'>): PipeBreaker {
  const { openUntilMs: _, ...rest } = moved(breaker, 'closed', why, moment)
  return { ...rest, strikes: 0, openings: 0, why }
}

function moved(
  breaker: PipeBreaker,
  to: BreakerState,
  why: string,
  { runId, nowMs }: Pick<BreakerMoment, 'runId' | 'nowMs'>,
): PipeBreaker {
  const own = breaker.changes.filter(change => change.run_id === runId)
  const changedMs = Math.max(nowMs, (breaker.changedMs ?? Number.NEGATIVE_INFINITY) + 1)
  return {
    ...breaker,
    state: to,
    changedMs,
    changes: [...own, { at: isoTime(changedMs), from: breaker.state, to, why, run_id: runId }],
  }
}

function judgedBy({ runId }: BreakerMoment): Pick<PipeBreaker, 'judgedBy' | 'changes'> {
  return { judgedBy: runId, changes: [] }
}
