import { isoTime } from '../../core/clock.js'
import { groupBy } from '../../core/group-by.js'
import { formatInterval, type Interval } from '../../core/interval.js'
import { recallPlans } from '../holding/recall-captures.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import type { SourceRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import type { DatasetOutcome } from '../settle/settle-dataset.js'
import type { PipeAsked } from './ask-providers.js'
import { fetchSources, NO_ANSWERS, type SourcesFetched } from './fetch-sources.js'
import { type Lease, openLeases } from './leases.js'
import { type Asking, isLandedNow, keyOfPipe, notePublished, type PublishedNote, waitingIn } from './pipe-book.js'
import { planSources, type SourcePlan } from './plan-sources.js'
import type { AskingPipe } from './requests.js'
import { openPipeBooks, type PipeBooks, type Sharing } from './source-states.js'

/** The pipes of a run that ask providers, from the lease to the note that their records are published. */
export interface SourceStage {
  readonly plans: readonly SourcePlan[]
  fetch(): Promise<SourcesFetched>
  /** Notes what was published, held back, or held no record; gives what the run record says of each pipe. */
  finish(datasets: readonly DatasetOutcome[]): Promise<SourceRecord[]>
  /** Ends the leases of the run. */
  release(): Promise<void>
}

/** A run that has no such pipe. */
export const NO_SOURCES: SourceStage = {
  plans: [],
  fetch: async () => NO_ANSWERS,
  finish: async () => [],
  release: async () => undefined,
}

/** So much longer than the fetching may the rest of a run take before others take it for dead; on one machine they know. */
const LEASE_MARGIN_MS = 3_600_000

/** Takes the leases of pipes and plans what they ask. A dry run takes none: it only says what would be asked. */
export async function openSourceStage(
  pipes: readonly AskingPipe[],
  run: Omit<RunContext, 'inputHash'>,
): Promise<SourceStage> {
  if (pipes.length === 0) return NO_SOURCES
  const { deps, options, workspace, project, runId, wallClock } = run
  const sharing: Sharing = { store: workspace.lake.store, wait: deps.wait, random: deps.random }
  const books = openPipeBooks(
    pipes.map(({ provider }) => provider.name),
    sharing,
  )
  const leases = openLeases(sharing)
  const nowMs = wallClock.now()
  const untilMs = nowMs + project.config.fetch.deadlineMs + LEASE_MARGIN_MS
  const { deadlineMs } = project.config.fetch
  const held = options.dryRun
    ? new Map<string, Lease>()
    : await leases.take(
        pipes.map(({ key }) => key),
        runId,
        { nowMs, untilMs },
      )
  const own = pipes.filter(({ key }) => !held.has(key))
  const named = options.select.length > 0
  const past = options.backfill !== undefined
  const asking: Asking = past ? 'past' : 'due'
  const all = await planSources(own, books, { clock: deps.clock, named, only: options.interval, past })
  const planned = past ? all.map(plan => withinInterval(plan, options.interval)) : all
  const plans = run.recall === undefined ? planned : recallPlans(planned, run.recall.captures)
  const total = plans.reduce((sum, { plan }) => sum + plan.asks.length, 0)
  let fetched = NO_ANSWERS
  return {
    plans,
    async fetch() {
      fetched = await fetchSources(plans, {
        ...{ project, runId, books, sharing, deps },
        lake: workspace.lake,
        spool: workspace.spool,
        lands: ({ pipe }, capture) => {
          const admission = run.holding.admission(pipe.contract, pipe.name)
          const contractHash = contractNamed(project.contracts, pipe.contract).hash
          return isLandedNow(capture, { admission, contractHash, retryHeld: named || options.allowDqBreach })
        },
        wallClock,
        endsAtMs: wallClock.now() + deadlineMs,
        signal: options.signal,
        asking,
        onAnswered: done => options.onProgress?.({ step: 'ask', detail: `${plans.length} pipes`, done, total }),
      })
      return fetched
    },
    async finish(datasets) {
      const silent = await noteResults(plans, fetched, datasets, { books, asking, runId, nowMs: deps.clock.now() })
      const leased = pipes.filter(({ key }) => held.has(key)).map(from => leasedRecord(from, held.get(from.key)!))
      const asked = new Map(fetched.asked.map(pipe => [pipe.from.key, pipe]))
      const kept = wallClock.now() < untilMs || options.dryRun ? undefined : await leases.kept(runId)
      const lost = { lease_lost_at: isoTime(untilMs) }
      const records = plans.map(plan => ({
        ...sourceRecord(plan, asked.get(plan.from.key), silent),
        ...(kept !== undefined && !kept.has(plan.from.key) && lost),
      }))
      return [...records, ...leased]
    },
    release: () => (options.dryRun ? Promise.resolve() : leases.release(runId)),
  }
}

/** What waits of another time is left to whoever asked for it. */
function withinInterval(plan: SourcePlan, only: Interval | undefined): SourcePlan {
  const { entry } = plan
  if (entry?.waiting === undefined || only === undefined) return plan
  return { ...plan, entry: { ...entry, waiting: waitingIn(entry, only) } }
}

interface Noting {
  readonly books: PipeBooks
  readonly asking: Asking
  readonly runId: string
  readonly nowMs: number
}

/** Gives the pipes in whose answers no record was found. */
async function noteResults(
  plans: readonly SourcePlan[],
  { groups, asked }: SourcesFetched,
  datasets: readonly DatasetOutcome[],
  { books, asking, runId, nowMs }: Noting,
): Promise<ReadonlySet<string>> {
  const captures = groupBy(
    groups.flatMap(({ fetched }) => fetched),
    ({ pipe }) => pipe.name,
  )
  const outcomes = new Map(datasets.map(outcome => [outcome.contract.dataset, outcome]))
  const silentPipes = new Set<string>()
  const touched = new Set([
    ...asked.map(({ from }) => from.key),
    ...groups.flatMap(({ fetched }) => fetched.map(({ pipe }) => keyOfPipe(pipe))),
  ])
  const concerned = plans.filter(({ from }) => touched.has(from.key))
  for (const [provider, own] of groupBy(concerned, ({ from }) => from.provider.name)) {
    const notes = own.map(({ from: { key, pipe, source } }): PublishedNote => {
      const outcome = outcomes.get(pipe.contract)
      const ids = (captures.get(pipe.name) ?? []).map(({ id }) => id)
      const none = { published: [], held: [], shut: [], silent: [], contractHash: '' }
      if (outcome === undefined) return { key, atMs: nowMs, ...none }
      const mayBeSilent = pipe.empty === 'allow' || source.mayHoldNone === true
      const silent = mayBeSilent ? [] : ids.filter(id => (outcome.records.get(id) ?? 0) === 0)
      const mute = new Set(silent)
      if (silent.length > 0) silentPipes.add(key)
      const full = ids.filter(id => !mute.has(id))
      return {
        key,
        atMs: nowMs,
        published: full.filter(id => !outcome.held.has(id)),
        held: full.filter(id => outcome.held.has(id)),
        shut: full.filter(id => outcome.reasons.get(id)?.by === 'breaker'),
        contractHash: outcome.contract.hash,
        silent,
      }
    })
    await books
      .get(provider)!
      .change(book => ({ value: notePublished(book, notes, { asking, runId }), result: undefined }))
  }
  return silentPipes
}

function sourceRecord(
  { from, plan, entry }: SourcePlan,
  asked: PipeAsked | undefined,
  silent: ReadonlySet<string>,
): SourceRecord {
  const base = baseOf(from)
  if (asked === undefined) {
    const again = plan.idle === 'waiting after a failure' ? entry?.failure?.againMs : undefined
    const state = plan.idle ?? 'not due'
    return { ...base, ...NOTHING_ASKED, state, ...(again !== undefined && { again_at: isoTime(again) }) }
  }
  const { requests, credits, bytes, repeated, failure } = asked
  const intervals = plan.asks.flatMap(({ interval }) => (interval === undefined ? [] : [formatInterval(interval)]))
  const figures = { ...base, intervals, requests, credits, bytes, repeated }
  if (failure !== undefined) {
    const { meaning, why, againMs } = failure
    const state = meaning === 'not_finished' ? ('not finished' as const) : ('failed' as const)
    return { ...figures, state, meaning, why, ...(againMs !== undefined && { again_at: isoTime(againMs) }) }
  }
  if (silent.has(from.key))
    return { ...figures, state: 'failed', meaning: 'mismatch', why: 'an answer came in which no record was found' }
  return { ...figures, state: 'answered' }
}

const NOTHING_ASKED = { intervals: [], requests: 0, credits: 0, bytes: 0, repeated: 0 } as const

function baseOf({ pipe, provider }: AskingPipe): Pick<SourceRecord, 'pipe' | 'source' | 'provider' | 'dataset'> {
  return { pipe: pipe.name, source: pipe.source, provider: provider.name, dataset: pipe.contract }
}

function leasedRecord(from: AskingPipe, { runId }: Lease): SourceRecord {
  return { ...baseOf(from), ...NOTHING_ASKED, state: 'leased', why: `the run ${runId} has this pipe now` }
}

/** Whether something of a pipe is still to be done that this run should have done. */
export function isUndone({ state }: SourceRecord): boolean {
  return state === 'failed' || state === 'not finished'
}
