/** How often a provider may be asked. */
export interface Rate {
  /** May be a fraction. */
  readonly perSecond: number
  /** So many requests may come at once after a pause; at least 1. */
  readonly burst: number
}

export interface Slots {
  /** When each request may be sent, ascending, none before now. */
  readonly timesMs: readonly number[]
  /** The theoretical arrival time after them: the one number that the limit remembers. */
  readonly tatMs: number
}

/**
 * Reserves up to `count` slots, none after `notAfterMs`, by the generic cell rate algorithm. `tatMs` is what the last
 * reservation left, 0 for none. No two reservations share a slot, and together they keep the rate in any span of time.
 */
export function reserveSlots(tatMs: number, nowMs: number, count: number, rate: Rate, notAfterMs: number): Slots {
  const spacingMs = 1000 / rate.perSecond
  const toleranceMs = (rate.burst - 1) * spacingMs
  const timesMs: number[] = []
  let next = Math.max(tatMs, nowMs)
  while (timesMs.length < count) {
    const timeMs = Math.max(nowMs, next - toleranceMs)
    if (timeMs > notAfterMs) break
    timesMs.push(timeMs)
    next += spacingMs
  }
  return { timesMs, tatMs: timesMs.length === 0 ? tatMs : next }
}

/** The time from which a reservation is possible again when nothing may be sent before `untilMs`. */
export function pausedTat(tatMs: number, untilMs: number, rate: Rate): number {
  return Math.max(tatMs, untilMs + ((rate.burst - 1) * 1000) / rate.perSecond)
}
