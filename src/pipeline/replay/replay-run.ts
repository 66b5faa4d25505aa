import type { Contract } from '../../contract/contract.js'
import { refusedSql } from '../../contract/sql-guard.js'
import { plainVersion } from '../../contract/tables.js'
import { checkTables } from '../contracts/check-tables.js'
import { guardContracts } from '../contracts/guard-contracts.js'
import { keepContracts } from '../contracts/kept-contracts.js'
import type { Deps } from '../deps.js'
import { guardModels } from '../derive/bind-models.js'
import { deriveGold, payUnchanged } from '../derive/derive.js'
import { openHoldStage } from '../holding/hold-stage.js'
import { mapFaults } from '../pipes/guard-pipes.js'
import { prepareLake } from '../prepare-lake.js'
import { guardReferences } from '../project/guard-references.js'
import type { Project } from '../project/project.js'
import { loadReferences } from '../project/references.js'
import { publishQualityMetrics } from '../quality/quality-metrics.js'
import { recordRun } from '../record/record-run.js'
import type { ReplayRecord, RunRecord } from '../record/run-record.js'
import { findRun } from '../record/runs.js'
import type { RunContext } from '../run-context.js'
import type { ReleasedBy } from '../settle/judge-pipes.js'
import type { Reading } from '../settle/reading.js'
import { type DatasetOutcome, settleDataset } from '../settle/settle-dataset.js'
import { type Progress, startTimeline } from '../timeline.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { type LostCapture, type Reread, rereadCaptures, type WantedCaptures } from './reread-captures.js'
import { silentAnswers } from './silent-answers.js'

export interface ReplayWork {
  readonly project: Project
  /** Today's contract of the dataset. */
  readonly contract: Contract
  /** Names the run: equal work has an equal id, so that one that died is taken up again. */
  readonly runId: string
  /** Of the whole work: commits are stamped with it. */
  readonly workHash: string
  /** Undefined for a dataset that a model makes: nothing is read again, and its table is derived. */
  readonly wanted: ((workspace: Workspace) => Promise<WantedCaptures>) | undefined
  readonly reason: Pick<ReplayRecord, 'reason' | 'before'>
  /** What people decided about batches: captures that no gate holds again, and how many rows are left out because they were discarded. */
  readonly decided?: { readonly released: ReadonlyMap<string, ReleasedBy>; readonly discardedRows: number }
  readonly allowDqBreach: boolean
  readonly onProgress?: ((event: Progress) => void) | undefined
}

/** `nothing`: no capture is left to be read; nothing was written. */
export type Replayed =
  | { readonly outcome: 'recorded'; readonly record: RunRecord }
  | { readonly outcome: 'nothing'; readonly lost: readonly LostCapture[] }

/**
 * A run that asks nobody: captures of the lake go through today's pipes and contract into bronze, silver or quarantine, and gold, by the steps
 * of every run. Killed and run again it takes up what it had committed; done before, it gives that record. Throws what a run throws.
 */
export async function replayRun(work: ReplayWork, deps: Deps): Promise<Replayed> {
  const { project, runId } = work
  const startedMs = deps.clock.now()
  await using workspace = await openWorkspace(project, deps, {
    runId,
    connections: Math.max(1, Math.min(3, project.config.engine.threads)),
  })
  try {
    const done = await findRun(workspace.lake.store, runId)
    if (done !== undefined) return { outcome: 'recorded', record: { ...done, repeated: true } }
    return await replayIn(workspace, work, deps, startedMs)
  } catch (cause) {
    await workspace.takeBack(cause)
    throw cause
  }
}

async function replayIn(workspace: Workspace, work: ReplayWork, deps: Deps, startedMs: number): Promise<Replayed> {
  const { project, contract, runId, workHash } = work
  const engine = workspace.engines[0]!
  const cpu = process.cpuUsage()
  const options = {
    ...{ select: [], params: {}, input: [], allowDqBreach: work.allowDqBreach },
    ...{ replace: false, dryRun: false },
  }
  const context: RunContext = {
    project,
    options,
    // What a person has read again asks no breaker: it is not admitted anywhere.
    holding: openHoldStage({ project, options, deps, workspace, runId }),
    deps,
    wallClock: deps.clock,
    workspace,
    timeline: startTimeline(deps.clock, work.onProgress, workspace.counts),
    released: work.decided?.released,
    runId,
    inputHash: workHash,
    writer: table => ({ lake: workspace.lake, table, runId, spool: workspace.spool }),
  }
  await guardAll(work, workspace)
  await loadReferences(project, engine)
  await guardModels(context)
  const datasets = contract.layer === 'silver' ? [contract] : []
  const news = await checkTables(datasets, project, workspace.lake, sql => engine.parse(sql))
  const { store } = workspace.lake
  const { reading, lost } = await rereadAll(work, context)
  if (work.wanted !== undefined && reading.fetched.length === 0) return { outcome: 'nothing', lost }
  await prepareLake(store, project, deps.ids)
  await workspace.attempt.begin({
    ...{ startedMs, wallMs: deps.clock.now(), pipes: [], datasets: [contract.dataset] },
    timeline: context.timeline,
  })
  await keepContracts(news.contracts, store)
  const settled = work.wanted === undefined ? [] : [await settleDataset(reading, context)]
  const holds = await context.holding.settle(settled, reading.fetched)
  const derived = await deriveGold(settled, context)
  if (settled.length === 0 && derived.every(table => table.outcome === 'untouched')) {
    await payUnchanged(derived, context)
    return { outcome: 'nothing', lost }
  }
  const metrics = await publishQualityMetrics(settled, derived, reading.fetched, context)
  const all = [...lost, ...settled.flatMap(outcome => silentAnswers(reading, outcome))]
  const replay: ReplayRecord = {
    dataset: contract.dataset,
    ...work.reason,
    after: plainVersion(contract.version),
    lost: all.map(({ captureId, pipe, name, why }) => ({ capture_id: captureId, pipe, name, why })),
    ...keptDecisions(settled, work),
  }
  const record = await recordRun({
    context,
    startedMs,
    cpu,
    fetched: reading.fetched,
    sources: [],
    workHash,
    datasets: settled,
    derived: [...derived, ...metrics],
    holds,
    changes: news.diffs,
    replay,
    store: true,
  })
  return { outcome: 'recorded', record }
}

/** Nothing where nobody has decided anything. */
function keptDecisions(settled: readonly DatasetOutcome[], { decided }: ReplayWork): Pick<ReplayRecord, 'decisions'> {
  const [outcome] = settled
  if (outcome === undefined) return {}
  const { kept, captures } = outcome.tally
  // A row that was released by itself is not counted with its batch again.
  const rowsOf = (id: string): number => (captures.get(id)?.accepted ?? 0) - (kept.released.get(id) ?? 0)
  const batches = [...(decided?.released.keys() ?? [])].reduce((sum, id) => sum + Math.max(0, rowsOf(id)), 0)
  const decisions = {
    released_batches: batches,
    released: [...kept.released.values()].reduce((sum, rows) => sum + rows, 0),
    discarded: kept.discarded + (decided?.discardedRows ?? 0),
    waiting: kept.waiting,
    waiting_for: [...kept.waitingFor].sort(),
  }
  return batches + decisions.released + decisions.discarded + decisions.waiting === 0 ? {} : { decisions }
}

async function rereadAll(
  { project, contract, wanted }: ReplayWork,
  { workspace, timeline }: RunContext,
): Promise<Reread> {
  const reading: Reading = { contract, fetched: [], statements: [] }
  if (wanted === undefined) return { reading, lost: [] }
  const found = await wanted(workspace)
  const [engine, { store }] = [workspace.engines[0]!, workspace.lake]
  return timeline.measure(
    'reread',
    contract.dataset,
    () => rereadCaptures(found, { project, contract, store, engine, spool: workspace.spool }),
    read => read.reading.fetched.length,
  )
}

/** The SQL of contracts and of the pipes that read the dataset, before any of it runs. */
async function guardAll({ project, contract }: ReplayWork, { engines }: Workspace): Promise<void> {
  const parse = (sql: string) => engines[0]!.parse(sql)
  await guardContracts(project.contracts, parse)
  guardReferences(project)
  const own = project.pipes.filter(pipe => pipe.contract === contract.dataset)
  // Pipes of one declaration share a map.
  for (const pipe of new Map(own.map(pipe => [pipe.map, pipe])).values()) {
    const [found] = await mapFaults(pipe, parse)
    if (found !== undefined)
      throw refusedSql(`The map of ${found.field} in pipe ${pipe.name}`, found.fault, found.place)
  }
}
