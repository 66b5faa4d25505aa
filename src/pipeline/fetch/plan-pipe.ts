import { type Duration, durationMs, parseDuration } from '../../core/duration.js'
import type { Interval } from '../../core/interval.js'
import { cutSet, type IntervalSet, intersect, intervalSet, NO_INTERVALS, subtract } from '../../core/interval-set.js'
import type { Pipe } from '../../sources/pipe.js'
import type { Source } from '../../sources/source.js'
import { fetchedOf, type PipeEntry } from './pipe-book.js'

/** What one pipe has to ask for. */
export interface PipePlan {
  /** Ascending. Without an interval: what is now. */
  readonly asks: readonly Ask[]
  /** Whether done intervals were opened again. */
  readonly revisited: boolean
  /** Why there is nothing to ask. */
  readonly idle?: 'not due' | 'done' | 'waiting after a failure' | 'only the present' | 'out of reach'
}

export interface Ask {
  readonly interval?: Interval
  /** The part of the interval that is over, so that an answer settles it. */
  readonly settles?: Interval
}

export interface PlanTimes {
  readonly nowMs: number
  /** The newest time at which the schedule was due; undefined for a pipe that is always due. */
  readonly dueMs: number | undefined
  /** Where the pipe's history begins. */
  readonly sinceMs: number
  readonly revisit?: { readonly lastMs: number; readonly everyMs: number } | undefined
  /** Only what is in it, whatever the schedule says. */
  readonly only?: Interval | undefined
  /** With `only`: what of it is over and was never fetched, and nothing else. */
  readonly past?: boolean | undefined
  /** A pipe that was named is due whatever its schedule says. */
  readonly named: boolean
}

/** What of a source decides which intervals are asked for. */
export interface SourceTimes extends Pick<Source, 'asks' | 'grain' | 'reach' | 'since'> {
  /** Whether `since` is what the pipe says. */
  readonly isOfPipe?: true
}

/** The times of a source as a pipe asks it: what it asks for may begin later than the first of all. */
export function askedTimes<Times extends SourceTimes>(source: Times, { firstDay }: Pick<Pipe, 'firstDay'>): Times {
  if (firstDay === undefined || firstDay <= (source.since ?? '')) return source
  return { ...source, since: firstDay, isOfPipe: true }
}

const DAY_MS = 86_400_000

/**
 * Which intervals of a pipe are missing. Intervals begin and end at multiples of the source's grain; the last one reaches to the end
 * of the period that is not over yet, which no answer settles. A pipe that is not due asks for nothing, and neither does one that knows
 * only the present for an interval. Pure.
 */
export function planPipe(source: Source, entry: PipeEntry | undefined, times: PlanTimes): PipePlan {
  const { missing, revisited, idle, overMs = 0 } = missingOf(source, entry, times)
  if (idle !== undefined) return { asks: [], revisited: false, idle }
  if (missing === undefined) return { asks: [{}], revisited: false }
  const asks = cut(missing, source).map(interval => ({ interval, ...settledPart(interval, overMs) }))
  return asks.length === 0 ? { asks, revisited: false, idle: 'done' } : { asks, revisited }
}

/** What of a pipe is to be asked for, before it is cut into requests; without `missing`: what is now. */
export interface Missing extends Pick<PipePlan, 'idle' | 'revisited'> {
  readonly missing?: IntervalSet
  /** Where the period begins that is not over. */
  readonly overMs?: number
}

/** See `planPipe`. Its size goes by the gaps in what is fetched, not by their length. Pure. */
export function missingOf(source: SourceTimes, entry: PipeEntry | undefined, times: PlanTimes): Missing {
  const { nowMs, named, only, past = false } = times
  if (source.asks === 'now' && only !== undefined) return { revisited: false, idle: 'only the present' }
  const idle = named || only !== undefined ? undefined : idleReason(entry, times)
  if (idle !== undefined) return { revisited: false, idle }
  if (source.asks === 'now') return { revisited: false }
  const grainMs = grainOf(source)
  const overMs = Math.floor(nowMs / grainMs) * grainMs
  // One moment further back is a refusal.
  const reachMs = Math.ceil(firstOf(source, nowMs) / grainMs) * grainMs
  if (only !== undefined && only.endMs <= reachMs) return { revisited: false, idle: 'out of reach' }
  // Who names an interval wants it, also before the history that the pipe keeps up.
  const sinceMs = only === undefined ? times.sinceMs : Math.min(only.startMs, times.sinceMs)
  const startMs = Math.max(Math.floor(sinceMs / grainMs) * grainMs, reachMs)
  const whole = intervalSet([{ startMs, endMs: overMs + (overMs < nowMs && !past ? grainMs : 0) }])
  const revisits = times.revisit !== undefined && nowMs - (entry?.revisitedMs ?? 0) >= nearly(times.revisit.everyMs)
  const reopened = revisits
    ? [{ startMs: Math.floor((nowMs - times.revisit!.lastMs) / grainMs) * grainMs, endMs: nowMs }]
    : []
  const done = past ? fetchedOf(entry) : subtract(fetchedOf(entry), intervalSet(reopened))
  const wanted = times.only === undefined ? whole : intersect(whole, widened(times.only, grainMs))
  const missing = subtract(wanted, times.only === undefined || past ? done : NO_INTERVALS)
  return { missing, revisited: revisits && !past, overMs }
}

/** A schedule of the same length fires a moment sooner or later: a day is over after nine tenths of it. */
function nearly(ms: number): number {
  return ms * 0.9
}

/** A failure is tried again at the next run, unless the provider said when. */
function idleReason(entry: PipeEntry | undefined, { dueMs, nowMs }: PlanTimes): PipePlan['idle'] {
  if (entry?.failure !== undefined) return (entry.failure.againMs ?? 0) > nowMs ? 'waiting after a failure' : undefined
  if (dueMs === undefined || entry?.askedMs === undefined) return undefined
  return dueMs > entry.askedMs ? undefined : 'not due'
}

/** Before it the provider answers for nothing. */
function firstOf(source: SourceTimes, nowMs: number): number {
  const sinceMs = source.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(source.since)
  return Math.max(reachOf(source, nowMs), sinceMs)
}

function reachOf({ reach }: SourceTimes, nowMs: number): number {
  const backMs = reach === undefined ? undefined : durationMs(reach)
  return backMs === undefined ? Number.NEGATIVE_INFINITY : nowMs - backMs
}

/** Why a provider has no answer for times so far back. */
export function whyOutOfReach(source: SourceTimes, nowMs: number): string {
  return firstOf(source, nowMs) === reachOf(source, nowMs)
    ? `its provider answers for the last ${source.reach} alone`
    : source.isOfPipe === true
      ? `it says that its provider has nothing before ${source.since}: \`first_day\``
      : `its source does not reach further back than ${source.since}`
}

/** Days, where a source does not say. */
function grainOf({ grain }: SourceTimes): number {
  return (grain === undefined ? undefined : durationMs(grain)) ?? DAY_MS
}

function widened({ startMs, endMs }: Interval, grainMs: number): IntervalSet {
  return intervalSet([
    { startMs: Math.floor(startMs / grainMs) * grainMs, endMs: Math.ceil(endMs / grainMs) * grainMs },
  ])
}

function cut(missing: IntervalSet, { longest }: Source): Interval[] {
  const duration: Duration | undefined = longest === undefined ? undefined : parseDuration(longest)
  return duration === undefined ? [...missing] : cutSet(missing, duration)
}

function settledPart({ startMs, endMs }: Interval, overMs: number): { settles?: Interval } {
  const settledEnd = Math.min(endMs, overMs)
  return settledEnd > startMs ? { settles: { startMs, endMs: settledEnd } } : {}
}
