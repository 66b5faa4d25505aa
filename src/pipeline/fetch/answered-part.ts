import type { Interval } from '../../core/interval.js'
import type { Ask } from './plan-pipe.js'

/** Clocks of machines differ by so much without being wrong. */
const TOLERANCE_MS = 60_000

/**
 * What an answer settles of what was asked: nothing that was not over when the provider made it, by the provider's own clock. A clock of
 * ours that is ahead, or a cache between, would else book days as fetched that nobody has seen.
 */
export function answeredPart({ settles }: Ask, headers: Readonly<Record<string, string>>): Interval | undefined {
  if (settles === undefined) return undefined
  const madeMs = Date.parse(headers['date'] ?? '')
  if (Number.isNaN(madeMs) || madeMs + TOLERANCE_MS >= settles.endMs) return settles
  return madeMs <= settles.startMs ? undefined : { startMs: settles.startMs, endMs: madeMs }
}
