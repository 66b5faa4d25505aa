import type { Clock } from '../../core/clock.js'
import type { Random } from '../../core/random.js'
import { type Wait, withinTime } from '../../core/wait.js'
import type { EventsRecord } from '../record/run-record.js'
import type { Attempt, Sink } from './sink.js'

/** An event as it goes over the wire. */
export interface Message {
  readonly id: string
  readonly text: string
}

export interface DeliveryPolicy {
  readonly deadlineMs: number
  /** Of one event, the first included. */
  readonly attempts: number
}

/** The longest pause after the first attempt; it doubles with each, up to the cap. */
const PAUSE = { baseMs: 500, capMs: 10_000 }

/**
 * Tells every sink every event, each sink in order and beside the others. Ends when the time is up, whatever a sink is at then, and never
 * throws: what was not delivered is counted, with why.
 */
export async function deliver(
  events: readonly Message[],
  sinks: readonly Sink[],
  policy: DeliveryPolicy,
  deps: { readonly clock: Clock; readonly wait: Wait; readonly random: Random },
): Promise<EventsRecord> {
  const told = sinks.map(sink => ({ sink, delivered: new Set<string>(), why: '' }))
  const endsAtMs = deps.clock.monotonicMs() + policy.deadlineMs
  await withinTime(policy.deadlineMs, undefined, async signal => {
    const all = told.map(async own => {
      for (const { id, text } of events) {
        const last = await sendOne(text, own.sink, { ...policy, signal, endsAtMs }, deps)
        if (last.outcome === 'delivered') own.delivered.add(id)
        else if (own.why === '') own.why = last.why
      }
    })
    await Promise.race([Promise.all(all), aborted(signal)])
  }).catch(() => undefined)
  const sent = events.filter(({ id }) => told.every(({ delivered }) => delivered.has(id))).length
  const failed = events.length - sent
  const reasons = told
    .filter(({ delivered }) => delivered.size < events.length)
    .map(({ sink, why }) => `${sink.name}: ${why || 'the time was up'}`)
  return { sent, failed, ...(failed > 0 && { why: reasons.join('; ') }) }
}

/** Full jitter, as for providers; never sooner than the receiver asks for, and not at all when that is too late. */
async function sendOne(
  event: string,
  sink: Sink,
  { attempts, signal, endsAtMs }: DeliveryPolicy & { readonly signal: AbortSignal; readonly endsAtMs: number },
  { clock, wait, random }: { readonly clock: Clock; readonly wait: Wait; readonly random: Random },
): Promise<Attempt> {
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) return TIME_UP
    const tried = await sink.send(event, signal)
    if (tried.outcome === 'delivered' || !tried.again || attempt >= attempts) return tried
    const jitterMs = random() * Math.min(PAUSE.capMs, PAUSE.baseMs * 2 ** (attempt - 1))
    const pauseMs = (tried.pauseMs ?? 0) + jitterMs
    if (clock.monotonicMs() + pauseMs >= endsAtMs) return tried
    await wait(pauseMs, signal)
    if (signal.aborted) return tried
  }
}

const TIME_UP: Attempt = { outcome: 'failed', why: 'the time was up', again: false }

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
