import { isoTime } from '../../core/clock.js'
import { groupBy } from '../../core/group-by.js'
import {
  type Admission,
  admit,
  afterBatch,
  type BatchJudgement,
  type BreakerChange,
  untilText,
} from '../../quality/pipe-breaker.js'
import type { Pipe } from '../../sources/pipe.js'
import type { Fetched } from '../fetch/fetched.js'
import type { Sharing } from '../fetch/source-states.js'
import type { RunContext } from '../run-context.js'
import type { DatasetOutcome } from '../settle/settle-dataset.js'
import { type BreakerBook, breakerKey, breakerTerms, openPipeBreakers, withBreakers } from './breaker-book.js'
import { type Hold, heldNow, holdId, noteHolds, openHolds } from './hold-book.js'

/** A change of a breaker, with whose it is. */
export interface BreakerRecord extends BreakerChange {
  readonly dataset: string
  readonly pipe: string
}

export interface HoldsSettled {
  readonly breakers: readonly BreakerRecord[]
  /** What this run held. */
  readonly holds: readonly Hold[]
}

/** What keeps batches of a run back, and the note of what was kept. */
export interface HoldStage {
  /** Asks the breakers of the pipes that this run works on. Call it before anything is fetched. */
  admit(pipes: readonly Pipe[]): Promise<void>
  /** `pass` for a pipe that was not asked about. */
  admission(dataset: string, pipe: string): Admission
  /** Why a batch is held unseen. */
  why(dataset: string, pipe: string): string
  /** The hold that a capture was in when the run began. */
  holdOf(dataset: string, captureId: string): Hold | undefined
  /** What breakers held of pipes that read files, and that may be looked at now. */
  due(pipes: readonly Pipe[]): readonly Hold[]
  /** Notes how the batches were and what is held now. Call it when silver is committed; twice is as once. */
  settle(datasets: readonly DatasetOutcome[], fetched: readonly Fetched[]): Promise<HoldsSettled>
  /** Gives back the probes of a run that did not come to its end. */
  close(): Promise<void>
}

const NOTHING: HoldsSettled = { breakers: [], holds: [] }

/** Of a run that neither asks breakers nor notes holds: a dry one. */
export const NO_HOLDS: HoldStage = {
  admit: async () => undefined,
  admission: () => 'pass',
  why: () => '',
  holdOf: () => undefined,
  due: () => [],
  settle: async () => NOTHING,
  close: async () => undefined,
}

/**
 * The holding of a run. One that a person told what to publish, by `--allow-dq-breach`, a file by name or a decision about holds, asks no
 * breaker and moves none. A backfill asks them, and moves none: what is wrong with the past says nothing of the pipe as it is.
 */
export function openHoldStage(
  run: Pick<RunContext, 'project' | 'options' | 'deps' | 'workspace' | 'runId' | 'recall'>,
): HoldStage {
  const { project, options, deps, workspace, runId, recall } = run
  if (options.dryRun) return NO_HOLDS
  const sharing: Sharing = { store: workspace.lake.store, wait: deps.wait, random: deps.random }
  const breakers = openPipeBreakers(sharing)
  const holds = openHolds(sharing)
  const asksBreakers = !options.allowDqBreach && options.input.length === 0 && recall === undefined
  const admissions = new Map<
    string,
    { readonly dataset: string; readonly pipe: string; admission: Admission; why: string }
  >()
  let held: readonly Hold[] = []
  let heldCaptures = new Map<string, ReadonlyMap<string, Hold>>()
  let settled = false

  const moment = (dataset: string) => ({
    runId,
    nowMs: deps.clock.now(),
    random: deps.random,
    terms: breakerTerms(project, dataset),
  })

  async function admitAll(pipes: readonly Pipe[]): Promise<void> {
    held = heldNow(await holds.read(), runId)
    heldCaptures = capturesOf(held)
    if (!asksBreakers || pipes.length === 0) return
    if (options.backfill !== undefined) return heedBreakers(pipes)
    await breakers.change(book => {
      admissions.clear()
      const entries = pipes.flatMap(({ name: pipe, contract: dataset }) => {
        const known = book[breakerKey(dataset, pipe)]
        const asked = admit(known?.breaker, moment(dataset))
        const { admission, breaker } = asked
        const why = breaker === undefined ? '' : `the breaker of ${pipe} is open ${untilText(breaker)}: ${breaker.why}`
        admissions.set(breakerKey(dataset, pipe), { dataset, pipe, admission, why })
        return breaker === undefined ? [] : [{ dataset, pipe, breaker }]
      })
      return { value: withBreakers(book, entries), result: undefined }
    })
  }

  /** One that is not closed holds everything: its probe is a batch of the present. */
  async function heedBreakers(pipes: readonly Pipe[]): Promise<void> {
    const book = await breakers.read()
    for (const { name: pipe, contract: dataset } of pipes) {
      const breaker = book[breakerKey(dataset, pipe)]?.breaker
      if (breaker === undefined || breaker.state === 'closed') continue
      const why = `the breaker of ${pipe} is open ${untilText(breaker)}: ${breaker.why}`
      admissions.set(breakerKey(dataset, pipe), { dataset, pipe, admission: 'hold', why })
    }
  }

  async function settleBreakers(judgements: ReadonlyMap<string, BatchJudgement>): Promise<BreakerRecord[]> {
    const isConcerned = ([key, { admission }]: readonly [string, { admission: Admission }]): boolean =>
      admission === 'probe' || judgements.has(key)
    const concerned = [...admissions].filter(isConcerned)
    if (concerned.length === 0 || options.backfill !== undefined) return []
    return breakers.change(book => {
      const next = concerned.flatMap(([key, { dataset, pipe, admission }]) => {
        const judgement = judgements.get(key) ?? { outcome: 'none' as const }
        const breaker = afterBatch(book[key]?.breaker, admission, judgement, moment(dataset))
        return breaker === undefined ? [] : [{ dataset, pipe, breaker }]
      })
      return { value: withBreakers(book, next), result: changesOf(next, runId) }
    })
  }

  return {
    admit: admitAll,
    admission: (dataset, pipe) => admissions.get(breakerKey(dataset, pipe))?.admission ?? 'pass',
    why: (dataset, pipe) => admissions.get(breakerKey(dataset, pipe))?.why ?? '',
    holdOf: (dataset, captureId) => heldCaptures.get(dataset)?.get(captureId),
    due: pipes => {
      if (!asksBreakers) return []
      const open = pipes.filter(
        ({ name, contract }) => admissions.get(breakerKey(contract, name))?.admission !== 'hold',
      )
      const keys = new Set(open.map(({ name, contract }) => breakerKey(contract, name)))
      return held.filter(hold => hold.by === 'breaker' && keys.has(breakerKey(hold.dataset, hold.pipe)))
    },
    async settle(datasets, fetched) {
      settled = true
      const judgements = datasets.flatMap(({ contract: { dataset }, judgements: own }) =>
        [...own].map(([pipe, judgement]) => [breakerKey(dataset, pipe), judgement] as const),
      )
      const moved = await settleBreakers(new Map(judgements))
      const own = datasets.flatMap(outcome => holdsOf(outcome, fetched, { runId, heldAt: isoTime(deps.clock.now()) }))
      // A replay that fails again takes nothing out of silver: what was published before is not held now.
      const noted =
        recall === undefined
          ? own
          : own.filter(({ dataset, captures }) => captures.some(({ id }) => heldCaptures.get(dataset)?.has(id)))
      const free = datasets.map(outcome => ({ dataset: outcome.contract.dataset, captures: freeOf(outcome, fetched) }))
      await holds.change(book => ({ value: noteHolds(book, { runId, held: noted, settled: free }), result: undefined }))
      return { breakers: moved, holds: noted }
    },
    close: async () => {
      if (!settled) await settleBreakers(new Map())
    },
  }
}

/** What became of an entry in this run, in order. */
function changesOf(entries: readonly BreakerBook[string][], runId: string): BreakerRecord[] {
  return entries.flatMap(({ dataset, pipe, breaker }) =>
    breaker.changes.filter(change => change.run_id === runId).map(change => ({ dataset, pipe, ...change })),
  )
}

function holdsOf(
  { contract: { dataset }, held, reasons, tally }: DatasetOutcome,
  fetched: readonly Fetched[],
  { runId, heldAt }: { readonly runId: string; readonly heldAt: string },
): Hold[] {
  const captures = fetched.filter(({ id, pipe }) => pipe.contract === dataset && held.has(id))
  const byBatch = groupBy(captures, ({ id, pipe }) =>
    JSON.stringify([pipe.name, reasons.get(id)?.by, reasons.get(id)?.batch]),
  )
  return [...byBatch.values()].map(own => {
    const [first] = own
    const { by, why, batch } = reasons.get(first!.id) ?? { by: 'gate', why: '' }
    const whose = { dataset, pipe: first!.pipe.name, run_id: runId, by, ...(batch !== undefined && { batch }) }
    const unique = new Map(own.map(capture => [capture.id, capture]))
    return {
      id: holdId(whose),
      ...whose,
      held_at: heldAt,
      why,
      captures: [...unique.values()].map(({ id, receivedAtMs }) => ({
        id,
        received_at: isoTime(receivedAtMs),
        rows: tally.captures.get(id)?.accepted ?? 0,
      })),
    }
  })
}

function freeOf({ contract, held }: DatasetOutcome, fetched: readonly Fetched[]): ReadonlySet<string> {
  const own = fetched.filter(({ id, pipe }) => pipe.contract === contract.dataset && !held.has(id))
  return new Set(own.map(({ id }) => id))
}

function capturesOf(held: readonly Hold[]): Map<string, ReadonlyMap<string, Hold>> {
  const found = new Map<string, Map<string, Hold>>()
  for (const hold of held) {
    const known = found.get(hold.dataset) ?? new Map<string, Hold>()
    for (const { id } of hold.captures) known.set(id, hold)
    found.set(hold.dataset, known)
  }
  return found
}
