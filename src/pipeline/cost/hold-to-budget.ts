import { SluiceError } from '../../core/errors.js'
import { type Budget, NO_SPEND, type Overrun, overruns, overrunText, type Spend } from '../../finops/budget.js'
import type { UsageEstimate } from '../../finops/estimate-usage.js'
import { priceUsage } from '../../finops/price-usage.js'
import type { Usage } from '../../finops/usage.js'
import type { Deps } from '../deps.js'
import type { Project } from '../project/project.js'
import { createLedgerView } from '../read/ledger-views.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import type { Pricing } from './load-prices.js'
import { sumLedger, type Which } from './sum-ledger.js'

/** The limits that an estimate would break, on top of what the month of a time has. The ledger is read only where months have a limit. */
export async function overBudget(
  budget: Budget,
  estimate: UsageEstimate,
  pricing: Pricing,
  { nowMs, workspace: { lake, engines } }: { readonly nowMs: number; readonly workspace: Workspace },
): Promise<Overrun[]> {
  const engine = engines[0]!
  const spent = async (): Promise<Usage> => {
    await createLedgerView('ledger.usage', lake, engine)
    return (await sumLedger([], monthOf(nowMs), engine)).total.usage
  }
  const month = budget.limits.some(({ span }) => span === 'month') ? spendOf(await spent(), pricing) : NO_SPEND
  return overruns(budget, spendOf(estimate.usage, pricing), month)
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
  // Awaited here: the workspace closes when this returns.
  return await overBudget(budget, estimate, pricing, { nowMs, workspace })
}

/** The limits that many runs would break: those of the month by all of them together, those of a run by the `largest` ones, made only for such limits. */
export async function overBudgetOfRuns(
  project: Project,
  { all, largest }: { readonly all: UsageEstimate; readonly largest: () => readonly UsageEstimate[] },
  pricing: Pricing,
  at: { readonly nowMs: number; readonly deps: Deps },
): Promise<Overrun[]> {
  const budget = project.config.cost?.budget
  if (budget === undefined) return []
  const spans = new Set(budget.limits.map(({ span }) => span))
  const ofEach = (spans.has('run') ? largest() : []).flatMap(({ usage }) =>
    overruns(budget, spendOf(usage, pricing), NO_SPEND),
  )
  const ofRun = ofEach.filter(({ span }) => span === 'run').sort((a, b) => Number(a.estimate) - Number(b.estimate))
  // Of each limit the run that breaks it most.
  const worst = [...new Map(ofRun.map(over => [over.of, over])).values()]
  if (!spans.has('month')) return worst
  const ofAll = await overBudgetNow(project, all, pricing, at)
  return [...worst, ...ofAll.filter(({ span }) => span === 'month')]
}

/** The error for limits that would be broken. */
export function budgetShort(over: readonly Overrun[]): SluiceError {
  const message = `${capitalised(over.map(overrunText).join('; '))}. Nothing was asked and no data was written.`
  return new SluiceError('SLUICE_BUDGET_SHORT', message, { over })
}

/** The calendar month of a time, UTC. */
function monthOf(nowMs: number): Pick<Which, 'sinceMs' | 'untilMs'> {
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
