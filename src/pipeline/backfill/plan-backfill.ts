import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import type { Interval } from '../../core/interval.js'
import { openQuotaLedger } from '../../sources/http/quota-ledger.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { estimateLanes, largestRuns } from '../cost/estimate-lanes.js'
import { budgetShort, overBudgetOfRuns } from '../cost/hold-to-budget.js'
import { loadPricing } from '../cost/load-prices.js'
import type { Deps } from '../deps.js'
import { askingPipes, asksProvider } from '../fetch/asking-pipes.js'
import { quotaShort } from '../fetch/demand.js'
import { keyEnv } from '../fetch/key-env.js'
import type { PipeBook } from '../fetch/pipe-book.js'
import { openPipeBooks } from '../fetch/source-states.js'
import { resolvePipes } from '../pipes/resolve-pipes.js'
import type { Project } from '../project/project.js'
import { recentRuns } from '../record/recent-runs.js'
import type { BackfillOptions } from './backfill.js'
import type { BackfillEstimate, BackfillRecord, LaneRecord, Makings } from './backfill-record.js'
import { demandsFor, estimateOf } from './estimate.js'
import { lanesOf, type PartLimits } from './lanes.js'
import { changesBetween, makingsOf } from './makings.js'
import { entriesIn, type PastPipe, pastPipes, refuseNothing, type Skipped } from './past-pipes.js'
import { readBackfill } from './record-file.js'
import { backfillName } from './run-ids.js'
import { SAMPLE_BOOK } from './sampled.js'
import { laneWork } from './work.js'

const DAY_MS = 86_400_000
/** A run of so many requests is bounded in memory, and its fixed cost is small beside theirs. */
const PART_REQUESTS = 5000

/** What a backfill has to do now. */
export interface BackfillPlan {
  readonly name: string
  readonly range: Interval
  readonly pipes: ReadonlyMap<string, PastPipe>
  readonly skipped: readonly Skipped[]
  readonly lanes: readonly LaneRecord[]
  readonly estimate: BackfillEstimate
  readonly makings: Makings
  /** The record of the same backfill under the same project: it goes on. */
  readonly goesOn: BackfillRecord | undefined
  /** The record that there is, whatever changed since. */
  readonly known: BackfillRecord | undefined
}

/**
 * Plans what is missing, on what the lake knows now. Asks nobody and writes nothing. Throws SLUICE_ARGUMENT_INVALID for a time that cannot
 * be filled, SLUICE_BACKFILL_NOTHING, SLUICE_BACKFILL_UNKNOWN, SLUICE_BACKFILL_CHANGED, SLUICE_QUOTA_SHORT,
 * SLUICE_BUDGET_SHORT, SLUICE_PRICES_INVALID and what `resolvePipes` throws.
 */
export async function planBackfill(
  project: Project,
  options: BackfillOptions,
  store: ObjectStore,
  deps: Deps,
): Promise<BackfillPlan> {
  const nowMs = deps.clock.now()
  const range = checkedRange(options.interval, nowMs)
  const { select, exclude = [], params } = options
  const selected = await resolvePipes(project, { select, exclude, params, input: [] })
  const name = backfillName(range, await narrowing(project, options, selected.length))
  const asking = await askingPipes(
    selected.filter(asksProvider),
    project.config,
    await keyEnv(project.folder, deps.env),
  )
  const makings = await makingsOf(selected, asking, project)
  const known = await readBackfill(store, name)
  const changes = known === undefined ? [] : changesBetween(known.made_of, makings)
  if (options.resume) refuseToResume(name, known, changes)

  const sharing = { store, wait: deps.wait, random: deps.random }
  const books = new Map<string, PipeBook>()
  for (const [provider, book] of openPipeBooks([...asking.map(({ provider }) => provider.name), SAMPLE_BOOK], sharing))
    books.set(provider, await book.read())
  const byName = new Map(asking.map(from => [from.pipe.name, from]))
  const past = pastPipes(selected, byName, entriesIn(books), { range, nowMs })
  refuseNothing(past, range)

  const demands = demandsFor(past.pipes)
  const quota = await openQuotaLedger({ ...sharing, clock: deps.clock }).read()
  const short = options.partWay === true ? undefined : quotaShort(demands, quota, nowMs)
  if (short !== undefined) throw new SluiceError(short.code, short.message, { ...short.details, next: QUOTA_NEXT })
  const goesOn = changes.length === 0 ? known : undefined
  const pipes = new Map(past.pipes.map(pipe => [pipe.pipe.name, pipe]))
  const lanes = lanesFor(past.pipes, goesOn, options.workers, limitsOf(project))
  const records = await recentRuns(store)
  const estimate = estimateOf(past.pipes, { demands, quota, records, nowMs })
  const pricing = await loadPricing(project)
  const work = laneWork({ lanes, pipes, range }, goesOn)
  const expected = estimateLanes(work, records, estimate.seconds, pricing)
  const largest = () => largestRuns(work, records)
  const over = await overBudgetOfRuns(project, { all: expected, largest }, pricing, { nowMs, deps })
  const binding = options.partWay === true ? over.filter(({ span }) => span === 'run') : over
  if (binding.length > 0 && project.config.cost?.budget?.action === 'stop') throw budgetShort(binding)
  const { once, currency, price_list, basis } = expected
  const cost = { once, currency, price_list, basis }
  return {
    name,
    range,
    pipes,
    skipped: past.skipped,
    lanes,
    estimate: {
      ...estimate,
      seconds: expected.usage.wall_ms / 1000,
      cost,
      ...(over.length > 0 && { over_budget: over }),
    },
    makings,
    goesOn,
    known,
  }
}

const QUOTA_NEXT =
  'Ask for less (--select, another time), wait for the next month, or add --part-way to go as far as the credits do.'

/** Throws SLUICE_ARGUMENT_INVALID for times that nobody can know yet, and for no time at all. */
function checkedRange({ startMs, endMs }: Interval, nowMs: number): Interval {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS
  if (startMs >= endMs) throw refused(`The backfill would begin at ${isoTime(startMs)} and end at ${isoTime(endMs)}.`)
  if (endMs > today + DAY_MS || startMs >= nowMs)
    throw refused(
      `It is ${isoTime(nowMs)}, and the backfill would reach to ${isoTime(endMs)}: nobody knows the future.`,
    )
  if (startMs % 1000 !== 0 || endMs % 1000 !== 0) throw refused('A backfill begins and ends at a whole second.')
  return { startMs, endMs }
}

function refused(message: string): SluiceError {
  const next = 'Name days that are over, --end-date included: --start-date 2024-01-01 --end-date 2024-01-31.'
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was asked.`, { next })
}

function refuseToResume(name: string, known: BackfillRecord | undefined, changes: readonly string[]): void {
  if (known === undefined)
    throw new SluiceError('SLUICE_BACKFILL_UNKNOWN', `There is no ${name} to resume. Nothing was asked.`)
  if (changes.length === 0) return
  const message = `${name} was begun at ${known.started_at} under another project: ${changes.join(', ')}. Nothing was asked, and what it has published stays.`
  throw new SluiceError('SLUICE_BACKFILL_CHANGED', message, { changes })
}

/** What narrows a backfill, whatever is declared later; undefined: it is of all pipes that a plain run takes. */
async function narrowing(
  project: Project,
  { select, exclude = [], params }: BackfillOptions,
  selected: number,
): Promise<string | undefined> {
  if (select.length === 0 && exclude.length === 0 && Object.keys(params).length === 0) return undefined
  const text = JSON.stringify([[...select].sort(), [...exclude].sort(), Object.entries(params).sort()])
  if (Object.keys(params).length > 0) return text
  const whole = await resolvePipes(project, { select: [], params: {}, input: [] })
  return selected === whole.length ? undefined : text
}

function limitsOf({ config }: Project): PartLimits {
  return { requests: PART_REQUESTS, askSeconds: config.fetch.deadlineMs / 1000 }
}

/** Lanes that were begun stay: their runs have names that come of them. */
function lanesFor(
  pipes: readonly PastPipe[],
  goesOn: BackfillRecord | undefined,
  workers: number,
  limits: PartLimits,
): LaneRecord[] {
  const begun = goesOn?.lanes ?? []
  const inLanes = new Set(begun.flatMap(lane => lane.pipes))
  const others = pipes.filter(({ pipe }) => !inLanes.has(pipe.name))
  return [...begun, ...lanesOf(others, begun.length === 0 ? workers : 1, limits)]
}
