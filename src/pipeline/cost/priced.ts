import { exactText } from '../../finops/decimal.js'
import { type Cost, priceUsage } from '../../finops/price-usage.js'
import type { Usage } from '../../finops/usage.js'
import type { Pricing } from './load-prices.js'

/** A cost in decimal text, exact: sums of it are sums of its parts. */
export type CostText = Readonly<Record<keyof Cost, string>>

export function pricedText(usage: Usage, { list, machine }: Pricing): CostText {
  const { lambda_seconds, lambda_requests, s3_writes, s3_reads, once, storage_per_month } = priceUsage(
    usage,
    list,
    machine,
  )
  return {
    lambda_seconds: exactText(lambda_seconds),
    lambda_requests: exactText(lambda_requests),
    s3_writes: exactText(s3_writes),
    s3_reads: exactText(s3_reads),
    once: exactText(once),
    storage_per_month: exactText(storage_per_month),
  }
}
