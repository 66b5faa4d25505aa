import type { Contract } from '../../contract/contract.js'
import { groupBy } from '../../core/group-by.js'
import { type BatchProfile, type Finding, isOfPipe, judge, type Verdict } from '../../quality/gate.js'
import type { Admission, BatchJudgement } from '../../quality/pipe-breaker.js'
import { countOf, type Tally } from '../../silver/count-batch.js'
import type { Fetched } from '../fetch/fetched.js'
import type { Hold } from '../holding/hold-book.js'

/** Why a capture is held; `batch` where it was held before. */
export type HoldReason = Pick<Hold, 'by' | 'why' | 'batch'>

/** Of a batch that a person released: who, and by which decision. */
export interface ReleasedBy {
  readonly by: string
  readonly decision: string
}

/**
 * Captures of a pipe that are judged together. What had waited is not mixed with what is new, nor with what was held by another run. A
 * `released` one passes whatever its gate says.
 */
export interface PipeBatch {
  readonly pipe: string
  readonly captures: readonly string[]
  readonly is: 'batch' | 'probe' | 'waiting' | 'released'
  /** Names the batch that was held before. */
  readonly held?: string | undefined
  readonly released?: ReleasedBy | undefined
}

/** The figures of batch checks, by check id, in the order of the batches. */
export type BatchFigures = readonly BatchProfile['checks'][]

export interface PipesJudged {
  readonly verdicts: ReadonlyMap<string, Verdict>
  /** Captures that do not pass, with why. */
  readonly reasons: ReadonlyMap<string, HoldReason>
  readonly judgements: ReadonlyMap<string, BatchJudgement>
}

/** What is known of captures before they are judged. */
export interface KnownBefore {
  admission(pipe: string): Admission
  /** The hold that a capture is in. */
  holdOf(captureId: string): Hold | undefined
  releasedBy(captureId: string): ReleasedBy | undefined
}

/** The batches of the pipes of a dataset. Of a pipe that probes, what is new is the probe, or else what was held last. */
export function batchesOf(fetched: readonly Fetched[], { admission, holdOf, releasedBy }: KnownBefore): PipeBatch[] {
  return [...groupBy(fetched, capture => capture.pipe.name)].flatMap(([pipe, own]) => {
    const captures = [...new Set(own.map(({ id }) => id))]
    const parts = captures.map(id => ({ id, hold: holdOf(id), released: releasedBy(id) }))
    const groups = groupBy(parts, ({ hold, released }) => JSON.stringify([released?.decision, hold && heldBatch(hold)]))
    const heldAt = ([first]: typeof parts): string => first?.hold?.held_at ?? '~'
    const ordered = [...groups.values()].sort((a, b) => (heldAt(a) < heldAt(b) ? 1 : heldAt(a) > heldAt(b) ? -1 : 0))
    const first = ordered.findIndex(([part]) => part!.released === undefined)
    return ordered.map((group, at): PipeBatch => {
      const [{ hold, released }] = group as [(typeof parts)[number]]
      const lead = admission(pipe) === 'probe' ? 'probe' : 'batch'
      const is = released !== undefined ? 'released' : at === first ? lead : 'waiting'
      return { pipe, captures: group.map(({ id }) => id), is, held: hold && heldBatch(hold), released }
    })
  })
}

/** A batch that is held again and again is one batch still. */
export function heldBatch({ id, batch }: Hold): string {
  return batch ?? id
}

/** The gate of each batch. When a probe fails, what waits for it goes on waiting. Pure. */
export function judgePipes(
  contract: Contract,
  tally: Tally,
  batches: readonly PipeBatch[],
  figures: BatchFigures,
): PipesJudged {
  const judged = batches.map((batch, at) => {
    const profile = { ...profileOf(tally, batch.captures, figures[at] ?? {}), of: 'pipe' as const }
    return { batch, verdict: releasedVerdict(judge(profile, contract), batch.released) }
  })
  const reasons = new Map<string, HoldReason>()
  const verdicts = new Map<string, Verdict>()
  const judgements = new Map<string, BatchJudgement>()
  for (const [pipe, own] of groupBy(judged, ({ batch }) => batch.pipe)) {
    const bound = own.filter(({ batch }) => batch.is !== 'released')
    verdicts.set(pipe, worst([...bound, ...own].map(({ verdict }) => verdict)))
    judgements.set(pipe, judgementOfPipe(bound))
    const probe = bound.find(({ batch, verdict }) => batch.is === 'probe' && verdict.verdict === 'fail')
    for (const { batch, verdict } of bound) {
      const waits = probe !== undefined && batch.is === 'waiting'
      if (!waits && verdict.verdict !== 'fail') continue
      const by = waits ? ('breaker' as const) : ('gate' as const)
      const why = waits ? `the probe failed: ${textOf(probe.verdict)}` : textOf(verdict)
      for (const id of batch.captures) reasons.set(id, holdReason(by, why, batch.held))
    }
  }
  return { verdicts, reasons, judgements }
}

export function holdReason(by: HoldReason['by'], why: string, batch: string | undefined): HoldReason {
  return { by, why, ...(batch !== undefined && { batch }) }
}

/** The same with who let it pass beside every limit that it broke. */
export function releasedVerdict(verdict: Verdict, released: ReleasedBy | undefined): Verdict {
  if (released === undefined) return verdict
  return { ...verdict, findings: verdict.findings.map(finding => ({ ...finding, releasedBy: released.by })) }
}

/** A probe speaks for its pipe; else the first batch that failed does. */
function judgementOfPipe(judged: readonly { readonly batch: PipeBatch; readonly verdict: Verdict }[]): BatchJudgement {
  const probe = judged.find(({ batch }) => batch.is === 'probe')
  const failed = judged.find(({ verdict }) => verdict.verdict === 'fail')
  const speaks = probe ?? failed ?? judged[0]
  return speaks === undefined ? { outcome: 'none' } : judgementOf(speaks.verdict)
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
