import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { quoteText } from '../../engine/sql-text.js'
import {
  type Conversion,
  conversionOf,
  convertAmount,
  type DayRate,
  moneyOf,
  unroundedAmount,
} from '../../market/currency/convert.js'
import { CURRENCIES } from '../../market/currency/currencies.js'
import { decimalProduct } from '../../market/currency/decimal-product.js'
import type { RateGap } from '../../market/currency/rate-gap.js'
import type { Project } from '../project/project.js'
import { query } from './query.js'

export interface ConvertOptions {
  /** A decimal text. */
  readonly amount: string
  readonly from: string
  readonly to: string
  /** YYYY-MM-DD. */
  readonly on: string
  readonly convention: string
}

/** `converted` is rounded half away from zero to the minor units of the target. */
export interface Converted {
  readonly amount: string
  readonly from: string
  readonly to: string
  readonly converted: string
  /** The amount before it was rounded: all its digits where they end, else at least six that count. */
  readonly unrounded: string
  /** Units of `to` for one of `from`. */
  readonly rate: number
  readonly path: string
  /** Null where no rate was needed. */
  readonly source: string | null
  readonly rate_date: string | null
  readonly age_days: number | null
  readonly fixing_no: string | null
  readonly convention: string
  readonly on: string
}

/** What came of it. `no_rate`: none that the convention allows for `day`; `lacking` are the sides without one. */
export type ConvertOutcome =
  | ({ readonly outcome: 'converted' } & Converted)
  | {
      readonly outcome: 'no_rate'
      readonly source: string
      readonly day: string
      readonly lacking: readonly RateGap[]
    }

/** Digits after the point of money that has no agreed number of them. */
const UNKNOWN_DIGITS = 8

/**
 * An amount in another currency by the rates in `gold.fx_daily`, as a convention of the project has it. Throws SLUICE_ARGUMENT_INVALID for an
 * unknown currency, convention, amount or date.
 */
export async function convertCurrency(project: Project, options: ConvertOptions): Promise<ConvertOutcome> {
  const { from, to, on, amount } = options
  const { source, daysBefore } = conventionOf(project, options.convention)
  for (const code of [from, to]) checkCurrency(code)
  checkAmount(amount)
  const [own, target] = [moneyOf(from), moneyOf(to)]
  const day = dayBefore(on, daysBefore)
  const same = { numerator: '1', denominator: '1', path: 'same money', rateDate: undefined, fixingNo: null }
  const rate =
    own.money === target.money
      ? same
      : conversionOf(own.money, target.money, await ratesOf(project, source, day, [own.money, target.money]))
  if (rate === undefined)
    return { outcome: 'no_rate', source, day, lacking: await gapsOf(project, source, day, [from, to]) }
  return { outcome: 'converted', ...converted(options, rate, source) }
}

function converted(
  { amount, from, to, on, convention }: ConvertOptions,
  rate: Omit<Conversion, 'rateDate'> & { readonly rateDate: string | undefined },
  source: string,
): Converted {
  const numerator = decimalProduct([rate.numerator, String(moneyOf(to).parts)])
  const denominator = decimalProduct([rate.denominator, String(moneyOf(from).parts)])
  const digits = CURRENCIES.get(to)?.minorUnits ?? UNKNOWN_DIGITS
  return {
    ...{ amount, from, to, converted: convertAmount(amount, numerator, denominator, digits) },
    unrounded: unroundedAmount(amount, numerator, denominator),
    ...{ rate: Number(numerator) / Number(denominator), path: rate.path },
    source: rate.rateDate === undefined ? null : source,
    rate_date: rate.rateDate ?? null,
    age_days: rate.rateDate === undefined ? null : (Date.parse(on) - Date.parse(rate.rateDate)) / DAY_MS,
    fixing_no: rate.fixingNo,
    ...{ convention, on },
  }
}

async function ratesOf(project: Project, source: string, day: string, moneys: readonly string[]): Promise<DayRate[]> {
  const list = moneys.map(quoteText).join(', ')
  const { rows } = await query(
    project,
    `SELECT base_currency, quote_currency, rate, path, rate_date::VARCHAR AS rate_date, fixing_no, base_leg::VARCHAR AS base_leg,
      quote_leg::VARCHAR AS quote_leg FROM gold.fx_daily
    WHERE source = ${quoteText(source)} AND date = ${quoteText(day)} AND (base_currency IN (${list}) OR quote_currency IN (${list}))
    ORDER BY base_currency, quote_currency`,
  )
  const text = (value: unknown): string | null => (value === null || value === undefined ? null : String(value))
  return [...rows].map(row => ({
    base: String(row['base_currency']),
    quote: String(row['quote_currency']),
    rate: Number(row['rate']),
    path: String(row['path']),
    rateDate: String(row['rate_date']),
    fixingNo: text(row['fixing_no']),
    baseLeg: String(row['base_leg']),
    quoteLeg: text(row['quote_leg']),
  }))
}

/** The codes whose money has no rate by the source that counts for the day. */
async function gapsOf(project: Project, source: string, day: string, codes: readonly string[]): Promise<RateGap[]> {
  const sides = ['base', 'quote'].map(
    side => `SELECT ${side}_currency AS money, date, rate_date FROM gold.fx_daily
      WHERE source = ${quoteText(source)} AND date <= ${quoteText(day)}`,
  )
  const list = codes.map(code => quoteText(moneyOf(code).money)).join(', ')
  const { rows } = await query(
    project,
    `SELECT money, max(rate_date)::VARCHAR AS newest, max(date) = ${quoteText(day)} AS counts
    FROM (${sides.join(' UNION ALL ')}) WHERE money IN (${list}) GROUP BY money`,
  )
  return codes.flatMap(code => {
    const { money } = moneyOf(code)
    const found = [...rows].find(row => row['money'] === money)
    if (found?.['counts'] === true) return []
    return [{ code, money, newest: found === undefined ? null : String(found['newest']) }]
  })
}

const DAY_MS = 86_400_000

function dayBefore(date: string, days: number): string {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(date) : Number.NaN
  // What the calendar does not have rolls over to another day.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date)
    throw invalid(`"${date}" is no date such as 2025-03-03.`)
  return new Date(ms - days * DAY_MS).toISOString().slice(0, 10)
}

function conventionOf({ config }: Project, name: string): Project['config']['fx']['conventions'][string] {
  const { conventions } = config.fx
  const found = Object.hasOwn(conventions, name) ? conventions[name] : undefined
  if (found !== undefined) return found
  const known = Object.keys(conventions)
  throw invalid(`There is no convention "${name}".${didYouMean(name, known)}`, { known })
}

/** No more digits than amounts in the tables have: DECIMAL(38, 18). */
function checkAmount(amount: string): void {
  const [, whole = '', parts = ''] = /^[-+]?(\d+)(?:\.(\d+))?$/.exec(amount) ?? []
  if (whole === '') throw invalid(`"${amount.slice(0, 60)}" is no amount: digits, and a point before the parts.`)
  if (whole.length <= 20 && parts.length <= 18) return
  const message = `The amount has ${whole.length} digits before the point and ${parts.length} after it.`
  throw invalid(message, { next: 'Give at most 20 digits before the point and 18 after it: tables hold no more.' })
}

function checkCurrency(code: string): void {
  if (CURRENCIES.has(code)) return
  // Of codes that are equally near, one of the same country.
  const isAlike = (known: string): boolean => known[0] === code[0]?.toUpperCase()
  const known = [...CURRENCIES.keys()].sort((a, b) => Number(isAlike(b)) - Number(isAlike(a)))
  const message = `There is no currency "${code.slice(0, 40)}".${didYouMean(code.slice(0, 40), known)}`
  throw invalid(message, {
    next: 'Take a code of reference.currencies, in its case: GBp is a penny, GBP a pound.',
  })
}

function invalid(message: string, details: Readonly<Record<string, unknown>> = {}): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', message, details)
}
