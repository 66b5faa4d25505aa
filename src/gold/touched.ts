import type { Grain } from '../contract/contract.js'
import { ordinalRange, transformOrdinal } from '../iceberg/transforms.js'

/** Half-open `[start, end)` in milliseconds since the epoch, UTC. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** All of time: nothing is before or after it. */
export const EVER: Interval = { start: -8.64e15, end: 8.64e15 }

export interface Slice {
  /** Whole partitions of the output whose rows are computed again and replaced. */
  readonly rewrite: Interval
  /** The input rows that those rows depend on. */
  readonly read: Interval
}

/**
 * What a model must recompute after its inputs changed in `touched`: a change at time x reaches output rows in
 * [x - lookahead, x + lookback], rounded out to whole partitions, and those need input from lookback earlier on to lookahead later. The
 * slices are apart and in order; computing each of them alone gives the same rows as computing everything at once.
 * `horizon` is the end of the newest input: nothing is rewritten after the partition that holds it.
 */
export function slicesToRewrite(
  touched: readonly Interval[],
  model: { readonly grain: Grain; readonly lookbackMs: number; readonly lookaheadMs?: number },
  horizon = Number.POSITIVE_INFINITY,
): Slice[] {
  const { lookbackMs, lookaheadMs = 0 } = model
  const reached = touched
    .filter(({ start, end }) => start < end)
    .map(({ start, end }) => ({ start: start - lookaheadMs, end: Math.min(end + lookbackMs, Math.max(end, horizon)) }))
    .map(({ start, end }) => ({ start: partitionStart(start, model.grain), end: partitionEnd(end, model.grain) }))
  return mergeIntervals(reached).map(rewrite => ({
    rewrite,
    read: { start: rewrite.start - lookbackMs, end: rewrite.end + lookaheadMs },
  }))
}

/**
 * The same slices in smaller pieces, cut between partitions, so that a piece weighs at most `limit` unless one partition alone
 * weighs more. `weigh` says how much input a read interval holds (rows). For models without lookback and lookahead, where pieces share
 * no input; the rows are the same either way.
 */
export function cutSlices(
  slices: readonly Slice[],
  grain: Grain,
  weigh: (read: Interval) => number,
  limit: number,
): Slice[] {
  const pieces: Interval[] = []
  for (const { rewrite } of slices) {
    let piece: Interval | undefined
    for (let start = rewrite.start; start < rewrite.end; start = partitionEnd(start + 1, grain)) {
      const partition = { start, end: partitionEnd(start + 1, grain) }
      const longer: Interval = { start: piece?.start ?? start, end: partition.end }
      if (piece !== undefined && weigh(longer) > limit) {
        pieces.push(piece)
        piece = partition
      } else piece = longer
    }
    if (piece !== undefined) pieces.push(piece)
  }
  return pieces.map(rewrite => ({ rewrite, read: rewrite }))
}

/** The same points in time as few intervals that neither overlap nor touch, in order. */
export function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of [...intervals].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/** An interval, rounded out to whole partitions. */
export function wholePartitions({ start, end }: Interval, grain: Grain): Interval {
  return { start: partitionStart(start, grain), end: partitionEnd(end, grain) }
}

function partitionStart(ms: number, grain: Grain): number {
  return ordinalRange(grain, ordinalAt(ms, grain)).startMs
}

/** End of the partition that holds the last moment before an exclusive `end`. */
function partitionEnd(end: number, grain: Grain): number {
  return ordinalRange(grain, ordinalAt(end - 1, grain)).endMs
}

function ordinalAt(ms: number, grain: Grain): number {
  return transformOrdinal(grain, BigInt(ms) * 1000n)
}
