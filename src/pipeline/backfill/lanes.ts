import { addDuration, type Duration, parseDuration } from '../../core/duration.js'
import { groupBy } from '../../core/group-by.js'
import type { Interval } from '../../core/interval.js'
import { countPieces, type IntervalSet } from '../../core/interval-set.js'
import type { LaneRecord } from './backfill-record.js'
import { lacksIn, type PastPipe } from './past-pipes.js'

/** What one run of a backfill may take on: it bounds memory, and what a crash repeats. */
export interface PartLimits {
  /** So many requests at most, unless every pipe has but one. */
  readonly requests: number
  /** So long may a run ask. */
  readonly askSeconds: number
}

/** One run's work: what a lane lacks in a window. */
export interface Part {
  readonly lane: number
  readonly interval: Interval
  readonly pipes: readonly PastPipe[]
  readonly requests: number
}

/** A run leaves room for retries and slow answers. */
const SHARE_OF_DEADLINE = 0.7

/**
 * Pipes in lanes: those of one provider whose requests may be equally long, so that windows can be cut where requests end and none is
 * cut in two. At least `wanted` lanes as long as there are pipes for them. A window is a whole number of longest requests; null: all at once.
 */
export function lanesOf(pipes: readonly PastPipe[], wanted: number, limits: PartLimits): LaneRecord[] {
  const groups = groupBy(pipes, ({ pipe, from, longest = '' }) =>
    JSON.stringify(from === undefined ? [pipe.name] : [from.provider.name, longest]),
  )
  const split = splitUp([...groups.values()], wanted, limits.requests)
  return split.map(own => ({ pipes: own.map(({ pipe }) => pipe.name), window: windowOf(own, limits) }))
}

/** Halves the largest groups: until there are enough, and until none has more pipes than a run may have requests. */
function splitUp(groups: readonly (readonly PastPipe[])[], wanted: number, most: number): (readonly PastPipe[])[] {
  const found = [...groups]
  for (;;) {
    const largest = found.reduce((at, group, place) => (group.length > found[at]!.length ? place : at), 0)
    const group = found[largest]
    if (group === undefined || group.length < 2 || (found.length >= wanted && group.length <= most)) return found
    const half = Math.ceil(group.length / 2)
    found.splice(largest, 1, group.slice(0, half), group.slice(half))
  }
}

function windowOf(pipes: readonly PastPipe[], { requests, askSeconds }: PartLimits): Duration | null {
  const [first] = pipes
  const longest = durationOf(first?.longest)
  if (longest === undefined) return null
  if (first?.from === undefined) return longest
  const { perSecond } = first.from.provider.limits
  const most = Math.min(requests, Math.floor(perSecond * askSeconds * SHARE_OF_DEADLINE))
  const times = Math.max(1, Math.floor(most / pipes.length))
  return { months: longest.months * times, ms: longest.ms * times }
}

/** The parts of a lane that have something to do, by time. `mustRun`: windows to give although nothing is missing. */
export function* partsOf(
  { lane, window }: { readonly lane: number; readonly window: Duration | null },
  pipes: readonly PastPipe[],
  range: Interval,
  mustRun: (interval: Interval) => boolean = () => false,
): Generator<Part> {
  let startMs = range.startMs
  for (let count = 1; startMs < range.endMs; count++) {
    const endMs = window === null ? range.endMs : Math.min(range.endMs, addDuration(range.startMs, window, count))
    const interval = { startMs, endMs }
    startMs = endMs
    let requests = 0
    let waits = false
    for (const pipe of pipes) {
      const lacks = lacksIn(pipe, interval)
      requests += requestsFor(lacks.missing, pipe)
      waits ||= lacks.waits.length > 0
    }
    if (requests > 0 || waits || mustRun(interval)) yield { lane, interval, pipes, requests }
  }
}

/** Requests that a set takes; they are not made for it. */
export function requestsFor(missing: IntervalSet, { longest }: Pick<PastPipe, 'longest'>): number {
  const duration = durationOf(longest)
  return duration === undefined ? missing.length : countPieces(missing, duration)
}

function durationOf(text: string | undefined): Duration | undefined {
  const known = text === undefined ? undefined : (durations.get(text) ?? parseDuration(text))
  if (text !== undefined && known !== undefined) durations.set(text, known)
  return known
}

const durations = new Map<string, Duration>()
