import { SluiceError } from '../../core/errors.js'
import { type Budget, type Overrun, overruns, overrunText, type Spend } from '../../finops/budget.js'
import { exactText } from '../../finops/decimal.js'
import { estimateUsage, type PipeWork, type UsageEstimate } from '../../finops/estimate-usage.js'
import { priceUsage } from '../../finops/price-usage.js'
import type { Usage } from '../../finops/usage.js'
import { openQuotaLedger } from '../../sources/http/quota-ledger.js'
import type { Deps } from '../deps.js'
import { creditsOfCall, demandsOf, secondsAtRate } from '../fetch/demand.js'
import type { Fetched } from '../fetch/fetched.js'
import type { SourcePlan } from '../fetch/plan-sources.js'
import { createLedgerView } from '../ledger-views.js'
import type { Project } from '../project.js'
import { recentRuns } from '../recent-runs.js'
import type { RunContext } from '../run-context.js'
import type { EstimateRecord, RunRecord } from '../run-record.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { loadPricing, type Pricing } from './load-prices.js'
import { pastUsage } from './past-usage.js'
import { sumLedger, type Which } from './sum-ledger.js'

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
  const month = monthOf(deps.clock.now())
  const over = overBudget(budget, estimate, await usageIn(month, workspace), pricing)
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

/** The limits that an estimate would break on top of what the month has. */
export function overBudget(budget: Budget, estimate: UsageEstimate, month: Usage, pricing: Pricing): Overrun[] {
  return overruns(budget, spendOf(estimate.usage, pricing), spendOf(month, pricing))
}

/** The same for a project whose lake nobody has open. */
export async function overBudgetNow(
  project: Project,
  estimate: UsageEstimate,
  pricing: Pricing,
  { nowMs, deps }: { readonly nowMs: number; readonly deps: Deps },
): Promise<Overrun[]> {
  const budget = project.config.cost?.budget
  if (budget === undefined) return []
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  return overBudget(budget, estimate, await usageIn(monthOf(nowMs), workspace), pricing)
}

/** For work of many runs, each of which is held to the limits of a run by itself. Throws SLUICE_BUDGET_SHORT when the budget of the month says stop. */
export async function refuseOverMonth(
  project: Project,
  estimate: UsageEstimate,
  pricing: Pricing,
  at: { readonly nowMs: number; readonly deps: Deps },
): Promise<void> {
  if (project.config.cost?.budget?.action !== 'stop') return
  const over = await overBudgetNow(project, estimate, pricing, at)
  const ofMonth = over.filter(({ span }) => span === 'month')
  if (ofMonth.length > 0) throw budgetShort(ofMonth)
}

async function usageIn(month: Which, { lake, engines }: Workspace): Promise<Usage> {
  await createLedgerView('ledger.usage', lake, engines[0]!)
  return (await sumLedger([], month, engines[0]!)).total.usage
}

export function budgetShort(over: readonly Overrun[]): SluiceError {
  const message = `${capitalised(over.map(overrunText).join('; '))}. Nothing was asked and no data was written.`
  return new SluiceError('SLUICE_BUDGET_SHORT', message, { over })
}

/** The calendar month of a time, UTC. */
export function monthOf(nowMs: number): Pick<Which, 'sinceMs' | 'untilMs'> {
  const now = new Date(nowMs)
  const start = (months: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1)
  return { sinceMs: start(0), untilMs: start(1) }
}

function spendOf(usage: Usage, { list, machine }: Pricing): Spend {
  return {
    money: priceUsage(usage, list, machine).once,
    credits: usage.credits,
    requests: usage.provider_requests,
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
