import type { Contract } from '../../contract/contract.js'
import { refusedSql } from '../../contract/sql-guard.js'
import { fixedClock } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { isRunId } from '../../core/ids.js'
import { refuseOtherWork, snapshotOfRun } from '../../lake/commit-files.js'
import { type ContractNews, checkTables } from '../contracts/check-tables.js'
import { guardContracts } from '../contracts/guard-contracts.js'
import { type Deps, systemDeps } from '../deps.js'
import { guardModels } from '../derive/bind-models.js'
import { NO_HOLDS } from '../holding/hold-stage.js'
import { lakeStore, requireLake } from '../lake-store.js'
import { mapFaults } from '../pipes/guard-pipes.js'
import { guardReferences } from '../project/guard-references.js'
import type { Project } from '../project/project.js'
import { loadReferences } from '../project/references.js'
import type { RunRecord } from '../record/run-record.js'
import { findRun } from '../record/runs.js'
import type { RunContext } from '../run-context.js'
import { startTimeline } from '../timeline.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { type DatasetPlan, planDataset } from './plan-dataset.js'
import { publishReplay } from './publish-replay.js'
import { rebuildDatasets } from './rebuild.js'
import type { ReplayOptions } from './replay-options.js'
import { contractsOf, hashWork, nextReplay, refuseUncut } from './replay-work.js'

/** `unchanged`: every table is what its captures give, and nothing was written. */
export interface Replayed {
  readonly outcome: 'replayed' | 'unchanged' | 'planned'
  /** Empty when an earlier process had done it all. */
  readonly plans: readonly DatasetPlan[]
  readonly record: RunRecord | undefined
}

/**
 * Makes silver and gold again from the captures of the lake, with the contracts, pipes, models and code of today: a run that asks nobody. Bytes
 * that come out the same stay as they are; the rest becomes new snapshots. What people decided about held and rejected records holds. Killed and
 * run again it completes. Throws SLUICE_ARGUMENT_INVALID, SLUICE_CONTRACT_UNKNOWN, SLUICE_PIPE_UNKNOWN, SLUICE_RUN_ID_TAKEN,
 * SLUICE_COMMIT_CONFLICT and what a run throws.
 */
export async function replay(project: Project, options: ReplayOptions, deps: Deps = systemDeps): Promise<Replayed> {
  const own = options.nowMs === undefined ? deps : { ...deps, clock: fixedClock(options.nowMs) }
  const startedMs = own.clock.now()
  await requireLake(project)
  const store = await lakeStore(project)
  const contracts = await contractsOf(project, options, store)
  refuseUncut(contracts, options)
  const workHash = await hashWork(project, contracts, options, store)
  const runId = options.runId ?? `replay-${await nextReplay(store)}-${workHash.slice(0, 8)}`
  if (!isRunId(runId))
    throw new SluiceError('SLUICE_RUN_ID_INVALID', `"${runId.slice(0, 80)}" cannot be a run id. Nothing was written.`)
  const connections = Math.max(1, Math.min(3, project.config.engine.threads))
  await using workspace = await openWorkspace(project, own, {
    runId: options.dryRun ? undefined : runId,
    connections,
  })
  try {
    const done = await findRun(workspace.lake.store, runId)
    if (done !== undefined) return sameWork(done, workHash)
    const context = contextOf(workspace, { project, deps: own, options, runId, workHash, wallClock: deps.clock })
    return await replayIn(contracts, context, { options, startedMs })
  } catch (cause) {
    await workspace.takeBack(cause)
    throw cause
  }
}

function sameWork(done: RunRecord, workHash: string): Replayed {
  if (done.input_hash === workHash) return { outcome: 'replayed', plans: [], record: { ...done, repeated: true } }
  const message = `The run id ${done.run_id} was used on ${done.started_at} for other work. Nothing was written.`
  throw new SluiceError('SLUICE_RUN_ID_TAKEN', message)
}

async function replayIn(
  contracts: readonly Contract[],
  context: RunContext,
  { options, startedMs }: { readonly options: ReplayOptions; readonly startedMs: number },
): Promise<Replayed> {
  const cpu = process.cpuUsage()
  const { lake } = context.workspace
  const news = await guardAll(contracts, context)
  for (const name of await lake.catalog.list()) {
    const table = await lake.catalog.load(name)
    const own = table === undefined ? undefined : snapshotOfRun(table, context.runId)
    if (table !== undefined && own !== undefined) refuseOtherWork(table, own, context)
  }
  const rebuilt = await rebuildDatasets(contracts, context)
  const plans: DatasetPlan[] = []
  for (const dataset of rebuilt.datasets)
    plans.push(await planDataset(dataset, { lake: rebuilt.lake, fromMs: options.fromMs }, context))
  await options.onPlan?.(plans)
  if (options.dryRun) return { outcome: 'planned', plans, record: undefined }
  if (plans.length === 0) return { outcome: 'unchanged', plans, record: undefined }
  const { workspace, timeline, wallClock } = context
  const datasets = contracts.map(({ dataset }) => dataset)
  await workspace.attempt.begin({ startedMs, wallMs: wallClock.now(), pipes: [], datasets, timeline })
  const isNarrowed = options.datasets.length + options.select.length > 0
  const work = { plans, made: rebuilt.lake, fromMs: options.fromMs, isNarrowed, news, startedMs, cpu }
  const record = await publishReplay(work, context)
  return { outcome: record === undefined ? 'unchanged' : 'replayed', plans, record }
}

interface ContextParts extends Pick<RunContext, 'project' | 'deps' | 'runId' | 'wallClock'> {
  readonly options: ReplayOptions
  readonly workHash: string
}

function contextOf(workspace: Workspace, { options, workHash, ...parts }: ContextParts): RunContext {
  const { select, allowDqBreach, onProgress } = options
  return {
    ...parts,
    options: { select, params: {}, input: [], allowDqBreach, replace: false, dryRun: false },
    workspace,
    holding: NO_HOLDS,
    timeline: startTimeline(parts.deps.clock, onProgress),
    inputHash: workHash,
    writer: table => ({ lake: workspace.lake, table, runId: parts.runId, spool: workspace.spool }),
  }
}

/** The SQL of contracts, pipes and models, and what tables can follow, before any of it runs. */
async function guardAll(contracts: readonly Contract[], context: RunContext): Promise<ContractNews> {
  const { project, workspace } = context
  const engine = workspace.engines[0]!
  const parse = (sql: string) => engine.parse(sql)
  await guardContracts(project.contracts, parse)
  guardReferences(project)
  const datasets = new Set(contracts.map(({ dataset }) => dataset))
  const own = project.pipes.filter(pipe => datasets.has(pipe.contract))
  // Pipes of one declaration share a map.
  for (const pipe of new Map(own.map(pipe => [pipe.map, pipe])).values()) {
    const [found] = await mapFaults(pipe, parse)
    if (found !== undefined)
      throw refusedSql(`The map of ${found.field} in pipe ${pipe.name}`, found.fault, found.place)
  }
  await loadReferences(project, engine)
  await guardModels(context)
  return checkTables(contracts, project, workspace.lake, parse)
}
