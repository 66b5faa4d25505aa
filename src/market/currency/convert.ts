import { CURRENCIES } from './currencies.js'
import { decimalProduct } from './decimal-product.js'

/** A row of `gold.fx_daily`: published figures as exact decimal texts. */
export interface DayRate {
  readonly base: string
  readonly quote: string
  readonly rate: number
  readonly path: string
  /** YYYY-MM-DD. */
  readonly rateDate: string
  readonly fixingNo: string | null
  readonly baseLeg: string
  readonly quoteLeg: string | null
}

/** One unit of a currency in another: a fraction of published figures, so that nothing is rounded before the amount is. */
export interface Conversion {
  readonly numerator: string
  readonly denominator: string
  readonly path: string
  readonly rateDate: string
  readonly fixingNo: string | null
}

/** The rate from one money to another by the rates of one source and day: as it is, turned round, or through money that both have one in. */
export function conversionOf(from: string, to: string, rates: readonly DayRate[]): Conversion | undefined {
  const direct = rates.find(({ base, quote }) => base === from && quote === to)
  if (direct !== undefined) return asConversion(direct, direct.path)
  const reverse = rates.find(({ base, quote }) => base === to && quote === from)
  if (reverse !== undefined) return turned(asConversion(reverse, `inverse of ${to}/${from}`))
  // Published ones first: a cross of crosses says less about where it comes from.
  const own = rates
    .filter(({ base }) => base === from)
    .sort((a, b) => Number(b.path === 'published') - Number(a.path === 'published'))
  for (const first of own) {
    const second = rates.find(
      ({ base, quote, rateDate }) => base === to && quote === first.quote && rateDate === first.rateDate,
    )
    if (second !== undefined) return crossed(first, second)
  }
  return undefined
}

function asConversion(rate: DayRate, path: string): Conversion {
  const [numerator, denominator] = fractionOf(rate)
  return { numerator, denominator, path, rateDate: rate.rateDate, fixingNo: rate.fixingNo }
}

function turned({ numerator, denominator, ...rest }: Conversion): Conversion {
  return { numerator: denominator, denominator: numerator, ...rest }
}

function crossed(first: DayRate, second: DayRate): Conversion {
  const [one, other] = [fractionOf(first), fractionOf(second)]
  const tables = [...new Set([first.fixingNo, second.fixingNo].filter(number => number !== null))]
  return {
    numerator: decimalProduct([one[0], other[1]]),
    denominator: decimalProduct([one[1], other[0]]),
    path: `cross through ${first.quote}`,
    rateDate: first.rateDate,
    fixingNo: tables.length === 0 ? null : tables.join(' and '),
  }
}

/** The published figures behind a rate; which of them is above the line, the rate itself says. */
function fractionOf({ rate, baseLeg, quoteLeg }: DayRate): readonly [string, string] {
  const [base, quote] = [baseLeg, quoteLeg ?? '1']
  const isUpright =
    Math.abs(Number(base) / Number(quote) / rate - 1) <= Math.abs(Number(quote) / Number(base) / rate - 1)
  return isUpright ? [base, quote] : [quote, base]
}

/** The money that a unit is a part of, and how many parts make one of it: 100 GBX are one GBP. */
export function moneyOf(code: string): { readonly money: string; readonly parts: number } {
  const partOf = CURRENCIES.get(code)?.partOf
  return { money: partOf?.code ?? code, parts: partOf?.count ?? 1 }
}

/** An exact decimal amount times a fraction, rounded half away from zero to so many digits after the point. */
export function convertAmount(amount: string, numerator: string, denominator: string, digits: number): string {
  const negative = amount.startsWith('-')
  const [top, bottom] = [scaled(decimalProduct([amount.replace(/^[-+]/, ''), numerator])), scaled(denominator)]
  // Both to a common scale, then one digit more than is asked for decides.
  const dividend = top.digits * 10n ** BigInt(bottom.scale + digits)
  const divisor = bottom.digits * 10n ** BigInt(top.scale)
  const rounded = (2n * dividend + divisor) / (2n * divisor)
  const text = String(rounded).padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits)
  const unsigned = digits === 0 ? whole : `${whole}.${text.slice(text.length - digits)}`
  return negative && rounded > 0n ? `-${unsigned}` : unsigned
}

/** The same with all its digits where they end, else to at least 18 after the point and six that count; without trailing zeros. */
export function unroundedAmount(amount: string, numerator: string, denominator: string): string {
  const [top, bottom] = [scaled(decimalProduct([amount.replace(/^[-+]/, ''), numerator])), scaled(denominator)]
  // The smallest that is not 0 is one in the last place over the denominator.
  const digits = Math.max(18, top.scale + String(bottom.digits).length + 6)
  return convertAmount(amount, numerator, denominator, digits).replace(/\.?0+$/, '')
}

interface Scaled {
  readonly digits: bigint
  readonly scale: number
}

function scaled(text: string): Scaled {
  const [whole = '', fraction = ''] = text.split('.')
  return { digits: BigInt(whole + fraction), scale: fraction.length }
}
