import { fixedClock, isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { isRunId, sha256Hex } from '../../core/ids.js'
import { formatInterval, type Interval } from '../../core/interval.js'
import type { Interval as Touched } from '../../gold/touched.js'
import { refuseOtherWork, snapshotOfRun } from '../../lake/commit-files.js'
import { checkTables } from '../contracts/check-tables.js'
import { guardContracts } from '../contracts/guard-contracts.js'
import { keepContracts } from '../contracts/kept-contracts.js'
import { type Deps, systemDeps } from '../deps.js'
import { tellingFailure } from '../events/tell.js'
import { openHoldStage } from '../holding/hold-stage.js'
import { prepareLake } from '../prepare-lake.js'
import { guardReferences } from '../project/guard-references.js'
import { hashProject } from '../project/hash-project.js'
import type { Project } from '../project/project.js'
import { loadReferences } from '../project/references.js'
import { publishQualityMetrics } from '../quality/quality-metrics.js'
import { parseAsKnownAt } from '../read/as-known-at.js'
import { recordRun } from '../record/record-run.js'
import type { DerivationRecord, RunRecord } from '../record/run-record.js'
import { findRun } from '../record/runs.js'
import type { RunContext } from '../run-context.js'
import { type Progress, startTimeline } from '../timeline.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { guardModels } from './bind-models.js'
import { type DerivedTable, deriveGold } from './derive.js'
import { wholeHistory } from './derived-marks.js'
import { noteTables } from './owed-gold.js'
import { downstreamOf, type PrintedModel, planModels } from './plan-models.js'
import { selectModels } from './select-models.js'
import { checkKeptName, type Keeping, keptLayer, storeKnown } from './store-known.js'

export interface DeriveOptions {
  /** Tables of models, see `selectModels`; empty: all. */
  readonly select: readonly string[]
  /** Derives the whole history again, not only what is owed. */
  readonly full: boolean
  /** Derives again what depends on this time, beside what is owed. */
  readonly interval?: Interval | undefined
  /**
   * Derives all of it over silver as known at this ISO time, and keeps that under the name `into`: the tables `gold_<into>.*`. Gold itself is left
   * as it is. `strict` refuses rows of which only a publication rule says when they were known.
   */
  readonly asKnownAt?: string | undefined
  readonly into?: string | undefined
  readonly strict?: boolean | undefined
  /** As that of `run`. */
  readonly runId?: string | undefined
  /** The wall clock of the run, in milliseconds since the epoch. */
  readonly nowMs?: number | undefined
  readonly onProgress?: ((event: Progress) => void) | undefined
}

/**
 * A run that only derives gold: what runs before have left, models that are new or changed, and, when asked for, a time or all of the history
 * again. Audit and commit are those of every run; files that come out the same stay as they are. A run that changes no table has
 * the status `nothing_due`, and one that found nothing to derive leaves no record. Throws SLUICE_ARGUMENT_INVALID, SLUICE_MODEL_UNKNOWN, SLUICE_RUN_ID_TAKEN and what a run throws.
 */
export async function derive(project: Project, options: DeriveOptions, deps: Deps = systemDeps): Promise<RunRecord> {
  const own = options.nowMs === undefined ? deps : { ...deps, clock: fixedClock(options.nowMs) }
  if (options.full && options.interval !== undefined) throw refused('All of the history has no --from and --to.')
  keepingOf(options)
  const runId = options.runId ?? own.ids.runId(own.clock.now())
  if (!isRunId(runId))
    throw new SluiceError('SLUICE_RUN_ID_INVALID', `"${runId.slice(0, 80)}" cannot be a run id. Nothing was written.`)
  const work = { project, options, deps: own, wallClock: deps.clock, runId, startedMs: own.clock.now() }
  return tellingFailure({ project, deps: own, runId, silent: false }, () => deriveOpen(work))
}

/** What is to be kept; undefined when gold itself is derived. Throws SLUICE_ARGUMENT_INVALID. */
function keepingOf({ asKnownAt, into, strict = false, full, interval }: DeriveOptions): Keeping | undefined {
  if (asKnownAt === undefined && into === undefined && !strict) return undefined
  const knownAt = parseAsKnownAt({ asKnownAt, strict })
  if (knownAt === undefined || into === undefined)
    throw refused('--as-known-at goes with --into: what was known at a time is kept under a name.', KEEP_EXAMPLE)
  if (full || interval !== undefined)
    throw refused('What was known at a time is derived as a whole: without --full, --from and --to.')
  checkKeptName(into)
  return { knownAt, name: into, strict }
}

const KEEP_EXAMPLE = 'Example: sluice derive --as-known-at 2026-01-01 --into year_end'

function refused(message: string, next?: string): SluiceError {
  return new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `${message} Nothing was written.`,
    next === undefined ? {} : { next },
  )
}

interface Work extends Pick<RunContext, 'project' | 'deps' | 'wallClock' | 'runId'> {
  readonly options: DeriveOptions
  readonly startedMs: number
}

async function deriveOpen(work: Work): Promise<RunRecord> {
  const { project, deps, runId } = work
  const connections = Math.max(1, Math.min(3, project.config.engine.threads))
  await using workspace = await openWorkspace(project, deps, { runId, connections })
  try {
    return await deriveIn(workspace, work)
  } catch (cause) {
    await workspace.takeBack(cause)
    throw cause
  }
}

async function deriveIn(workspace: Workspace, work: Work): Promise<RunRecord> {
  const { project, options, runId } = work
  const cpu = process.cpuUsage()
  const engine = workspace.engines[0]!
  await guardContracts(project.contracts, sql => engine.parse(sql))
  guardReferences(project)
  await loadReferences(project, engine)
  const models = await planModels(project, engine)
  const chosen = selectModels(models, options.select)
  const derivation = derivationOf(chosen, options)
  const workHash = sha256Hex(JSON.stringify(['derive', derivation, await hashProject(project)]))
  const done = await findRun(workspace.lake.store, runId)
  if (done !== undefined) return sameWork(done, workHash)
  const context = contextOf(workspace, work, workHash)
  await guardModels(context)
  const news = await checkTables([], project, workspace.lake, sql => engine.parse(sql))
  const published = options.runId === undefined ? new Set<string>() : await publishedBefore(context)
  await prepareLake(workspace.lake.store, project, work.deps.ids)
  await workspace.attempt.begin({
    ...{ startedMs: work.startedMs, wallMs: work.wallClock.now(), pipes: [], datasets: derivation.tables },
    timeline: context.timeline,
  })
  await keepContracts(news.contracts, workspace.lake.store)
  const keeping = keepingOf(options)
  const derived =
    keeping === undefined
      ? await deriveAsked(models, chosen, context, { ...options, published })
      : await storeKnown(models, chosen, keeping, context)
  const metrics = await publishQualityMetrics([], derived, [], context)
  return recordRun({
    ...{ context, startedMs: work.startedMs, cpu, fetched: [], sources: [], workHash, datasets: [], derivation },
    derived: [...derived, ...metrics],
    changes: news.diffs,
    store: derived.some(({ verdict, outcome }) => verdict !== undefined || outcome !== 'untouched'),
  })
}

async function deriveAsked(
  models: readonly PrintedModel[],
  chosen: readonly PrintedModel[],
  context: RunContext,
  { published, ...options }: DeriveOptions & { readonly published: ReadonlySet<string> },
): Promise<DerivedTable[]> {
  await noteAsked(models, chosen, context, options)
  return deriveGold([], context, new Set(chosen.map(model => `gold.${model.table}`)), published)
}

/** Notes what has to be derived again before any of it is: a run that is killed leaves the rest to the next one. */
async function noteAsked(
  models: readonly PrintedModel[],
  chosen: readonly PrintedModel[],
  context: RunContext,
  { full, interval }: DeriveOptions,
): Promise<void> {
  if (!full && interval === undefined) return
  const wanted = interval === undefined ? undefined : { start: interval.startMs, end: interval.endMs }
  const tables = chosen.map(model => `gold.${model.table}`)
  const affected = new Set([...chosen, ...downstreamOf(models, tables)])
  const owed = await Promise.all(
    [...affected].map(async model => {
      const history = await wholeHistory(model, context)
      return [`gold.${model.table}`, wanted === undefined ? history : sharedBy(history, wanted)] as const
    }),
  )
  const why = 'it was to be derived again, and the run that was asked to has not done it'
  await noteTables(new Map(owed.filter(([, changed]) => changed.length > 0)), why, context)
}

/** The parts of intervals that lie in another one. */
function sharedBy(intervals: readonly Touched[], { start, end }: Touched): Touched[] {
  return intervals
    .map(own => ({ start: Math.max(own.start, start), end: Math.min(own.end, end) }))
    .filter(own => own.start < own.end)
}

function derivationOf(chosen: readonly PrintedModel[], options: DeriveOptions): DerivationRecord {
  const { full, interval } = options
  const keeping = keepingOf(options)
  if (keeping !== undefined) {
    const tables = chosen.map(model => `${keptLayer(keeping.name)}.${model.table}`)
    return {
      tables,
      scope: 'known',
      as_known_at: isoTime(keeping.knownAt.atMs),
      into: keeping.name,
      strict: keeping.strict,
    }
  }
  const tables = chosen.map(model => `gold.${model.table}`)
  if (interval !== undefined) return { tables, scope: 'interval', interval: formatInterval(interval) }
  return { tables, scope: full ? 'full' : 'owed' }
}

function contextOf(workspace: Workspace, { project, options, deps, wallClock, runId }: Work, inputHash: string) {
  const plain = { params: {}, input: [], allowDqBreach: false, replace: false, dryRun: false }
  const runOptions = { ...plain, select: options.select }
  const context: RunContext = {
    ...{ project, options: runOptions, deps, wallClock, workspace, runId, inputHash },
    timeline: startTimeline(deps.clock, options.onProgress, workspace.counts),
    // No batch comes: there is nothing to hold.
    holding: openHoldStage({ project, options: runOptions, deps, workspace, runId }),
    writer: table => ({ lake: workspace.lake, table, runId, spool: workspace.spool }),
  }
  return context
}

/** The tables that a try of this run which died has committed. Throws SLUICE_RUN_ID_TAKEN when the one that died did something else. */
async function publishedBefore({ workspace: { lake }, runId, inputHash }: RunContext): Promise<Set<string>> {
  const published = new Set<string>()
  for (const name of await lake.catalog.list()) {
    const table = await lake.catalog.load(name)
    const own = table === undefined ? undefined : snapshotOfRun(table, runId)
    if (table === undefined || own === undefined) continue
    refuseOtherWork(table, own, { runId, inputHash })
    published.add(`${table.name.layer}.${table.name.dataset}`)
  }
  return published
}

function sameWork(done: RunRecord, workHash: string): RunRecord {
  if (done.input_hash === workHash) return { ...done, repeated: true }
  const message = `The run id ${done.run_id} was used on ${done.started_at} for other work. Nothing was written.`
  throw new SluiceError('SLUICE_RUN_ID_TAKEN', message)
}
