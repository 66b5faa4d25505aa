import { byteSize } from '../../core/byte-size.js'
import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { formatInterval, type Interval } from '../../core/interval.js'
import { permits } from '../../core/permits.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { type Deps, systemDeps } from '../deps.js'
import { lakeStore } from '../lake-store.js'
import { prepareLake } from '../prepare-lake.js'
import type { Project } from '../project/project.js'
import { type BackfillLease, takeBackfill } from './backfill-lease.js'
import type { BackfillRecord } from './backfill-record.js'
import { deriveOwed } from './derive-owed.js'
import { type Journal, openJournal, withPart } from './journal.js'
import { firstRecord, isSettled, statusOf } from './outcome.js'
import { type BackfillPlan, planBackfill } from './plan-backfill.js'
import { type BackfillProgress, openProgress } from './progress.js'
import { newPart, runPart } from './run-part.js'
import { noteSamples } from './sampled.js'
import { type LaneWork, laneWork } from './work.js'

export interface BackfillOptions {
  /** Half-open, whole seconds. */
  readonly interval: Interval
  /** Pipes by terms, see `selectPipes`; empty: all that need no parameter. */
  readonly select: readonly string[]
  readonly exclude?: readonly string[] | undefined
  readonly params: Readonly<Record<string, string>>
  /** Publishes the accepted rows although a threshold is broken. */
  readonly allowDqBreach: boolean
  /** So many lanes of pipes at once. Providers' limits hold for all of them together. */
  readonly workers: number
  /** Goes on with a backfill that was begun, under the same project only. */
  readonly resume: boolean
  /** Says what would be asked; writes nothing. */
  readonly dryRun: boolean
  /** Asks as far as the credits of this month go. Else what they cannot hold is refused. */
  readonly partWay?: boolean | undefined
  /** Ends the fetching early: what is fetched by then is published, and the rest is for the next time. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: BackfillProgress) => void) | undefined
}

/** What has to be said: the time. All pipes that need no parameter, unless told otherwise. */
export type BackfillRequest = Pick<BackfillOptions, 'interval'> & Partial<BackfillOptions>

const PLAIN = { select: [], params: {}, allowDqBreach: false, workers: 1, resume: false, dryRun: false }

/**
 * Asks for what is missing of past intervals and publishes it, a run for each part; gold is derived when all of it is there. The same call
 * again goes on where the last one ended, however it ended. What the lake knows of the present stays as it is. Throws what `planBackfill`
 * throws, SLUICE_BACKFILL_RUNNING, and what stops a run, such as SLUICE_STORE_FULL: then the parts that are done stay done.
 */
export async function backfill(
  project: Project,
  given: BackfillRequest,
  deps: Deps = systemDeps,
): Promise<BackfillRecord> {
  const options = { ...PLAIN, ...given }
  refuseWorkers(options.workers)
  const store = await lakeStore(project)
  const plan = await planBackfill(project, options, store, deps)
  if (options.dryRun) return { ...recordFor(plan, options, deps), status: 'planned' }
  const known = plan.goesOn
  if (known?.status === 'complete' && isSettled(known) && laneWork(plan).every(({ total }) => total === 0)) return known
  await prepareLake(store, project, deps.ids)
  const lease = await takeBackfill(plan.name, project, store, deps)
  try {
    // Another one may have worked on it until the lease was free.
    return await work(await planBackfill(project, options, store, deps), { project, options, store, deps, lease })
  } finally {
    await lease.release()
  }
}

interface Working {
  readonly project: Project
  readonly options: BackfillOptions
  readonly store: ObjectStore
  readonly deps: Deps
  readonly lease: BackfillLease
}

async function work(plan: BackfillPlan, working: Working): Promise<BackfillRecord> {
  const { options, store, deps } = working
  const journal = openJournal(recordFor(plan, options, deps), store, deps.clock)
  await journal.change(record => ({ ...record, status: 'running' }))
  const stopped = new AbortController()
  const signal = options.signal === undefined ? stopped.signal : AbortSignal.any([options.signal, stopped.signal])
  const progress = openProgress(journal.record().estimate.requests, options.onProgress)
  const gate = permits(options.workers)
  const lanes = laneWork(plan, journal.record())
  const project = withShare(working.project, Math.min(options.workers, lanes.length))
  const ends = await Promise.allSettled(
    lanes.map(lane =>
      gate.with(() =>
        workLane(lane, { ...working, project, plan, journal, signal, progress }).catch((cause: unknown) => {
          stopped.abort()
          throw cause
        }),
      ),
    ),
  )
  const fault = ends.find(end => end.status === 'rejected')
  if (fault !== undefined) {
    // The fault itself is what must be told; a disk that is full takes no note either.
    await journal.change(record => ({ ...record, status: 'interrupted' })).catch(() => undefined)
    throw fault.reason
  }
  if (!signal.aborted) await deriveOwed(working, journal, progress)
  await journal.change(record => ({ ...record, status: signal.aborted ? 'interrupted' : statusOf(record) }))
  return journal.record()
}

interface LaneContext extends Working {
  readonly plan: BackfillPlan
  readonly journal: Journal
  readonly signal: AbortSignal
  readonly progress: ReturnType<typeof openProgress>
}

async function workLane(lane: LaneWork, context: LaneContext): Promise<void> {
  const { plan, journal, signal, progress, store, deps, lease } = context
  const { name, makings } = plan
  for (const part of lane.parts()) {
    if (signal.aborted) return
    await lease.renew()
    const interval = formatInterval(part.interval)
    const before = journal.record().intervals.find(one => one.lane === part.lane && one.interval === interval)
    const own = progress.part(part.requests, interval)
    const done = await runPart(part, before ?? newPart(part), {
      ...{ project: context.project, options: context.options, deps, name, makings, signal },
      onProgress: own.report,
      note: entry =>
        journal.change(record => ({
          ...withPart(record, entry),
          gold: { ...record.gold, state: entry.rows > 0 ? 'owed' : record.gold.state },
        })),
    })
    await noteSamples(part, done, { store, wait: deps.wait, random: deps.random })
    own.end(done)
  }
}

/** The record of a plan: what was done of it before, and what waits. */
function recordFor(plan: BackfillPlan, options: BackfillOptions, { clock }: Deps): BackfillRecord {
  return firstRecord(plan, options, isoTime(clock.now()))
}

/** Engines that work side by side share the memory of one. */
function withShare(project: Project, engines: number): Project {
  const { engine } = project.config
  if (engines < 2) return project
  const memoryLimit = `${Math.floor(byteSize(engine.memoryLimit) / engines / 1e6)}MB`
  return { ...project, config: { ...project.config, engine: { ...engine, memoryLimit } } }
}

function refuseWorkers(workers: number): void {
  if (Number.isInteger(workers) && workers >= 1 && workers <= MOST_WORKERS) return
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `--workers is a whole number from 1 to ${MOST_WORKERS}. Nothing was asked.`,
  )
}

const MOST_WORKERS = 16
