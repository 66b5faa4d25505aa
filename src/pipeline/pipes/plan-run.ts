import type { Contract } from '../../contract/contract.js'
import { isoTime } from '../../core/clock.js'
import type { SluiceError } from '../../core/errors.js'
import { formatInterval } from '../../core/interval.js'
import type { Overrun } from '../../finops/budget.js'
import { openQuotaLedger } from '../../sources/http/quota-ledger.js'
import type { Pipe } from '../../sources/pipe.js'
import { estimateOf, workOf } from '../cost/expect-usage.js'
import { budgetShort, overBudgetNow } from '../cost/hold-to-budget.js'
import { loadPricing } from '../cost/load-prices.js'
import { type Deps, systemDeps } from '../deps.js'
import { askingPipes, asksProvider } from '../fetch/asking-pipes.js'
import { creditsLeft, creditsOfCall, type Demand, demandsOf, quotaShort, secondsAtRate } from '../fetch/demand.js'
import { keyEnv } from '../fetch/key-env.js'
import { type Lease, openLeases } from '../fetch/leases.js'
import { planSources, type SourcePlan } from '../fetch/plan-sources.js'
import { openPipeBooks, type Sharing } from '../fetch/source-states.js'
import { lakeStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import { recentRuns } from '../record/recent-runs.js'
import type { EstimateRecord } from '../record/run-record.js'
import type { RunOptions } from '../run.js'
import { type AnswerSizes, answerSizes, estimatedBytes } from './answer-sizes.js'
import { contractNamed, resolvePipes } from './resolve-pipes.js'
import { nextDueMs } from './schedule.js'

/** What a run would ask. Times are ISO 8601; null: not known. */
export interface RunPlan {
  readonly at: string
  readonly interval: string | null
  readonly providers: readonly ProviderPlan[]
  readonly pipes: readonly PlannedPipe[]
  /** Pipes that read files or make their own data: they ask nobody. */
  readonly filePipes: number
  readonly total: {
    readonly calls: number
    readonly credits: number
    readonly bytes: number | null
    /** At the providers' rates; they are asked side by side. */
    readonly seconds: number
  }
  /** After so long a run goes on with what it has; the rest is for the next. */
  readonly deadlineSeconds: number
  /** What the run would use and cost on AWS; a pipe that reads files counts as if it had something new. */
  readonly estimate: EstimateRecord
  /** Limits of the budget that it would break. */
  readonly overBudget: readonly Overrun[]
}

export interface ProviderPlan {
  readonly provider: string
  /** Fingerprint of the key; null without one. */
  readonly key: string | null
  readonly pipes: number
  /** Without retries. */
  readonly calls: number
  /** Answers come in pages, whose number nobody knows before. */
  readonly paged: boolean
  readonly credits: number
  /** Of this month; null: it has no limit. */
  readonly creditsLeft: number | null
  readonly bytes: number | null
  readonly seconds: number
}

export interface PlannedPipe {
  readonly pipe: string
  readonly source: string
  readonly provider: string
  readonly calls: number
  readonly credits: number
  readonly intervals: readonly string[]
  readonly bytes: number | null
  /** Captures that wait to be published: they are landed without asking. */
  readonly waiting: number
  /** Captures that a gate held back under the contract as it is. */
  readonly held: number
  /** Why nothing is asked; null: something is. */
  readonly idle: string | null
  /** When it is worth asking again, where that is known. */
  readonly againAt: string | null
  /** The source knows only the present: there is nothing to catch up with. */
  readonly onlyPresent: boolean
}

export type PlanRunOptions = Pick<RunOptions, 'select' | 'exclude' | 'params' | 'interval' | 'nowMs'>

/** What a run would ask now and what that takes; `short`: why the credits of this month or the budget cannot hold it. Asks nobody and writes nothing. */
export async function planRun(
  project: Project,
  options: PlanRunOptions,
  deps: Deps = systemDeps,
): Promise<{ readonly plan: RunPlan; readonly short: SluiceError | undefined }> {
  const { interval } = options
  const wallMs = deps.clock.now()
  const nowMs = options.nowMs ?? wallMs
  const store = await lakeStore(project)
  const pipes = await resolvePipes(project, { ...options, input: [] })
  const asking = await askingPipes(pipes.filter(asksProvider), project.config, await keyEnv(project.folder, deps.env))
  const sharing: Sharing = { store, wait: deps.wait, random: deps.random }
  const providers = asking.map(({ provider }) => provider.name)
  const named = options.select.length > 0
  const clock = { ...deps.clock, now: () => nowMs }
  const planned = await planSources(asking, openPipeBooks(providers, sharing), { clock, named, only: interval })
  const held = await openLeases(sharing).held(wallMs)
  const plans = planned.map(one => (held.has(one.from.key) ? { ...one, plan: NOTHING } : one))
  const demands = demandsOf(plans)
  const quota = await openQuotaLedger({ ...sharing, clock: deps.clock }).read()
  const records = await recentRuns(store)
  const sizes = answerSizes(records)
  const view = plans.map(one =>
    pipeOf(one, { leased: held.get(one.from.key), sizes, nowMs, contracts: project.contracts, named }),
  )
  const perProvider = demands.map(demand => {
    const own = { sizes, creditsLeft: creditsLeft(demand, quota, wallMs) }
    return providerOf(demand, own, secondsAtRate(demand, quota[demand.bucket]?.tatMs ?? 0, wallMs))
  })
  const seconds = Math.max(0, ...perProvider.map(one => one.seconds))
  const filePipes = pipes.filter((pipe: Pipe) => !asksProvider(pipe)).map(({ name }) => name)
  const pricing = await loadPricing(project)
  const estimate = estimateOf(workOf(plans, filePipes), records, seconds, pricing)
  const overBudget = await overBudgetNow(project, estimate, pricing, { nowMs, deps })
  const plan: RunPlan = {
    at: isoTime(nowMs),
    interval: interval === undefined ? null : formatInterval(interval),
    providers: perProvider,
    pipes: view,
    filePipes: filePipes.length,
    total: {
      calls: sum(perProvider, ({ calls }) => calls),
      credits: sum(perProvider, ({ credits }) => credits),
      bytes: bytesOf(perProvider),
      seconds,
    },
    deadlineSeconds: project.config.fetch.deadlineMs / 1000,
    estimate,
    overBudget,
  }
  const stops = overBudget.length > 0 && project.config.cost?.budget?.action === 'stop'
  return { plan, short: quotaShort(demands, quota, wallMs) ?? (stops ? budgetShort(overBudget) : undefined) }
}

const NOTHING = { asks: [], revisited: false } as const

interface Circumstances {
  readonly leased: Lease | undefined
  readonly contracts: readonly Contract[]
  /** What a gate held back is tried again. */
  readonly named: boolean
  readonly sizes: AnswerSizes
  readonly nowMs: number
}

function pipeOf(
  { from, plan, entry }: SourcePlan,
  { leased, sizes, nowMs, contracts, named }: Circumstances,
): PlannedPipe {
  const { pipe, provider, source } = from
  const { hash } = contractNamed(contracts, pipe.contract)
  const waiting = entry?.waiting ?? []
  const held = waiting.filter(({ heldBy }) => heldBy === hash && !named)
  const calls = plan.asks.length
  const { schedule, calendar } = pipe
  const dueMs = schedule === undefined ? undefined : nextDueMs(schedule, calendar, nowMs)
  const againMs = plan.idle === 'waiting after a failure' ? entry?.failure?.againMs : plan.idle ? dueMs : undefined
  return {
    pipe: pipe.name,
    source: pipe.source,
    provider: provider.name,
    calls,
    credits: calls * creditsOfCall(provider),
    intervals: plan.asks.flatMap(({ interval }) => (interval === undefined ? [] : [formatInterval(interval)])),
    bytes: estimatedBytes(sizes, pipe.name, provider.name, calls),
    waiting: waiting.length - held.length,
    held: held.length,
    idle: leased === undefined ? idleText(plan.idle, entry?.failure?.why) : `the run ${leased.runId} has this pipe now`,
    againAt: againMs === undefined || plan.idle === 'only the present' ? null : isoTime(againMs),
    onlyPresent: source.asks === 'now',
  }
}

function idleText(idle: SourcePlan['plan']['idle'], why: string | undefined): string | null {
  if (idle === undefined) return null
  if (idle === 'waiting after a failure') return why === undefined ? idle : `${idle}: ${why}`
  if (idle === 'only the present') return 'its source knows only the present: there is nothing to catch up with'
  if (idle === 'out of reach') return 'its provider does not answer for times so far back'
  return idle === 'done' ? 'everything is fetched' : idle
}

function providerOf(
  { provider, key, pipes, calls, credits }: Demand,
  { sizes, creditsLeft: left }: { readonly sizes: AnswerSizes; readonly creditsLeft: number | undefined },
  seconds: number,
): ProviderPlan {
  const asked = pipes.filter(({ plan }) => plan.asks.length > 0)
  const bytes = asked.map(({ from, plan }) => ({
    bytes: estimatedBytes(sizes, from.pipe.name, provider.name, plan.asks.length),
  }))
  return {
    provider: provider.name,
    key: key ?? null,
    pipes: asked.length,
    calls,
    paged: asked.some(({ from }) => from.source.paging !== undefined),
    credits,
    creditsLeft: left ?? null,
    bytes: bytesOf(bytes),
    seconds,
  }
}

/** Null when one of them is not known. */
function bytesOf(parts: readonly { readonly bytes: number | null }[]): number | null {
  return parts.some(({ bytes }) => bytes === null) ? null : sum(parts, ({ bytes }) => bytes ?? 0)
}

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => total + pick(item), 0)
}
