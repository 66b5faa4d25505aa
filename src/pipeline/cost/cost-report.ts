import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { isRunId } from '../../core/ids.js'
import { didYouMean } from '../../core/nearest-name.js'
import type { Engine } from '../../engine/engine.js'
import { exactText, minus } from '../../finops/decimal.js'
import { priceUsage } from '../../finops/price-usage.js'
import { priceWarning } from '../../finops/prices.js'
import { type Usage, usageOf } from '../../finops/usage.js'
import { type Deps, systemDeps } from '../deps.js'
import type { Project } from '../project/project.js'
import { createLedgerView } from '../read/ledger-views.js'
import type { EstimateRecord } from '../record/run-record.js'
import { findRun } from '../record/runs.js'
import { openWorkspace } from '../workspace.js'
import { loadPricing, type Pricing } from './load-prices.js'
import { type CostText, pricedText } from './priced.js'
import { type Booked, type BookedRow, type CostKey, sumLedger } from './sum-ledger.js'

export interface CostOptions {
  /** A run, or a pipe. Undefined: all of the lake. */
  readonly what?: string | undefined
  /** What the rows are of. Undefined: days of a pipe, else pipes. */
  readonly by?: readonly CostKey[] | undefined
  /** Runs that began at or after it, and before it. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** What was used and what it would cost on AWS. `total` is the sum of the rows, figure by figure, exactly. */
export interface CostReport {
  readonly of: { readonly run?: string; readonly pipe?: string }
  readonly since: string | null
  readonly until: string | null
  readonly by: readonly CostKey[]
  readonly prices: {
    readonly name: string
    readonly file: string
    readonly date: string
    readonly currency: string
    readonly architecture: 'arm' | 'x86'
    readonly memory_gb: string
    readonly warning?: string
  }
  readonly rows: readonly CostRow[]
  readonly total: CostFigures
  /** Of a run that booked one. */
  readonly estimate?: Reconciled
}

export interface CostFigures {
  /** Runs in which it took part: one run counts for each of its pipes. */
  readonly runs: number
  readonly usage: Usage
  readonly cost: CostText
}

export type CostRow = CostFigures & BookedRow['keys']

/** What was expected, priced as the rest of the report is, and what the run then used more (less: negative). */
export interface Reconciled {
  readonly basis: EstimateRecord['basis']
  readonly usage: Usage
  readonly cost: CostText
  readonly more: Usage
  /** The same of the cost. */
  readonly cost_more: string
}

/**
 * Sums what runs booked. Reads `ledger.usage`; writes nothing. Throws SLUICE_RUN_UNKNOWN when neither a run nor a pipe of a run has the name, and
 * what `loadPricing` throws.
 */
export async function costReport(
  project: Project,
  options: CostOptions = {},
  deps: Deps = systemDeps,
): Promise<CostReport> {
  const { what, sinceMs, untilMs } = options
  const pricing = await loadPricing(project)
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const engine = workspace.engines[0]!
  await createLedgerView('ledger.usage', workspace.lake, engine)
  const record = what === undefined || !isRunId(what) ? undefined : await findRun(workspace.lake.store, what)
  const isPipe = what !== undefined && record === undefined
  if (isPipe) await refuseUnknown(what, engine)
  const by = options.by ?? (isPipe ? ['day'] : ['pipe'])
  const named = what === undefined ? {} : isPipe ? { pipe: what } : { run: what }
  const { rows, total } = await sumLedger(by, { ...named, sinceMs, untilMs }, engine)
  const priced = ({ runs, usage }: Booked): CostFigures => ({ runs, usage, cost: pricedText(usage, pricing) })
  const { list, file, machine } = pricing
  const warning = priceWarning(list, deps.clock.now())
  return {
    of: named,
    since: sinceMs === undefined ? null : isoTime(sinceMs),
    until: untilMs === undefined ? null : isoTime(untilMs),
    by,
    prices: {
      ...{ name: list.name, file, date: list.date, currency: list.currency },
      ...{ architecture: machine.architecture, memory_gb: machine.memoryGb },
      ...(warning !== undefined && { warning }),
    },
    rows: rows.map(row => ({ ...row.keys, ...priced(row) })),
    total: priced(total),
    ...(record?.estimate !== undefined && { estimate: reconciled(record.estimate, total.usage, pricing) }),
  }
}

function reconciled({ basis, usage }: EstimateRecord, used: Usage, pricing: Pricing): Reconciled {
  const once = (of: Usage) => priceUsage(of, pricing.list, pricing.machine).once
  return {
    basis,
    usage,
    cost: pricedText(usage, pricing),
    more: usageOf(name => used[name] - usage[name]),
    cost_more: exactText(minus(once(used), once(usage))),
  }
}

async function refuseUnknown(what: string, engine: Engine): Promise<void> {
  const known = (await engine.rows('SELECT DISTINCT pipe FROM ledger.usage WHERE pipe IS NOT NULL ORDER BY pipe')).map(
    ({ pipe }) => String(pipe),
  )
  if (known.includes(what)) return
  const message = `There is no finished run ${what.slice(0, 80)}, and no run booked a pipe of that name.${didYouMean(what, known)}`
  throw new SluiceError('SLUICE_RUN_UNKNOWN', message)
}
