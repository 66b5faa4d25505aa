import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { bronzeShape } from '../contract/tables.js'
import { fixedClock } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import { isRunId, sha256Hex } from '../core/ids.js'
import { SLUICE_VERSION } from '../core/version.js'
import { loadMacros, macrosHash } from '../gold/macros.js'
import { damagedFile } from '../lake/check-data-files.js'
import { refuseOtherWork, snapshotOfRun } from '../lake/commit-files.js'
import { ensureLayout } from '../lake/layout.js'
import type { Pipe } from '../sources/pipe.js'
import { guardModels } from './bind-models.js'
import { checkTables } from './check-tables.js'
import { type Deps, systemDeps } from './deps.js'
import { deriveGold } from './derive.js'
import { type Fetched, fetchAll } from './fetch.js'
import { guardContracts } from './guard-contracts.js'
import { guardPipes } from './guard-pipes.js'
import { guardReferences } from './guard-references.js'
import type { Project } from './project.js'
import { publishQualityMetrics } from './quality-metrics.js'
import { asStored, type Reading, readingOf } from './reading.js'
import { type RunParts, recordRun } from './record-run.js'
import { loadReferences } from './references.js'
import { contractNamed, resolvePipes } from './resolve-pipes.js'
import type { RunContext } from './run-context.js'
import type { RunRecord } from './run-record.js'
import { findRun } from './runs.js'
import { type DatasetOutcome, settleDataset } from './settle-dataset.js'
import { storeCaptures } from './store-captures.js'
import { type Progress, startTimeline } from './timeline.js'
import { openWorkspace, type Workspace } from './workspace.js'

export interface RunOptions {
  /** Pipes by name, glob, `tag:x` or group; empty: all that need no parameter. */
  readonly select: readonly string[]
  readonly params: Readonly<Record<string, string>>
  /** Files to run through `contract` without a declared pipe. */
  readonly input: readonly string[]
  readonly contract?: string | undefined
  /** 1 to 64 letters, digits, `.`, `-`, `_`. Without one a new, time-sorted id is made. */
  readonly runId?: string | undefined
  /** Publishes the accepted rows although a threshold is broken. */
  readonly allowDqBreach: boolean
  /** Computes the touched partitions anew from bronze. */
  readonly replace: boolean
  /** Says what would be read; writes nothing. */
  readonly dryRun: boolean
  /** The wall clock of the run, in milliseconds since the epoch. */
  readonly nowMs?: number | undefined
  readonly onProgress?: ((event: Progress) => void) | undefined
}

/**
 * One run: inputs become captures, bronze records, silver rows or quarantine, and gold; the record is its last write.
 * The same run id with the same work gives the record of the first; with other work it is refused (SLUICE_RUN_ID_TAKEN).
 */
export async function run(project: Project, options: RunOptions, deps: Deps = systemDeps): Promise<RunRecord> {
  const own = options.nowMs === undefined ? deps : { ...deps, clock: fixedClock(options.nowMs) }
  const runId = options.runId ?? own.ids.runId(own.clock.now())
  if (!isRunId(runId))
    throw new SluiceError('SLUICE_RUN_ID_INVALID', `"${runId.slice(0, 80)}" cannot be a run id. Nothing was written.`)
  const startedMs = own.clock.now()
  const pipes = await resolvePipes(project, options)
  await using workspace = await openWorkspace(project, own, {
    runId: options.dryRun ? undefined : runId,
    connections: Math.max(1, Math.min(3, project.config.engine.threads)),
  })
  try {
    return await runIn(workspace, { project, options, deps: own, runId, startedMs, pipes })
  } catch (cause) {
    await workspace.takeBack()
    throw cause
  }
}

interface Work extends Pick<RunContext, 'project' | 'options' | 'deps' | 'runId'> {
  readonly startedMs: number
  readonly pipes: readonly Pipe[]
}

async function runIn(workspace: Workspace, work: Work): Promise<RunRecord> {
  const { project, options, deps, runId, startedMs, pipes } = work
  const timeline = startTimeline(deps.clock, options.onProgress)
  const cpu = process.cpuUsage()

  const parse = (sql: string) => workspace.engines[0]!.parse(sql)
  await guardPipes(pipes, parse)
  await guardContracts(project.contracts, parse)
  guardReferences(project)
  await loadReferences(project, workspace.engines[0]!)
  const fetched = await timeline.measure(
    'fetch',
    `${pipes.length} pipes`,
    () => fetchAll(pipes, workspace.lake, workspace.spool, workspace.engines[0]!),
    found => found.length,
  )
  const inputHash = await hashWork(project, options, fetched)
  const done = await findRun(workspace.lake.store, runId)
  if (done !== undefined) return sameWork(done, inputHash)
  const context: RunContext = {
    project,
    options,
    deps,
    workspace,
    timeline,
    runId,
    inputHash,
    writer: table => ({ lake: workspace.lake, table, runId, spool: workspace.spool }),
  }
  const parts: RunParts = { context, startedMs, cpu, fetched, datasets: [], derived: [] }
  if (options.dryRun || fetched.length === 0) return await recordRun({ ...parts, store: false })

  await guardModels(context)
  const readings: Reading[] = []
  for (const [dataset, captures] of byContract(fetched)) {
    const contract = contractNamed(project.contracts, dataset)
    readings.push(await readingOf(contract, captures, workspace.engines[0]!, workspace.spool))
  }
  const contracts = readings.map(reading => reading.contract)
  await checkTables(contracts, project, workspace.lake)
  await refuseUnfinished(context)
  await ensureLayout(workspace.lake.store, `sluice ${SLUICE_VERSION}`)
  const storage = { lake: workspace.lake, runId, mayResume: options.runId !== undefined }
  const times = await timeline.measure('capture', `${fetched.length} captures`, () => storeCaptures(fetched, storage))
  const datasets: DatasetOutcome[] = []
  for (const reading of readings)
    datasets.push(await settleDataset(asStored(reading, times), context).catch(afterCapture))
  const derived = await deriveGold(datasets, context)
  const metrics = await publishQualityMetrics(datasets, derived, fetched, context)
  return await recordRun({ ...parts, datasets, derived: [...derived, ...metrics], store: true })
}

/** Refuses the id of a run that died after a commit and worked on something else. Throws SLUICE_RUN_ID_TAKEN while nothing is written. */
async function refuseUnfinished({ project, workspace, runId, inputHash }: RunContext): Promise<void> {
  for (const contract of project.contracts.filter(candidate => candidate.layer === 'silver')) {
    const table = await workspace.lake.catalog.load(bronzeShape(contract).name)
    const own = table === undefined ? undefined : snapshotOfRun(table, runId)
    if (table !== undefined && own !== undefined) refuseOtherWork(table, own, { runId, inputHash })
  }
}

/** A fault that only the reading of all records could find (a damaged page of Parquet): by then the bytes are a capture. */
function afterCapture(cause: unknown): never {
  if (!(cause instanceof SluiceError)) throw damagedFile(cause) ?? cause
  if (cause.kind !== 'source') throw cause
  const next = 'Correct the input and run again. Its bytes are kept as a capture; none of its records was published.'
  throw new SluiceError(cause.code, cause.message, { ...cause.details, next }, cause)
}

/** A run id stands for one piece of work: these inputs, by these pipes, under these contracts and models. */
async function hashWork(project: Project, options: RunOptions, fetched: readonly Fetched[]): Promise<string> {
  const inputs = fetched
    .map(({ id, pipe }) => [id, pipe.name, pipe.contract, pipe.map, pipe.dialect, pipe.universe])
    .sort()
  const contracts = project.contracts.map(contract => [contract.dataset, contract.version.major, contract.hash]).sort()
  const models = project.models.map(model => [model.table, model.hash]).sort()
  const macros = await Promise.all(
    project.macros.map(async file => macrosHash(loadMacros(await readFile(file, 'utf8'), file))),
  )
  const references = await Promise.all(
    Object.entries(project.references).map(async ([name, file]) => [name, sha256Hex(await readFile(file))]),
  )
  const work = [inputs, contracts, models, macros, references.sort(), options.replace, options.allowDqBreach]
  return createHash('sha256').update(JSON.stringify(work)).digest('hex')
}

function sameWork(done: RunRecord, inputHash: string): RunRecord {
  if (done.input_hash === inputHash) return { ...done, repeated: true }
  const message = `The run id ${done.run_id} was used on ${done.started_at} for other inputs, contracts or options. Nothing was written.`
  throw new SluiceError('SLUICE_RUN_ID_TAKEN', message)
}

function byContract(fetched: readonly Fetched[]): Map<string, Fetched[]> {
  const groups = new Map<string, Fetched[]>()
  for (const capture of fetched)
    groups.set(capture.pipe.contract, [...(groups.get(capture.pipe.contract) ?? []), capture])
  return groups
}
