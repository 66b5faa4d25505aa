import type { Random } from '../../core/random.js'
import type { Meaning } from '../answers/meaning.js'

export interface RetryPolicy {
  /** The first one included. */
  readonly attempts: number
  /** The longest pause after the first attempt; it doubles with each. */
  readonly baseMs: number
  readonly capMs: number
}

/** What may pass by itself, and how often it is tried at all. A page for browsers is asked past only once: it is no accident. */
const ATTEMPTS: Readonly<Partial<Record<Meaning, number>>> = {
  rate_limited: Number.POSITIVE_INFINITY,
  unavailable: Number.POSITIVE_INFINITY,
  truncated: Number.POSITIVE_INFINITY,
  blocked: 2,
}

/**
 * How long to wait before the next attempt, or undefined when there is none. Full jitter: anything from no time to the longest,
 * so that what failed together does not come again together. `statedMs` is what the provider asked for: never less than that.
 */
export function retryDelayMs(
  failed: { readonly meaning: Meaning; readonly attempt: number; readonly statedMs?: number | undefined },
  policy: RetryPolicy,
  random: Random,
): number | undefined {
  if (failed.attempt >= Math.min(policy.attempts, ATTEMPTS[failed.meaning] ?? 0)) return undefined
  if (failed.statedMs !== undefined) return failed.statedMs + random() * policy.baseMs
  return random() * Math.min(policy.capMs, policy.baseMs * 2 ** (failed.attempt - 1))
}
