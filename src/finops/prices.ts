import { z } from 'zod'
import { DECIMAL_TEXT } from './decimal.js'

const DAY = 86_400_000
/** A list that nobody looked at for so long may say what no longer holds. */
const OLD_DAYS = 180

/** What can have a price, with the unit that it is the price of. */
export const PRICED = {
  lambda_arm_gb_second: 'GB-second',
  lambda_x86_gb_second: 'GB-second',
  lambda_request: 'request',
  s3_storage_gb_month: 'GB-month',
  s3_put: 'request',
  s3_list: 'request',
  s3_get: 'request',
  s3_head: 'request',
  s3_delete: 'request',
} as const

export type Priced = keyof typeof PRICED

const day = z.iso.date('a date, as 2026-11-29')

function priceOf(unit: string) {
  return z.strictObject({
    price: z
      .string('a decimal as text, as "0.005"')
      .regex(DECIMAL_TEXT, 'a decimal as text without a sign, as "0.005"')
      .describe('In the currency of the list, exact.'),
    per: z
      .literal([1, 1000, 10_000, 100_000, 1_000_000])
      .optional()
      .describe('So many units cost the price. Default: 1.'),
    unit: z.literal(unit).describe('What is counted.'),
    source: z.string().min(1).describe('Where the price stands.'),
    date: day.describe('When it was read there.'),
    note: z.string().optional(),
  })
}

const prices = Object.fromEntries(Object.entries(PRICED).map(([name, unit]) => [name, priceOf(unit)])) as Record<
  Priced,
  ReturnType<typeof priceOf>
>

/** The form of a price list. Every price must be there: one that is missing would count as nothing. */
export const priceListSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().min(1).describe('Whose prices, as aws-us-east-1.'),
    currency: z.string().regex(/^[A-Z]{3}$/, 'a currency code, as USD'),
    date: day.describe('When all of it was last compared with its sources.'),
    prices: z.strictObject(prices),
  })
  .describe('A dated list of prices, for `sluice cost`.')

export type PriceList = z.output<typeof priceListSchema>

/** What a reader of figures must know about the list; undefined when there is nothing. */
export function priceWarning({ name, date }: PriceList, nowMs: number): string | undefined {
  const days = Math.floor((nowMs - Date.parse(date)) / DAY)
  if (days > OLD_DAYS) return `the price list ${name} is of ${date}, ${days} days old: compare it with its sources`
  return days < -1 ? `the price list ${name} is of ${date}, which is not yet` : undefined
}
