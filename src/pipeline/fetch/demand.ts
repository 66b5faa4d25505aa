import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { groupBy } from '../../core/group-by.js'
import { bucketOf } from '../../sources/http/fetch-answers.js'
import { type QuotaBook, rateOf } from '../../sources/http/quota-ledger.js'
import type { Provider } from '../../sources/source.js'
import type { SourcePlan } from './plan-sources.js'
import type { AskingPipe } from './requests.js'

/** What planned pipes want of one provider with one key. */
export interface Demand {
  /** What limits are kept for, see `bucketOf`. */
  readonly bucket: string
  readonly provider: Provider
  /** The fingerprint of the key, if there is one. */
  readonly key: string | undefined
  readonly pipes: readonly SourcePlan[]
  /** Requests; retries and further pages come on top. */
  readonly calls: number
  readonly credits: number
}

/** What is wanted of each provider and key, in the order in which pipes first name them. */
export function demandsOf(plans: readonly SourcePlan[]): Demand[] {
  return [...groupBy(plans, ({ from }) => bucketOfPipe(from))].map(([bucket, pipes]) => {
    const { provider } = pipes[0]!.from
    const calls = pipes.reduce((sum, { plan }) => sum + plan.asks.length, 0)
    return { bucket, provider, key: keyOfPipe(pipes[0]!.from), pipes, calls, credits: calls * creditsOfCall(provider) }
  })
}

/** The name under which rate, credits and breaker of a pipe are kept. */
export function bucketOfPipe({ provider, secret }: AskingPipe): string {
  const key = secret !== undefined && provider.key !== undefined ? { key: { secret, in: provider.key.in } } : {}
  return bucketOf({ provider, request: { url: provider.url, headers: {}, ...key }, expects: { kind: 'json' } })
}

/** Names a key without telling it; undefined for a provider that takes none. */
export function keyOfPipe({ provider, secret }: AskingPipe): string | undefined {
  return provider.key === undefined ? undefined : secret?.fingerprint
}

/** Credits of one answer with data. */
export function creditsOfCall({ limits }: Provider): number {
  return limits.creditsOf?.(200) ?? 1
}

/** Credits that were used in the calendar month of a time. */
export function creditsUsed(book: QuotaBook, bucket: string, nowMs: number): number {
  const use = book[bucket]
  return use?.month === isoTime(nowMs).slice(0, 7) ? use.used : 0
}

/** Credits that a month still has; undefined where months have no limit. */
export function creditsLeft({ provider, bucket }: Demand, book: QuotaBook, nowMs: number): number | undefined {
  const { perMonth } = provider.limits
  return perMonth === undefined ? undefined : Math.max(0, perMonth - creditsUsed(book, bucket, nowMs))
}

/** Until the last request may be sent, by the rate alone: see `reserveSlots`. */
export function secondsAtRate(
  { provider, calls }: Pick<Demand, 'provider' | 'calls'>,
  tatMs: number,
  nowMs: number,
): number {
  if (calls === 0) return 0
  const { perSecond, burst } = rateOf(provider.limits)
  const lateMs = Math.max(0, tatMs - nowMs)
  return Math.max(0, lateMs / 1000 + (calls - burst) / perSecond)
}

/** The error for what the credits of this month cannot hold; undefined when they can. SLUICE_QUOTA_SHORT, with every provider. */
export function quotaShort(demands: readonly Demand[], book: QuotaBook, nowMs: number): SluiceError | undefined {
  const month = isoTime(nowMs).slice(0, 7)
  const short = demands.flatMap(demand => {
    const left = creditsLeft(demand, book, nowMs)
    if (left === undefined || demand.credits <= left) return []
    const { provider, key, credits } = demand
    return [{ provider: provider.name, key, needed: credits, left, per_month: provider.limits.perMonth! }]
  })
  if (short.length === 0) return undefined
  const texts = short.map(
    ({ provider, key, needed, left, per_month: limit }) =>
      `${provider}${key === undefined ? '' : ` (key ${key})`} would take ${needed} credits, and ${left} of ${limit} are left in ${month}`,
  )
  return new SluiceError('SLUICE_QUOTA_SHORT', `${texts.join('; ')}. Nothing was asked.`, { short })
}
