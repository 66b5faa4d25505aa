import { settlingOrder } from '../contract/settling-order.js'
import { bronzeShape, shapesOf } from '../contract/tables.js'
import { fixedClock, isoTime } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import { groupBy } from '../core/group-by.js'
import { isRunId, sha256Hex } from '../core/ids.js'
import type { Interval } from '../core/interval.js'
import { damagedFile } from '../lake/check-data-files.js'
import { refuseOtherWork, snapshotOfRun } from '../lake/commit-files.js'
import { nameTables } from '../lake/table-names.js'
import type { Pipe } from '../sources/pipe.js'
import { storeCaptures } from './captures/store-captures.js'
import { checkTables } from './contracts/check-tables.js'
import { guardContracts } from './contracts/guard-contracts.js'
import { keepContracts } from './contracts/kept-contracts.js'
import { expectUsage } from './cost/expect-usage.js'
import { type Deps, systemDeps } from './deps.js'
import { guardModels } from './derive/bind-models.js'
import { deriveGold } from './derive/derive.js'
import { tellingFailure } from './events/tell.js'
import { askingPipes, asksProvider } from './fetch/asking-pipes.js'
import { fetchFiles } from './fetch/fetch-files.js'
import { type AnswerGroup, NO_ANSWERS } from './fetch/fetch-sources.js'
import type { Fetched, FetchedFile } from './fetch/fetched.js'
import { keyEnv } from './fetch/key-env.js'
import { refuseOverspending } from './fetch/refuse-overspending.js'
import type { AskingPipe } from './fetch/requests.js'
import { openSourceStage, type SourceStage } from './fetch/source-stage.js'
import { noteSalvaged } from './fetch/source-states.js'
import { openHoldStage } from './holding/hold-stage.js'
import type { Recall } from './holding/recall.js'
import { filesToRecall, noteRecall, recalledPipes, refuseLeased, releasedNow } from './holding/recall-run.js'
import { guardPipes } from './pipes/guard-pipes.js'
import { contractNamed, resolvePipes } from './pipes/resolve-pipes.js'
import { prepareLake } from './prepare-lake.js'
import { guardReferences } from './project/guard-references.js'
import { hashProject } from './project/hash-project.js'
import type { Project } from './project/project.js'
import { loadReferences } from './project/references.js'
import { publishQualityMetrics } from './quality/quality-metrics.js'
import { publishRestatements } from './quality/restatements.js'
import { recordRun } from './record/record-run.js'
import type { RunRecord } from './record/run-record.js'
import { findRun } from './record/runs.js'
import type { RunContext } from './run-context.js'
import { asStored, type Reading, readingOf, withAnswers } from './settle/reading.js'
import { type DatasetOutcome, settleDataset } from './settle/settle-dataset.js'
import { type Progress, startTimeline } from './timeline.js'
import { openWorkspace, type Workspace } from './workspace.js'

export interface RunOptions {
  /** Pipes by terms, see `selectPipes`; empty: all that need no parameter. */
  readonly select: readonly string[]
  /** Pipes to leave out, by the same terms. */
  readonly exclude?: readonly string[] | undefined
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
  /** Says what would be read and asked; writes nothing. */
  readonly dryRun: boolean
  /** Asks providers for this interval alone, whether it was fetched or not. */
  readonly interval?: Interval | undefined
  /**
   * With `interval`: this run is a part of that backfill. It asks for what of the interval is over and was never fetched, leaves what the lake
   * knows of the present as it is, and leaves gold owing.
   */
  readonly backfill?: { readonly name: string } | undefined
  /** Asks as far as the credits of this month go. Else a run that names its pipes or an interval is refused when they cannot hold all of it. */
  readonly partWay?: boolean | undefined
  /** Ends the fetching early: what is fetched by then is published. */
  readonly signal?: AbortSignal | undefined
  /** The wall clock of the run, in milliseconds since the epoch. */
  readonly nowMs?: number | undefined
  readonly onProgress?: ((event: Progress) => void) | undefined
}

/**
 * One run: inputs become captures, bronze records, silver rows or quarantine, and gold; the record is its last write.
 * The same run id with the same work gives the record of the first; with other work it is refused (SLUICE_RUN_ID_TAKEN). With `recall` it
 * works on captures of the lake and asks nobody.
 */
export async function run(
  project: Project,
  options: RunOptions,
  deps: Deps = systemDeps,
  recall?: Recall,
): Promise<RunRecord> {
  const own = options.nowMs === undefined ? deps : { ...deps, clock: fixedClock(options.nowMs) }
  const runId = options.runId ?? own.ids.runId(own.clock.now())
  if (!isRunId(runId))
    throw new SluiceError('SLUICE_RUN_ID_INVALID', `"${runId.slice(0, 80)}" cannot be a run id. Nothing was written.`)
  const startedMs = own.clock.now()
  const pipes = recall === undefined ? await resolvePipes(project, options) : recalledPipes(recall)
  const work = { project, options, deps: own, wallClock: deps.clock, runId, startedMs, pipes, recall }
  return tellingFailure({ project, deps: own, runId, silent: options.dryRun }, () => runOpen(work))
}

async function runOpen(work: Work): Promise<RunRecord> {
  const { project, options, deps, runId } = work
  await using workspace = await openWorkspace(project, deps, {
    runId: options.dryRun ? undefined : runId,
    connections: Math.max(1, Math.min(3, project.config.engine.threads)),
    interval: options.interval,
  })
  try {
    return await runIn(workspace, work)
  } catch (cause) {
    const isBegun = await workspace.takeBack(cause)
    throw isBegun ? halfDone(cause, runId) : cause
  }
}

/** What failed was one request, which knows nothing of the commits before it. */
function halfDone(cause: unknown, runId: string): unknown {
  const isUnknowing = cause instanceof SluiceError && cause.kind === 'unavailable' && !cause.next.includes(runId)
  if (!isUnknowing) return cause
  const message = `${cause.message.replace(/ Nothing was (?:changed|published)\.$/, '')} What the run had published by then stays.`
  const next = `${cause.next} With \`--run-id ${runId}\` it goes on from there.`
  return new SluiceError(cause.code, message, { ...cause.details, next }, cause)
}

interface Work extends Pick<RunContext, 'project' | 'options' | 'deps' | 'wallClock' | 'runId' | 'recall'> {
  readonly startedMs: number
  readonly pipes: readonly Pipe[]
}

async function runIn(workspace: Workspace, work: Work): Promise<RunRecord> {
  const { project, options, deps, wallClock, runId, pipes, recall } = work
  const timeline = startTimeline(deps.clock, options.onProgress, workspace.counts)
  const parse = (sql: string) => workspace.engines[0]!.parse(sql)
  await guardPipes(pipes, parse)
  await guardContracts(project.contracts, parse)
  guardReferences(project)
  await loadReferences(project, workspace.engines[0]!)
  const holding = openHoldStage({ project, options, deps, workspace, runId, recall })
  const released = recall && releasedNow(recall, runId)
  const base = { project, options, deps, wallClock, workspace, timeline, runId, recall, released, holding }
  const writer: RunContext['writer'] = table => ({ lake: workspace.lake, table, runId, spool: workspace.spool })
  const sharing = { store: workspace.lake.store, wait: deps.wait, random: deps.random }
  await noteSalvaged(workspace.salvaged, sharing)
  const asking = await askingPipes(pipes.filter(asksProvider), project.config, await keyEnv(project.folder, deps.env))
  if (recall === undefined) refuseFuture(asking, deps.clock.now(), wallClock.now())
  const stage = await openSourceStage(asking, { ...base, writer })
  try {
    if (recall !== undefined) refuseLeased(asking, stage.plans)
    return await runStages({ ...base, writer }, { ...work, stage })
  } finally {
    await holding.close()
    await stage.release()
  }
}

async function runStages(base: Omit<RunContext, 'inputHash'>, work: Work & { stage: SourceStage }): Promise<RunRecord> {
  const { project, options, runId, workspace, timeline, recall, holding } = base
  const { startedMs, pipes, stage } = work
  const cpu = process.cpuUsage()
  const sampled = options.backfill === undefined ? undefined : options.interval
  const readPipes = pipes.filter(pipe => !asksProvider(pipe))
  const fresh = await timeline.measure(
    'fetch',
    `${readPipes.length} pipes`,
    async () =>
      recall === undefined
        ? fetchFiles(readPipes, workspace.lake, workspace.spool, workspace.engines[0]!, sampled)
        : [],
    found => found.length,
  )
  const asking = stage.plans.map(({ from }) => from.pipe)
  await holding.admit([...readPipes, ...asking])
  const again = await filesToRecall(readPipes, fresh, base)
  const files = [...fresh, ...again]
  const workHash = await hashWork(project, options, fresh, asking, recall)
  const done = await findRun(workspace.lake.store, runId)
  if (done !== undefined) return sameWork(done, workHash)
  await refuseOverspending(stage.plans, base)
  const nothing = files.length === 0 && stage.plans.every(isIdle)
  const expected = nothing || recall !== undefined ? undefined : await expectUsage(files, stage.plans, base)
  const parts = { startedMs, cpu, stage, workHash, datasets: [], derived: [], expected }
  if (options.dryRun || nothing) {
    const context = { ...base, inputHash: workHash }
    return await recordRun({ ...parts, context, fetched: files, sources: await stage.finish([]), store: false })
  }

  await guardModels(base)
  const read = new Map<string, Reading>()
  for (const [dataset, captures] of groupBy(files, ({ pipe }) => pipe.contract)) {
    const contract = contractNamed(project.contracts, dataset)
    read.set(dataset, await readingOf(contract, captures, workspace.engines[0]!, workspace.spool))
  }
  const datasets = [...new Set(pipes.map(({ contract }) => contract))]
  const contracts = settlingOrder(datasets.map(dataset => contractNamed(project.contracts, dataset)))
  const news = await checkTables(contracts, project, workspace.lake, sql => workspace.engines[0]!.parse(sql))
  await prepareLake(workspace.lake.store, project, base.deps.ids)
  const names = pipes.map(({ name }) => name)
  const begin = () =>
    workspace.attempt.begin({ startedMs, wallMs: base.wallClock.now(), pipes: names, datasets, timeline })
  // Answers are kept as they come; files may still be refused.
  if (stage.plans.length > 0) await begin()
  const answers =
    stage.plans.length === 0
      ? NO_ANSWERS
      : await timeline.measure(
          'ask',
          `${stage.plans.length} pipes`,
          () => stage.fetch(),
          ({ groups }) => groups.reduce((sum, { fetched }) => sum + fetched.length, 0),
        )
  const context: RunContext = { ...base, inputHash: hashInputs(workHash, answers.groups, again) }
  await refuseUnfinished(context)
  await begin()
  if (recall !== undefined) await noteRecall(recall, context, startedMs)
  const storage = { lake: workspace.lake, runId, mayResume: options.runId !== undefined }
  const times = await timeline.measure('capture', `${fresh.length} captures`, () => storeCaptures(fresh, storage))
  const gold = project.contracts.filter(({ layer }) => layer === 'gold')
  const shapes = [...contracts, ...gold].flatMap(shapesOf)
  await nameTables(
    workspace.lake.store,
    shapes.map(({ name }) => name),
  )
  await keepContracts(news.contracts, workspace.lake.store)
  const byDataset = groupBy(answers.groups, ({ contract }) => contract.dataset)
  const settled: DatasetOutcome[] = []
  for (const contract of contracts) {
    const plain = asStored(read.get(contract.dataset) ?? { contract, fetched: [], statements: [] }, times)
    const reading = withAnswers(plain, byDataset.get(contract.dataset) ?? [])
    if (reading.fetched.length > 0) settled.push(await settleDataset(reading, context).catch(afterCapture))
  }
  const fetched: Fetched[] = [...files, ...answers.groups.flatMap(group => group.fetched)]
  const holds = await holding.settle(settled, fetched)
  const derived = await deriveGold(settled, context, options.backfill === undefined ? undefined : NO_TABLES)
  const metrics = [
    ...(await publishRestatements(context)),
    ...(await publishQualityMetrics(settled, derived, fetched, context)),
  ]
  const sources = await stage.finish(settled)
  const outcome = {
    datasets: settled,
    derived: [...derived, ...metrics],
    fetched,
    sources,
    holds,
    changes: news.diffs,
    toMigrate: news.toMigrate,
  }
  return await recordRun({ ...parts, ...outcome, context, store: true })
}

/** Who asks in the name of a later time would book what is not over yet as fetched. Throws SLUICE_ARGUMENT_INVALID. */
function refuseFuture(asking: readonly AskingPipe[], nowMs: number, wallMs: number): void {
  if (asking.length === 0 || nowMs <= wallMs + CLOCKS_DIFFER_MS) return
  const message = `It is ${isoTime(wallMs)}, and ${asking[0]!.pipe.name} asks a provider: a run for ${isoTime(nowMs)} would take what is not over yet for fetched. Nothing was asked.`
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message)
}

const CLOCKS_DIFFER_MS = 60_000
const NO_TABLES: ReadonlySet<string> = new Set()

/** Nothing to ask, and nothing that waits to be published. */
function isIdle({ plan, entry }: SourceStage['plans'][number]): boolean {
  return plan.asks.length === 0 && (entry?.waiting ?? []).length === 0
}

/** Refuses the id of a run that died after a commit and worked on something else. Throws SLUICE_RUN_ID_TAKEN while nothing is written. */
async function refuseUnfinished({ project, workspace, runId, inputHash }: RunContext): Promise<void> {
  const silver = project.contracts.filter(({ layer }) => layer === 'silver')
  const tables = await Promise.all(silver.map(contract => workspace.lake.catalog.load(bronzeShape(contract).name)))
  for (const table of tables) {
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
async function hashWork(
  project: Project,
  options: RunOptions,
  files: readonly FetchedFile[],
  asking: readonly Pipe[],
  recall: Recall | undefined,
): Promise<string> {
  const inputs = files
    .map(({ id, pipe }) => [id, pipe.name, pipe.contract, pipe.map, pipe.dialect, pipe.universe])
    .sort()
  const asked = asking.map(pipe => [pipe.name, pipe.source, pipe.contract, pipe.params, pipe.map, pipe.universe]).sort()
  const { contracts, models, macros, references } = await hashProject(project)
  const work = [inputs, contracts, models, macros, references, options.replace, options.allowDqBreach]
  const decided = recall && [
    recall.decision.move,
    recall.captures.map(({ id }) => id).sort(),
    [...(recall.release ?? [])],
  ]
  return sha256Hex(JSON.stringify([...work, ...(asked.length === 0 ? [] : [asked]), ...(decided ? [decided] : [])]))
}

/** With what providers answered: commits are stamped with it. */
function hashInputs(workHash: string, groups: readonly AnswerGroup[], again: readonly FetchedFile[]): string {
  const ids = [...again, ...groups.flatMap(({ fetched }) => fetched)].map(({ id }) => id).sort()
  return ids.length === 0 ? workHash : sha256Hex(JSON.stringify([workHash, ids]))
}

function sameWork(done: RunRecord, workHash: string): RunRecord {
  if ((done.work_hash ?? done.input_hash) === workHash) return { ...done, repeated: true }
  const message = `The run id ${done.run_id} was used on ${done.started_at} for other inputs, contracts or options. Nothing was written.`
  throw new SluiceError('SLUICE_RUN_ID_TAKEN', message)
}
