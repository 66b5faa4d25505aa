import type { Contract } from '../contract/contract.js'
import { groupBy } from '../core/group-by.js'
import { type BatchProfile, type Finding, isOfPipe, judge, type Verdict } from '../quality/gate.js'
import type { Admission, BatchJudgement } from '../quality/pipe-breaker.js'
import { countOf, type Tally } from '../silver/count-batch.js'
import type { Fetched } from './fetch/fetched.js'
import type { Hold } from './holding/hold-book.js'

/** Why a capture is held. */
export type HoldReason = Pick<Hold, 'by' | 'why'>

/** Captures of a pipe that are judged together. A probe is one batch, what had waited for it another. */
export interface PipeBatch {
  readonly pipe: string
  readonly captures: readonly string[]
  readonly is: 'batch' | 'probe' | 'waiting'
}

/** The figures of batch checks, by check id, in the order of the batches. */
export type BatchFigures = readonly BatchProfile['checks'][]

export interface PipesJudged {
  readonly verdicts: ReadonlyMap<string, Verdict>
  /** Captures that do not pass, with why. */
  readonly reasons: ReadonlyMap<string, HoldReason>
  readonly judgements: ReadonlyMap<string, BatchJudgement>
}

/** The batches of the pipes of a dataset. Of a pipe that probes, what was not held before is the probe; what was, if there is nothing else. */
export function batchesOf(
  fetched: readonly Fetched[],
  admission: (pipe: string) => Admission,
  wasHeld: (captureId: string) => boolean,
): PipeBatch[] {
  return [...groupBy(fetched, capture => capture.pipe.name)].flatMap(([pipe, own]): PipeBatch[] => {
    const captures = [...new Set(own.map(({ id }) => id))]
    if (admission(pipe) !== 'probe') return [{ pipe, captures, is: 'batch' }]
    const waiting = captures.filter(wasHeld)
    if (waiting.length === 0 || waiting.length === captures.length) return [{ pipe, captures, is: 'probe' }]
    const fresh = captures.filter(id => !wasHeld(id))
    return [
      { pipe, captures: fresh, is: 'probe' },
      { pipe, captures: waiting, is: 'waiting' },
    ]
  })
}

/** The gate of each batch. When a probe fails, what waits for it goes on waiting. Pure. */
export function judgePipes(
  contract: Contract,
  tally: Tally,
  batches: readonly PipeBatch[],
  figures: BatchFigures,
): PipesJudged {
  const judged = batches.map((batch, at) => ({
    batch,
    verdict: judge({ ...profileOf(tally, batch.captures, figures[at] ?? {}), of: 'pipe' }, contract),
  }))
  const reasons = new Map<string, HoldReason>()
  const verdicts = new Map<string, Verdict>()
  const judgements = new Map<string, BatchJudgement>()
  for (const [pipe, own] of groupBy(judged, ({ batch }) => batch.pipe)) {
    const [first, rest] = own
    verdicts.set(pipe, worst(own.map(({ verdict }) => verdict)))
    judgements.set(pipe, judgementOf(first!.verdict))
    for (const { batch, verdict } of own) {
      const failed = verdict.verdict === 'fail'
      const waits = batch === rest?.batch && first!.verdict.verdict === 'fail'
      if (!failed && !waits) continue
      const reason: HoldReason = waits
        ? { by: 'breaker', why: `the probe failed: ${textOf(first!.verdict)}` }
        : { by: 'gate', why: textOf(verdict) }
      for (const id of batch.captures) reasons.set(id, reason)
    }
  }
  return { verdicts, reasons, judgements }
}

/** What a verdict on the whole dataset says of its pipes: of the only one, that it failed; of one among others, nothing. */
export function judgedTogether(verdict: Verdict, pipes: readonly string[]): Map<string, BatchJudgement> {
  const judgement = pipes.length === 1 ? judgementOf(verdict) : ({ outcome: 'none' } as const)
  return new Map(pipes.map(pipe => [pipe, judgement]))
}

/** What a breaker learns from a verdict. A test of severity `hold` says that a person should look, not that the pipe is broken. */
function judgementOf(verdict: Verdict): BatchJudgement {
  if (verdict.verdict !== 'fail') return { outcome: 'passed' }
  const counted = verdict.findings.filter(({ severity }) => severity === 'error' || severity === 'breaker')
  if (counted.length === 0) return { outcome: 'none' }
  return {
    outcome: 'failed',
    rows: Math.max(...counted.map(rowsOf)),
    trips: counted.some(({ severity }) => severity === 'breaker'),
    why: textOf(verdict),
  }
}

/** A figure of a batch may be what it is because of one row. */
function rowsOf({ of, failed }: Finding): number {
  return of === 'rows' ? failed : 1
}

export function textOf({ findings }: Verdict): string {
  return findings
    .filter(({ severity }) => severity !== 'warn')
    .map(({ text }) => text)
    .join('; ')
}

export function worst(verdicts: readonly Verdict[]): Verdict {
  const found = (word: Verdict['verdict']): Verdict | undefined => verdicts.find(({ verdict }) => verdict === word)
  return found('fail') ?? found('warn') ?? verdicts[0]!
}

/** What a gate looks at of some captures. */
export function profileOf(tally: Tally, captures: readonly string[], checks: BatchProfile['checks']): BatchProfile {
  const broken: Record<string, number> = {}
  let rowsIn = 0
  let quarantined = 0
  for (const id of captures) {
    const count = countOf(tally, id)
    rowsIn += count.accepted + count.duplicate + count.quarantined + count.notFinal
    quarantined += count.quarantined
    for (const [rule, rows] of tally.rules.get(id) ?? []) broken[rule] = (broken[rule] ?? 0) + rows
  }
  return { rowsIn, quarantined, broken, checks }
}

/** Whether a contract has checks that look at each pipe by itself. */
export function hasPipeChecks({ checks }: Contract): boolean {
  return checks.some(isOfPipe)
}
