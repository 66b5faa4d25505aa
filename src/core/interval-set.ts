import type { Duration } from './duration.js'
import { cutInterval, type Interval } from './interval.js'

declare const normalised: unique symbol

/**
 * A set of moments, as few ranges as can say it: ascending, not overlapping, not touching. Twenty years of hours without
 * a gap are one range. Made by the functions of this file only.
 */
export type IntervalSet = readonly Interval[] & { readonly [normalised]: true }

export const NO_INTERVALS = [] as unknown as IntervalSet

/** The set of all given intervals, in any order, overlapping or not. Empty ones add nothing. */
export function intervalSet(intervals: Iterable<Interval>): IntervalSet {
  const sorted = [...intervals].filter(({ startMs, endMs }) => startMs < endMs).sort((a, b) => a.startMs - b.startMs)
  const ranges: Interval[] = []
  for (const { startMs, endMs } of sorted) {
    const last = ranges.at(-1)
    if (last === undefined || startMs > last.endMs) ranges.push({ startMs, endMs })
    else if (endMs > last.endMs) ranges[ranges.length - 1] = { startMs: last.startMs, endMs }
  }
  return ranges as unknown as IntervalSet
}

/** What is in one of them or in both. */
export function union(a: IntervalSet, b: IntervalSet): IntervalSet {
  return sweep(a, b, (inA, inB) => inA || inB)
}

/** What is in `a` and not in `b`. */
export function subtract(a: IntervalSet, b: IntervalSet): IntervalSet {
  return sweep(a, b, (inA, inB) => inA && !inB)
}

/** What is in both. */
export function intersect(a: IntervalSet, b: IntervalSet): IntervalSet {
  return sweep(a, b, (inA, inB) => inA && inB)
}

/** Whether the whole interval is in the set. An empty interval is in every set. */
export function covers(set: IntervalSet, { startMs, endMs }: Interval): boolean {
  if (startMs >= endMs) return true
  const range = set[firstEndingAfter(set, startMs)]
  return range !== undefined && range.startMs <= startMs && endMs <= range.endMs
}

/** What of a set lies in an interval: quick for few ranges of many. */
export function within(set: IntervalSet, { startMs, endMs }: Interval): IntervalSet {
  const ranges: Interval[] = []
  for (let at = firstEndingAfter(set, startMs); at < set.length && set[at]!.startMs < endMs; at++) {
    const range = set[at]!
    ranges.push({ startMs: Math.max(range.startMs, startMs), endMs: Math.min(range.endMs, endMs) })
  }
  return (startMs < endMs ? ranges : []) as unknown as IntervalSet
}

/** How many pieces `cutSet` would give: the pieces themselves are not made. */
export function countPieces(set: IntervalSet, longest: Duration): number {
  return set.reduce((sum, range) => sum + piecesOf(range, longest), 0)
}

/** The set in pieces of at most `longest` each, ascending; every range is cut from its own start. */
export function cutSet(set: IntervalSet, longest: Duration): Interval[] {
  return set.flatMap(range => cutInterval(range, longest))
}

/** A set as JSON: `[[startMs, endMs], …]`. */
export function toPairs(set: IntervalSet): [number, number][] {
  return set.map(({ startMs, endMs }) => [startMs, endMs])
}

/** The set that `toPairs` wrote, or undefined when the JSON value is none. */
export function fromPairs(value: unknown): IntervalSet | undefined {
  if (!Array.isArray(value) || !value.every(isPair)) return undefined
  return intervalSet(value.map(([startMs, endMs]) => ({ startMs, endMs })))
}

/** The place of the first range that ends after a time; the length of the set when none does. */
function firstEndingAfter(set: IntervalSet, ms: number): number {
  let [from, to] = [0, set.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (set[middle]!.endMs <= ms) from = middle + 1
    else to = middle
  }
  return from
}

function piecesOf(range: Interval, longest: Duration): number {
  if (longest.months === 0 && longest.ms > 0) return Math.ceil((range.endMs - range.startMs) / longest.ms)
  return cutInterval(range, longest).length
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger) && value[0] < value[1]
}

/** Walks over the edges of both sets at once. A set is entered at its even edges and left at its odd ones. */
function sweep(a: IntervalSet, b: IntervalSet, keep: (inA: boolean, inB: boolean) => boolean): IntervalSet {
  const ranges: Interval[] = []
  let startMs: number | undefined
  for (let i = 0, j = 0; i < 2 * a.length || j < 2 * b.length; ) {
    const [nextA, nextB] = [edge(a, i), edge(b, j)]
    const at = Math.min(nextA, nextB)
    if (nextA === at) i++
    if (nextB === at) j++
    const kept = keep(i % 2 === 1, j % 2 === 1)
    if (kept) startMs ??= at
    else if (startMs !== undefined) {
      ranges.push({ startMs, endMs: at })
      startMs = undefined
    }
  }
  return ranges as unknown as IntervalSet
}

function edge(set: IntervalSet, index: number): number {
  const range = set[index >> 1]
  if (range === undefined) return Number.POSITIVE_INFINITY
  return index % 2 === 0 ? range.startMs : range.endMs
}
