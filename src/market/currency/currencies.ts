import { dayOf } from '../calendar/days.js'
import { ISO_4217 } from './iso-4217.js'
import { MARKET_UNITS, QUOTATION_UNITS } from './market-units.js'
import { PAST_CURRENCIES } from './past-currencies.js'
import { REDENOMINATIONS } from './redenominations.js'
import { textRows } from './text-rows.js'

/** What a price may be stated in: a currency of ISO 4217, in force or past, or a unit that markets quote in. */
export interface Currency {
  /** Case counts: GBp is a penny, GBP a pound. */
  readonly code: string
  readonly name: string
  readonly kind: CurrencyKind
  /** Three digits; undefined for a code that is not on the list of ISO 4217. */
  readonly numericCode: string | undefined
  /** Digits after the decimal point of an amount; undefined where there is no such number. */
  readonly minorUnits: number | undefined
  /** For pence and their like: `count` of this unit are one `code`. */
  readonly partOf: { readonly code: string; readonly count: number } | undefined
  /** First day (YYYY-MM-DD) of a currency that a redenomination created; undefined: older than that, or not known. */
  readonly validFrom: string | undefined
  /** First day on which it is no unit of its own any more: replaced, or a fixed part of its successor. */
  readonly validTo: string | undefined
}

/**
 * `money`, `fund` (accounting units of one state), `metal`, `composite` (baskets such as the SDR) and `none` (XXX, XTS) are on the
 * list of ISO 4217; `minor`, `offshore`, `crypto` and `stablecoin` are what markets quote in beside it.
 */
export type CurrencyKind =
  | 'money'
  | 'fund'
  | 'metal'
  | 'composite'
  | 'none'
  | 'minor'
  | 'offshore'
  | 'crypto'
  | 'stablecoin'

/** Every currency and unit that is known, by code. */
export const CURRENCIES: ReadonlyMap<string, Currency> = new Map(
  [...inForce(), ...past(), ...marketUnits()].map(currency => [currency.code, currency]),
)

/**
 * The currency of a code if amounts could be stated in it on a day (YYYY-MM-DD), else undefined. A malformed day throws
 * SLUICE_ARGUMENT_INVALID.
 */
export function currencyOn(code: string, date: string): Currency | undefined {
  dayOf(date)
  const currency = CURRENCIES.get(code)
  if (currency === undefined) return undefined
  const { validFrom, validTo } = currency
  return (validFrom === undefined || validFrom <= date) && (validTo === undefined || date < validTo)
    ? currency
    : undefined
}

/** Publications that quote several units of a currency without saying so: source, currency, units of one figure. */
export const QUOTED_UNITS: readonly { readonly source: string; readonly currency: string; readonly units: number }[] =
  textRows(QUOTATION_UNITS, 2).map(([source = '', currency = '', units]) => ({
    source,
    currency,
    units: Number(units),
  }))

function inForce(): Currency[] {
  return textRows(ISO_4217, 4).map(([code = '', numericCode = '', digits = '', kind = '', name = '']) => ({
    ...{ code, name, numericCode, kind: kind as CurrencyKind, minorUnits: numberOf(digits), partOf: undefined },
    ...validity(code),
  }))
}

function past(): Currency[] {
  return textRows(PAST_CURRENCIES, 1).map(([code = '', rest = '']) => {
    const ended = /^(\d{4}-\d\d-\d\d) (.+)$/.exec(rest)
    const { validFrom, validTo } = validity(code)
    return {
      ...{ code, name: ended?.[2] ?? rest, kind: 'money', numericCode: undefined, minorUnits: undefined },
      ...{ partOf: undefined, validFrom, validTo: ended?.[1] ?? validTo },
    }
  })
}

function marketUnits(): Currency[] {
  return textRows(MARKET_UNITS, 5).map(([code = '', kind = '', whole = '', count = '', digits = '', name = '']) => ({
    ...{ code, name, kind: kind as CurrencyKind, numericCode: undefined, minorUnits: numberOf(digits) },
    partOf: whole === '-' ? undefined : { code: whole, count: Number(count) },
    ...validity(code),
  }))
}

function validity(code: string): Pick<Currency, 'validFrom' | 'validTo'> {
  const began = REDENOMINATIONS.find(({ to, manner }) => to === code && manner === 'creates')
  const ended = REDENOMINATIONS.find(({ from, manner }) => from === code && manner !== 'beside')
  return { validFrom: began?.effective, validTo: ended?.effective }
}

function numberOf(digits: string): number | undefined {
  return digits === '-' ? undefined : Number(digits)
}
