import type { Clock } from '../../core/clock.js'
import { isoTime } from '../../core/clock.js'
import { type SharedState, type SharedStateOptions, sharedState } from '../../lake/shared-state.js'
import type { Limits } from '../source.js'
import { pausedTat, type Rate, reserveSlots } from './gcra.js'

/** What has been used of one provider with one key. */
export interface QuotaUse {
  /** See `reserveSlots`. */
  readonly tatMs: number
  /** The calendar month of `used`, UTC: `2026-11`. */
  readonly month: string
  /** Credits. */
  readonly used: number
}

/** By bucket: a provider with a key. */
export type QuotaBook = Readonly<Record<string, QuotaUse>>

export interface Reservation {
  readonly timesMs: readonly number[]
  readonly tatMs: number
  /** Why there are no slots, if there are none: the month's credits are spent, or the first slot is too late. */
  readonly short?: 'credits' | 'time'
  /** When there are slots again, if there are none. */
  readonly againMs?: number
}

/** Rates and credits of all providers, shared by all processes of a lake. */
export interface QuotaLedger {
  read(): Promise<QuotaBook>
  /** Takes up to `count` slots, with a credit each, and gives back `refund` credits of earlier ones, all in one write. */
  reserve(bucket: string, ask: ReserveAsk): Promise<Reservation>
  /** No slot of anybody before `untilMs`. */
  pause(bucket: string, limits: Limits, untilMs: number): Promise<void>
  /** Gives back credits, and slots at the end of a reservation if nobody has reserved behind them. */
  giveBack(bucket: string, limits: Limits, back: { credits: number; slots: number; tatMs: number }): Promise<void>
}

export interface ReserveAsk {
  readonly limits: Limits
  readonly count: number
  readonly refund: number
  readonly notAfterMs: number
}

/** Opens the ledger of a lake: its state `quota`. */
export function openQuotaLedger(
  options: Omit<SharedStateOptions<QuotaBook>, 'name' | 'parse'> & { readonly clock: Clock },
): QuotaLedger {
  const { clock } = options
  const parse = (stored: unknown): QuotaBook => (stored ?? {}) as QuotaBook
  const state: SharedState<QuotaBook> = sharedState({ ...options, name: 'quota', parse })
  const now = (book: QuotaBook, bucket: string): QuotaUse => inMonth(book[bucket], clock.now())
  return {
    read: () => state.read(),
    reserve: (bucket, ask) =>
      state.change(book => {
        const { use, reservation } = reserveIn(now(book, bucket), ask, clock.now())
        return { value: { ...book, [bucket]: use }, result: reservation }
      }),
    pause: (bucket, limits, untilMs) =>
      state.change(book => {
        const use = now(book, bucket)
        const tatMs = pausedTat(use.tatMs, untilMs, rateOf(limits))
        return { value: tatMs === use.tatMs ? book : { ...book, [bucket]: { ...use, tatMs } }, result: undefined }
      }),
    giveBack: (bucket, limits, { credits, slots, tatMs }) =>
      state.change(book => {
        const use = now(book, bucket)
        const free = use.tatMs === tatMs ? (slots * 1000) / limits.perSecond : 0
        const given = { ...use, tatMs: use.tatMs - free, used: Math.max(0, use.used - credits) }
        return { value: { ...book, [bucket]: given }, result: undefined }
      }),
  }
}

export function rateOf({ perSecond, burst = 1 }: Limits): Rate {
  return { perSecond, burst }
}

function reserveIn(
  before: QuotaUse,
  { limits, count, refund, notAfterMs }: ReserveAsk,
  nowMs: number,
): { use: QuotaUse; reservation: Reservation } {
  const used = Math.max(0, before.used - refund)
  const left = Math.max(0, (limits.perMonth ?? Number.POSITIVE_INFINITY) - used)
  const { timesMs, tatMs } = reserveSlots(before.tatMs, nowMs, Math.min(count, left), rateOf(limits), notAfterMs)
  const use = { ...before, tatMs, used: used + timesMs.length }
  if (timesMs.length > 0) return { use, reservation: { timesMs, tatMs } }
  const short = left < 1 ? 'credits' : 'time'
  const [next] = reserveSlots(before.tatMs, nowMs, 1, rateOf(limits), Number.POSITIVE_INFINITY).timesMs
  return { use, reservation: { timesMs, tatMs, short, againMs: short === 'credits' ? nextMonth(nowMs) : next! } }
}

/** A new month begins with all its credits. */
function inMonth(use: QuotaUse | undefined, nowMs: number): QuotaUse {
  const month = isoTime(nowMs).slice(0, 7)
  return { tatMs: use?.tatMs ?? 0, month, used: use?.month === month ? use.used : 0 }
}

function nextMonth(nowMs: number): number {
  const now = new Date(nowMs)
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)
}
