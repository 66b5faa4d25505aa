import type { Limits } from '../source.js'
import type { QuotaLedger, Reservation } from './quota-ledger.js'

/** Hands out the slots of one provider and key within this process, reserved in chunks. */
export interface RateGate {
  /** The time at which a request may be sent, or why there is none. */
  take(): Promise<Slot>
  /** Whether a slot still holds: a pause may have come in between. */
  holds(timeMs: number): boolean
  /** Gives back a slot that was not used; with its credit. */
  giveBack(timeMs: number): void
  /** Books that a request cost other than the one credit that goes with its slot. */
  book(credits: number): void
  /** No request before `untilMs`, of anybody. */
  pause(untilMs: number): Promise<void>
  /** Gives back what was reserved and not used. */
  close(): Promise<void>
}

export type Slot = { readonly timeMs: number } | { readonly short: 'credits' | 'time'; readonly againMs: number }

export interface RateGateOptions {
  readonly bucket: string
  readonly limits: Limits
  readonly ledger: QuotaLedger
  /** How many requests wait now: so many slots are reserved at once, within bounds. */
  readonly waiting: () => number
  readonly notAfterMs: number
}

/** One write for so many slots at most, and for so much time: others must get their turn. */
const LARGEST_CHUNK = 64
const CHUNK_SECONDS = 10

export function openRateGate({ bucket, limits, ledger, waiting, notAfterMs }: RateGateOptions): RateGate {
  let slots: number[] = []
  let refund = 0
  let tatMs = 0
  let pausedUntilMs = 0
  let reserving: Promise<Reservation> | undefined

  async function reserve(): Promise<Reservation> {
    const most = Math.min(LARGEST_CHUNK, Math.max(limits.burst ?? 1, Math.ceil(limits.perSecond * CHUNK_SECONDS)))
    const count = Math.max(1, Math.min(waiting(), most))
    const giving = refund
    refund = 0
    const reserved = await ledger.reserve(bucket, { limits, count, refund: giving, notAfterMs })
    slots.push(...reserved.timesMs)
    tatMs = reserved.tatMs
    return reserved
  }

  return {
    async take() {
      for (;;) {
        const timeMs = slots.shift()
        if (timeMs !== undefined) return { timeMs }
        reserving ??= reserve().finally(() => {
          reserving = undefined
        })
        const { short, againMs } = await reserving
        if (short !== undefined) return { short, againMs: againMs ?? notAfterMs }
      }
    },
    holds: timeMs => timeMs >= pausedUntilMs,
    giveBack(timeMs) {
      slots.unshift(timeMs)
    },
    book(credits) {
      refund += 1 - credits
    },
    async pause(untilMs) {
      if (untilMs <= pausedUntilMs) return
      pausedUntilMs = untilMs
      refund += slots.filter(timeMs => timeMs < untilMs).length
      slots = slots.filter(timeMs => timeMs >= untilMs)
      await ledger.pause(bucket, limits, untilMs)
    },
    async close() {
      const unused = slots.length
      slots = []
      if (unused === 0 && refund === 0) return
      await ledger.giveBack(bucket, limits, { credits: unused + refund, slots: unused, tatMs })
      refund = 0
    },
  }
}
