/** The only source of wall-clock time. Passed in everywhere, so that a run can be repeated to the byte. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  now(): number
  /** A monotonic reading in milliseconds, for durations only. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/** A clock whose wall time stands still; durations still pass. `--now` and tests use it. */
export function fixedClock(nowMs: number): Clock {
  return { now: () => nowMs, monotonicMs: () => performance.now() }
}

/** `2026-11-22T12:15:00.000Z` */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
