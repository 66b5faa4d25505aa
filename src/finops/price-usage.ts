import { type Decimal, decimalOf, dividedBy, plus, times, whole } from './decimal.js'
import type { Priced, PriceList } from './prices.js'
import type { Usage } from './usage.js'

/** The function of AWS Lambda that would do the work. */
export interface Machine {
  readonly architecture: 'arm' | 'x86'
  /** Decimal text, as `1` or `0.5`. */
  readonly memoryGb: string
}

/** What usage would cost on AWS, exact, in the currency of the price list. */
export interface Cost {
  readonly lambda_seconds: Decimal
  readonly lambda_requests: Decimal
  /** PUT, COPY, POST and LIST. */
  readonly s3_writes: Decimal
  /** GET and HEAD. DELETE has its own price, which is nothing on AWS. */
  readonly s3_reads: Decimal
  /** The sum of these: what the work costs once. */
  readonly once: Decimal
  /** What its bytes cost in each month that they are kept: not in `once`. */
  readonly storage_per_month: Decimal
}

const GB = 2n ** 30n

/**
 * What usage would cost: a run is a request to a function that runs for the same time, and the requests to the lake go to S3. Without free
 * tiers, discounts for large use, and traffic. Pure and linear: parts cost what the whole does.
 */
export function priceUsage(usage: Usage, { prices }: PriceList, { architecture, memoryGb }: Machine): Cost {
  const price = (name: Priced, quantity: Decimal) => amount(prices[name], quantity)
  const perSecond = architecture === 'arm' ? 'lambda_arm_gb_second' : 'lambda_x86_gb_second'
  const seconds = dividedBy(whole(usage.wall_ms), 1000n)
  const lambda_seconds = price(perSecond, times(seconds, decimalOf(memoryGb)))
  const lambda_requests = price('lambda_request', whole(usage.invocations))
  const s3_writes = plus(price('s3_put', whole(usage.store_puts)), price('s3_list', whole(usage.store_lists)))
  const reads = plus(price('s3_get', whole(usage.store_gets)), price('s3_head', whole(usage.store_heads)))
  const s3_reads = plus(reads, price('s3_delete', whole(usage.store_deletes)))
  return {
    lambda_seconds,
    lambda_requests,
    s3_writes,
    s3_reads,
    once: [lambda_seconds, lambda_requests, s3_writes, s3_reads].reduce(plus),
    storage_per_month: price('s3_storage_gb_month', dividedBy(whole(usage.bytes_written), GB)),
  }
}

function amount({ price, per = 1 }: PriceList['prices'][Priced], quantity: Decimal): Decimal {
  return dividedBy(times(decimalOf(price), quantity), BigInt(per))
}
