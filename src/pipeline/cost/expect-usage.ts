import type { Overrun } from '../../finops/budget.js'
import { exactText } from '../../finops/decimal.js'
import { estimateUsage, type PipeWork, type UsageEstimate } from '../../finops/estimate-usage.js'
import { priceUsage } from '../../finops/price-usage.js'
import { openQuotaLedger } from '../../sources/http/quota-ledger.js'
import { creditsOfCall, demandsOf, secondsAtRate } from '../fetch/demand.js'
import type { Fetched } from '../fetch/fetched.js'
import type { SourcePlan } from '../fetch/plan-sources.js'
import { recentRuns } from '../record/recent-runs.js'
import type { EstimateRecord, RunRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import { budgetShort, overBudget } from './hold-to-budget.js'
import { loadPricing, type Pricing } from './load-prices.js'
import { pastUsage } from './past-usage.js'

/** A run waits for no more records of earlier ones than these. */
const FEW = { records: 10, bytes: 4_000_000 }

/** What a run is expected to use, and the limits that this breaks where the budget only warns. */
export interface Expected {
  readonly estimate: EstimateRecord
  readonly over: readonly Overrun[]
}

/**
 * What a run will use, for its record: of one that asks providers, or has a budget. Call it before the first request and the first write.
 * Throws SLUICE_BUDGET_SHORT when the budget says stop, and SLUICE_PRICES_INVALID.
 */
export async function expectUsage(
  files: readonly Fetched[],
  plans: readonly SourcePlan[],
  { project, workspace, deps, wallClock }: Pick<RunContext, 'project' | 'workspace' | 'deps' | 'wallClock'>,
): Promise<Expected | undefined> {
  const budget = project.config.cost?.budget
  if (budget === undefined && plans.every(({ plan }) => plan.asks.length === 0)) return undefined
  const { store } = workspace.lake
  const quota = await openQuotaLedger({ store, wait: deps.wait, random: deps.random, clock: wallClock }).read()
  const nowMs = wallClock.now()
  const waits = demandsOf(plans).map(demand => secondsAtRate(demand, quota[demand.bucket]?.tatMs ?? 0, nowMs))
  const pricing = await loadPricing(project)
  const work = workOf(
    plans,
    files.map(({ pipe }) => pipe.name),
  )
  const estimate = estimateOf(work, await recentRuns(store, FEW), Math.max(0, ...waits), pricing)
  if (budget === undefined) return { estimate, over: [] }
  const over = await overBudget(budget, estimate, pricing, { nowMs: deps.clock.now(), workspace })
  if (budget.action === 'stop' && over.length > 0) throw budgetShort(over)
  return { estimate, over }
}

/** Pipes that ask, or whose captures wait, and those of files. */
export function workOf(plans: readonly SourcePlan[], filePipes: readonly string[]): PipeWork[] {
  const asking = plans
    .filter(({ plan, entry }) => plan.asks.length > 0 || (entry?.waiting ?? []).length > 0)
    .map(({ from, plan }) => ({
      pipe: from.pipe.name,
      asks: plan.asks.length,
      creditsPerAsk: creditsOfCall(from.provider),
    }))
  return [...asking, ...[...new Set(filePipes)].map(pipe => ({ pipe, asks: 0, creditsPerAsk: 0 }))]
}

/** An estimate of one run, priced. */
export function estimateOf(
  work: readonly PipeWork[],
  records: readonly RunRecord[],
  seconds: number,
  pricing: Pricing,
): EstimateRecord {
  return pricedEstimate(estimateUsage(work, pastUsage(records), { seconds, runs: 1 }), pricing)
}

export function pricedEstimate(estimate: UsageEstimate, { list, machine }: Pricing): EstimateRecord {
  return {
    ...estimate,
    price_list: `${list.name} ${list.date}`,
    currency: list.currency,
    once: exactText(priceUsage(estimate.usage, list, machine).once),
  }
}
