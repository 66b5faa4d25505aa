import type { Clock } from '../../../src/core/clock.js'
import type { Wait } from '../../../src/core/wait.js'

/** A clock that stands still until somebody waits; then it jumps to the end of that wait, and remembers it. */
export interface JumpClock extends Clock {
  readonly wait: Wait
  readonly waits: number[]
  advance(ms: number): void
}

export function jumpClock(startMs = Date.parse('2026-11-22T12:00:00Z')): JumpClock {
  let nowMs = startMs
  const waits: number[] = []
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    waits,
    advance(ms) {
      nowMs += ms
    },
    async wait(ms, signal) {
      if (signal?.aborted === true) return
      waits.push(ms)
      nowMs += Math.max(0, ms)
      await Promise.resolve()
    },
  }
}
