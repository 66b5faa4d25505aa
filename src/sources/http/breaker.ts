import { type Clock, isoTime } from '../../core/clock.js'
import { type SharedState, type SharedStateOptions, sharedState } from '../../lake/shared-state.js'

export interface BreakerPolicy {
  /** So many failures in a row open it. */
  readonly failures: number
  /** How long it stays open the first time; twice as long each time that the probe fails. */
  readonly coolDownMs: number
  readonly longestMs: number
  /** A probe that is not heard of for so long is taken for lost. */
  readonly probeMs: number
}

/** A breaker that is not closed. */
export interface OpenBreaker {
  readonly openedAtMs: number
  /** From then on one request may probe. */
  readonly openUntilMs: number
  /** A probe is under way until then, if it is not heard of. */
  readonly probingUntilMs?: number
  /** How often it opened without closing in between. */
  readonly openings: number
  readonly why: string
}

/** By bucket: a provider with a key. Closed ones are not in it. */
export type BreakerBook = Readonly<Record<string, OpenBreaker>>

/** The breakers of all providers, shared by all processes of a lake: its state `transport_breakers`. */
export type Breakers = SharedState<BreakerBook>

export function openBreakers(options: Omit<SharedStateOptions<BreakerBook>, 'name' | 'parse'>): Breakers {
  const parse = (stored: unknown): BreakerBook => (stored ?? {}) as BreakerBook
  return sharedState({ ...options, name: 'transport_breakers', parse })
}

export type Admission = Admitted | { readonly admitted: false; readonly untilMs: number; readonly why: string }

export interface Admitted {
  readonly admitted: true
  /** `probe`: the one request that finds out whether the provider is back. */
  readonly as: 'request' | 'probe'
}

/** `reached`: the provider answered. `failed`: it did not, or not with an answer. `unknown`: says nothing about the provider. */
export type Reach = 'reached' | 'failed' | 'unknown'

/** Keeps requests from a provider that does not answer. */
export interface Breaker {
  /** Whether a request may be sent. While another one probes, this waits for what it finds. */
  admit(): Promise<Admission>
  /** To be said once for each request that was admitted. */
  settle(admission: Admitted, reach: Reach, why: string): Promise<void>
}

export interface BreakerOptions {
  readonly bucket: string
  readonly book: Breakers
  readonly clock: Clock
  readonly policy: BreakerPolicy
}

/** Opens the breaker of one provider and key in this process. Writes only when it opens, probes or closes. */
export function openBreaker({ bucket, book, clock, policy }: BreakerOptions): Breaker {
  let failures = 0
  let state: OpenBreaker | undefined
  let loading: Promise<unknown> | undefined
  let probing: { readonly done: Promise<void>; readonly end: () => void } | undefined

  const load = async (): Promise<void> => {
    state = (await book.read())[bucket]
  }
  const write = (next: (now: OpenBreaker | undefined) => OpenBreaker | undefined): Promise<OpenBreaker | undefined> =>
    book.change(all => {
      const after = next(all[bucket])
      if (after === all[bucket]) return { value: all, result: after }
      const { [bucket]: _, ...others } = all
      return { value: after === undefined ? others : { ...others, [bucket]: after }, result: after }
    })

  async function probe(): Promise<Admission> {
    probing = deferred()
    const probingUntilMs = clock.now() + policy.probeMs
    let ours = false
    state = await write(now => {
      ours = now !== undefined && mayProbe(now, clock.now())
      return ours ? { ...now!, probingUntilMs } : now
    })
    if (ours) return { admitted: true, as: 'probe' }
    // Another process probes, or has closed it meanwhile.
    endProbe()
    return admission(state, clock.now())
  }

  function endProbe(): void {
    probing?.end()
    probing = undefined
  }

  return {
    async admit() {
      loading ??= load()
      await loading
      while (probing !== undefined) await probing.done
      return state !== undefined && mayProbe(state, clock.now()) ? probe() : admission(state, clock.now())
    },
    async settle({ as }, reach, why) {
      const probed = as === 'probe'
      if (reach === 'reached') {
        failures = 0
        if (state !== undefined) state = await write(() => undefined)
      } else if (reach === 'failed' && (++failures >= policy.failures || probed)) {
        failures = 0
        const { openings = 0 } = state ?? {}
        if (state === undefined || probed) state = await write(() => opened(openings, why, clock.now(), policy))
      } else if (reach === 'unknown' && probed) {
        state = await write(now => now && { ...now, probingUntilMs: 0 })
      }
      if (probed) endProbe()
    },
  }
}

function admission(state: OpenBreaker | undefined, nowMs: number): Admission {
  if (state === undefined) return { admitted: true, as: 'request' }
  const untilMs = Math.max(state.openUntilMs, state.probingUntilMs ?? 0)
  const told = untilMs > nowMs ? `until ${isoTime(untilMs)}` : 'while another process probes'
  return { admitted: false, untilMs, why: `the breaker is open ${told}: ${state.why}` }
}

function mayProbe({ openUntilMs, probingUntilMs = 0 }: OpenBreaker, nowMs: number): boolean {
  return nowMs >= openUntilMs && nowMs >= probingUntilMs
}

function opened(before: number, why: string, nowMs: number, policy: BreakerPolicy): OpenBreaker {
  const lengthMs = Math.min(policy.longestMs, policy.coolDownMs * 2 ** before)
  return { openedAtMs: nowMs, openUntilMs: nowMs + lengthMs, openings: before + 1, why }
}

function deferred(): { done: Promise<void>; end: () => void } {
  let end = (): void => undefined
  const done = new Promise<void>(resolve => {
    end = resolve
  })
  return { done, end }
}
