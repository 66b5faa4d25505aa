import { setMaxListeners } from 'node:events'
import type { Clock } from '../../core/clock.js'
import type { Random } from '../../core/random.js'
import type { Wait } from '../../core/wait.js'
import type { Expectation } from '../answers/classify.js'
import type { Meaning } from '../answers/meaning.js'
import type { Provider } from '../source.js'
import type { BreakerPolicy, Breakers } from './breaker.js'
import { type Declined, type Lane, openLane } from './lane.js'
import { outlet } from './outlet.js'
import type { QuotaLedger } from './quota-ledger.js'
import type { HttpRequest } from './request.js'
import { type RetryPolicy, retryDelayMs } from './retry.js'
import type { Answer, Transport } from './transport.js'

/** One thing to ask. Callers add what they need to know it again: pipe, interval, page. */
export interface AnswerRequest {
  readonly provider: Provider
  readonly request: HttpRequest
  readonly expects: Expectation
  /** Why the key that goes with it cannot be used. */
  readonly keyFault?: string
}

/** What became of a request. */
export interface Outcome<R extends AnswerRequest> {
  readonly asked: R
  /** `not_finished`: the run ended first; nothing is known. */
  readonly meaning: Meaning | 'not_finished'
  readonly why: string
  /** In order. Each answer that came is in here, to be kept as evidence, whatever it means. */
  readonly attempts: readonly Attempt[]
  /** The answer of the last attempt, if it brought one. */
  readonly answer?: Answer
  /** When it is worth asking again, where that is known. */
  readonly againMs?: number
}

export interface Attempt {
  readonly meaning: Meaning
  readonly why: string
  readonly requestedAtMs: number
  readonly receivedAtMs: number
  readonly answer?: Answer
}

export interface FetchPolicy<R extends AnswerRequest> {
  /** Wall-clock time at which fetching ends, whatever is still to do. */
  readonly endsAtMs: number
  readonly retry: RetryPolicy
  readonly breaker: BreakerPolicy
  /** Stops everything, as the end of the time does. */
  readonly signal?: AbortSignal
  /** The request for the next page, if there is one. */
  readonly follow?: (outcome: Outcome<R>) => R | undefined
  /** Answers that wait to be taken may hold so many bytes; then no more are asked for. */
  readonly waitingBytes?: number
}

export interface FetchDeps {
  readonly clock: Clock
  readonly wait: Wait
  readonly random: Random
  readonly transport: Transport
  readonly quota: QuotaLedger
  readonly breakers: Breakers
}

const WAITING_BYTES = 64 * 1024 * 1024

/**
 * Asks everything, each provider and key at its own pace and none waiting for another, and yields each outcome as soon as it is
 * known. Every request has exactly one outcome. Failures of network and providers are outcomes; only a failure of the lake, where
 * limits are kept, throws. A consumer that stops early stops all requests.
 */
export async function* fetchAnswers<R extends AnswerRequest>(
  requests: Iterable<R>,
  policy: FetchPolicy<R>,
  deps: FetchDeps,
): AsyncGenerator<Outcome<R>> {
  const stop = new AbortController()
  const signal = policy.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, policy.signal])
  // Every request that waits listens to it.
  setMaxListeners(0, signal)
  const ready = outlet<Outcome<R>>(policy.waitingBytes ?? WAITING_BYTES)
  const lanes = new Map<string, Lane>()
  let open = 0

  function start(asked: R): void {
    const bucket = bucketOf(asked)
    const lane = lanes.get(bucket) ?? openLane({ ...laneOptions(asked, bucket) })
    lanes.set(bucket, lane)
    open++
    lane.enter()
    fetchOne(asked, lane, policy, { ...deps, signal })
      .then(outcome => {
        lane.leave()
        ready.put(
          outcome,
          outcome.attempts.reduce((sum, { answer }) => sum + (answer?.body.length ?? 0), 0),
        )
        const next = policy.follow?.(outcome)
        if (next !== undefined) start(next)
      })
      .catch(ready.fail)
      .finally(() => {
        if (--open === 0) ready.end()
      })
  }

  const laneOptions = (asked: R, bucket: string): Parameters<typeof openLane>[0] => {
    const { endsAtMs, breaker: breakerPolicy } = policy
    return { ...deps, bucket, provider: asked.provider, endsAtMs, breakerPolicy, signal, room: ready.room }
  }

  for (const asked of requests) start(asked)
  if (open === 0) ready.end()
  try {
    yield* ready.items()
  } finally {
    stop.abort()
    await ready.drained()
    await Promise.all([...lanes.values()].map(lane => lane.close()))
  }
}

/** What limits and breakers are kept for: a provider with a key. */
export function bucketOf({ provider, request }: AnswerRequest): string {
  return request.key === undefined ? provider.name : `${provider.name}:${request.key.secret.fingerprint}`
}

async function fetchOne<R extends AnswerRequest>(
  asked: R,
  lane: Lane,
  { retry, endsAtMs }: FetchPolicy<R>,
  { clock, wait, random, signal }: FetchDeps & { signal: AbortSignal },
): Promise<Outcome<R>> {
  const attempts: Attempt[] = []
  const missing = missingKey(asked)
  if (missing !== undefined) return { asked, attempts, meaning: 'refused', why: missing }
  for (;;) {
    const result = await lane.ask(asked)
    if (result.outcome === 'declined') return declined(asked, attempts, result)
    const { attempt, statedMs } = result
    attempts.push(attempt)
    const delayMs = retryDelayMs({ meaning: attempt.meaning, attempt: attempts.length, statedMs }, retry, random)
    const again = statedMs === undefined ? {} : { againMs: clock.now() + statedMs }
    if (delayMs === undefined) {
      const { meaning, why, answer } = attempt
      return { asked, attempts, meaning, why, ...(answer && { answer }), ...(meaning === 'rate_limited' && again) }
    }
    if (clock.now() + delayMs >= endsAtMs) return declined(asked, attempts, { ...again, ...OUT_OF_TIME })
    await wait(delayMs, signal)
  }
}

const OUT_OF_TIME = {
  outcome: 'declined',
  meaning: 'not_finished',
  why: 'the time of the run would be up first',
} as const

function declined<R extends AnswerRequest>(
  asked: R,
  attempts: readonly Attempt[],
  { meaning, why, againMs }: Declined,
): Outcome<R> {
  const last = attempts.at(-1)
  const { answer } = last ?? {}
  const told = last === undefined ? why : `${why}; the last attempt: ${last.why}`
  return { asked, attempts, meaning, why: told, ...(answer && { answer }), ...(againMs !== undefined && { againMs }) }
}

function missingKey({ provider: { key }, request, keyFault }: AnswerRequest): string | undefined {
  if (keyFault !== undefined) return keyFault
  if (key?.required !== true || request.key !== undefined) return undefined
  return `there is no key: set ${key.setting} or ${key.setting}_FILE`
}
