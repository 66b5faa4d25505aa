import { isoTime } from './clock.js'
import { addDuration, type Duration } from './duration.js'

/** Half-open time `[startMs, endMs)` in milliseconds since the Unix epoch, UTC. Never empty: startMs < endMs. */
export interface Interval {
  readonly startMs: number
  readonly endMs: number
}

/** `2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z`, as ISO 8601 writes intervals. */
export function formatInterval({ startMs, endMs }: Interval): string {
  return `${isoTime(startMs)}/${isoTime(endMs)}`
}

/**
 * Cuts an interval into pieces of at most `longest`, in order and without a gap. Pieces are counted from the start of the
 * interval; only the last may be shorter. Throws RangeError for a duration of no length.
 */
export function cutInterval(interval: Interval, longest: Duration): Interval[] {
  if (longest.months <= 0 && longest.ms <= 0) throw new RangeError('an interval cannot be cut into pieces of no length')
  const pieces: Interval[] = []
  let startMs = interval.startMs
  while (startMs < interval.endMs) {
    const next = addDuration(interval.startMs, longest, pieces.length + 1)
    const endMs = Math.min(next, interval.endMs)
    pieces.push({ startMs, endMs })
    startMs = endMs
  }
  return pieces
}

/** What `formatInterval` wrote. */
export function parseIntervalText(text: string): Interval {
  const [start = '', end = ''] = text.split('/')
  return { startMs: Date.parse(start), endMs: Date.parse(end) }
}
