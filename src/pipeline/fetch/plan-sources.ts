import type { Clock } from '../../core/clock.js'
import { groupBy } from '../../core/group-by.js'
import type { Interval } from '../../core/interval.js'
import { lastDueMs } from '../pipes/schedule.js'
import type { PipeBook, PipeEntry } from './pipe-book.js'
import { askedTimes, type PipePlan, planPipe } from './plan-pipe.js'
import type { AskingPipe } from './requests.js'
import type { PipeBooks } from './source-states.js'

/** A pipe that asks a provider, what the lake knows of it, and what it has to ask now. */
export interface SourcePlan {
  readonly from: AskingPipe
  readonly entry: PipeEntry | undefined
  readonly plan: PipePlan
}

export interface PlanOptions {
  readonly clock: Clock
  /** The pipes were named: they are due whatever their schedules say. */
  readonly named: boolean
  /** Asks for this interval alone, whether it was fetched or not. */
  readonly only?: Interval | undefined
  /** With `only`: see `PlanTimes.past`. */
  readonly past?: boolean | undefined
}

/** What every pipe has to ask now. Reads the book of each provider once. */
export async function planSources(
  pipes: readonly AskingPipe[],
  books: PipeBooks,
  { clock, named, only, past }: PlanOptions,
): Promise<SourcePlan[]> {
  const nowMs = clock.now()
  const current = new Map<string, PipeBook>()
  for (const provider of groupBy(pipes, ({ provider }) => provider.name).keys())
    current.set(provider, await books.get(provider)!.read())
  return pipes.map(from => {
    const { pipe, provider, key, source } = from
    const entry = current.get(provider.name)?.[key]
    const dueMs = pipe.schedule === undefined ? undefined : lastDueMs(pipe.schedule, pipe.calendar, nowMs)
    const sinceMs = pipe.sinceMs ?? nowMs - YEAR_MS
    const times = { nowMs, dueMs, sinceMs, revisit: pipe.revisit, only, past, named }
    return { from, entry, plan: planPipe(askedTimes(source, pipe), entry, times) }
  })
}

/** Where the history of a pipe begins that does not say. */
const YEAR_MS = 365 * 86_400_000
