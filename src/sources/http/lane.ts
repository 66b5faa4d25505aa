import type { Clock } from '../../core/clock.js'
import { permits } from '../../core/permits.js'
import type { Wait } from '../../core/wait.js'
import { classify } from '../answers/classify.js'
import type { Meaning } from '../answers/meaning.js'
import type { Provider } from '../source.js'
import { type Admitted, type Breaker, type BreakerPolicy, type Breakers, openBreaker, type Reach } from './breaker.js'
import type { AnswerRequest, Attempt } from './fetch-answers.js'
import type { QuotaLedger } from './quota-ledger.js'
import { openRateGate, type RateGate } from './rate-gate.js'
import { statedPauseMs } from './stated-pause.js'
import type { Exchange, Transport } from './transport.js'

/** One provider with one key: what its requests share. */
export interface Lane {
  /** Asks once, when it is its turn. Never throws for what the network or the provider does. */
  ask(request: AnswerRequest): Promise<Asked>
  /** A request will be asked, perhaps several times. */
  enter(): void
  leave(): void
  /** Gives back what was reserved. */
  close(): Promise<void>
}

/** `tried`: an attempt was made. `declined`: none was made, and none is worth while in this run. */
export type Asked =
  | { readonly outcome: 'tried'; readonly attempt: Attempt; readonly statedMs: number | undefined }
  | Declined

export interface Declined {
  readonly outcome: 'declined'
  readonly meaning: Meaning | 'not_finished'
  readonly why: string
  /** When it is worth asking again, where that is known. */
  readonly againMs?: number
}

export interface LaneOptions {
  readonly bucket: string
  readonly provider: Provider
  readonly transport: Transport
  readonly quota: QuotaLedger
  readonly breakers: Breakers
  readonly breakerPolicy: BreakerPolicy
  readonly clock: Clock
  readonly wait: Wait
  /** When the run ends. */
  readonly endsAtMs: number
  readonly signal: AbortSignal
  /** Resolves when there is room for another answer. */
  readonly room: () => Promise<void>
}

/** A slip of the provider must not silence pipes for years: after a day it is asked again. */
const LONGEST_PAUSE_MS = 86_400_000

const TIME_IS_UP: Declined = { outcome: 'declined', meaning: 'not_finished', why: 'the time of the run was up' }

export function openLane(options: LaneOptions): Lane {
  const { bucket, provider, clock, endsAtMs, signal } = options
  let inside = 0
  const turns = permits(provider.limits.concurrency)
  const breaker = openBreaker({ bucket, book: options.breakers, clock, policy: options.breakerPolicy })
  const gate = openRateGate({
    bucket,
    limits: provider.limits,
    ledger: options.quota,
    waiting: () => inside,
    notAfterMs: endsAtMs,
  })
  const isOver = (): boolean => signal.aborted || clock.now() >= endsAtMs
  return {
    ask: request =>
      turns.with(async () => {
        await options.room()
        if (isOver()) return TIME_IS_UP
        const slot = await takeSlot(gate, options)
        if (typeof slot !== 'number') return slot
        if (isOver()) gate.giveBack(slot)
        if (isOver()) return TIME_IS_UP
        const admission = await breaker.admit()
        if (admission.admitted) return attempt(request, { options, breaker, gate, admission })
        gate.giveBack(slot)
        return { outcome: 'declined', meaning: 'unavailable', why: admission.why, againMs: admission.untilMs }
      }),
    enter: () => void inside++,
    leave: () => void inside--,
    close: () => gate.close(),
  }
}

/** A slot whose time has come, or why there is none. */
async function takeSlot(gate: RateGate, { clock, wait, signal, provider }: LaneOptions): Promise<number | Declined> {
  for (;;) {
    const slot = await gate.take()
    if ('short' in slot) {
      const { short, againMs } = slot
      if (short === 'time') return { ...TIME_IS_UP, againMs }
      const why = `the ${provider.limits.perMonth} credits of this month are spent`
      return { outcome: 'declined', meaning: 'rate_limited', why, againMs }
    }
    const delayMs = slot.timeMs - clock.now()
    if (delayMs > 0) await wait(delayMs, signal)
    if (gate.holds(slot.timeMs)) return slot.timeMs
    gate.book(0)
  }
}

interface Parts {
  readonly options: LaneOptions
  readonly breaker: Breaker
  readonly gate: RateGate
  readonly admission: Admitted
}

async function attempt(request: AnswerRequest, { options, breaker, gate, admission }: Parts): Promise<Asked> {
  const { clock, provider, transport, endsAtMs, signal } = options
  const exchange = await transport.exchange(request.request, endsAtMs - clock.now(), signal)
  if (exchange.outcome === 'failure' && (signal.aborted || clock.now() >= endsAtMs)) {
    await breaker.settle(admission, 'unknown', '')
    return TIME_IS_UP
  }
  const tried = judge(exchange, request, provider)
  await breaker.settle(admission, reachOf(tried.meaning, exchange), tried.why)
  if (exchange.outcome === 'failure') return { outcome: 'tried', attempt: tried, statedMs: undefined }
  const { answer } = exchange
  gate.book(provider.limits.creditsOf?.(answer.status) ?? 1)
  const pauseMs = statedPauseMs(answer.headers, clock.now(), tried.meaning === 'rate_limited')
  const statedMs = pauseMs === undefined ? undefined : Math.min(pauseMs, LONGEST_PAUSE_MS)
  if (statedMs !== undefined) await gate.pause(clock.now() + statedMs)
  return { outcome: 'tried', attempt: tried, statedMs }
}

function judge(exchange: Exchange, { expects, request }: AnswerRequest, provider: Provider): Attempt {
  if (exchange.outcome === 'failure') {
    const { outcome: _, ...rest } = exchange
    return rest
  }
  const { answer } = exchange
  const { requestedAtMs, receivedAtMs } = answer
  const isConditional = Object.keys(request.validators ?? {}).length > 0
  return { ...classify(answer, provider.answers, expects, isConditional), requestedAtMs, receivedAtMs, answer }
}

/** A refusal of our own says nothing about the provider; an answer that is cut is neither here nor there. */
function reachOf(meaning: Meaning, exchange: Exchange): Reach {
  if (meaning === 'unavailable' || meaning === 'blocked') return 'failed'
  return exchange.outcome === 'failure' || meaning === 'truncated' ? 'unknown' : 'reached'
}
