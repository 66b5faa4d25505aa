import { calendar, type Session } from '../../market/calendar/calendar.js'
import { CURRENCIES, currencyOf, inZloty, type ListedCurrency } from '../currencies.js'
import type { Market } from '../market.js'

/** Units of a currency for one euro, at the concertation of a day. */
export function euroRate(market: Market, code: string, { open }: Pick<Session, 'open'>): number {
  const euro = market.price(inZloty(currencyOf('EUR')!), open)
  return code === 'PLN' ? euro : euro / market.price(inZloty(currencyOf(code)!), open)
}

/** As the ECB writes it: five digits and more for large ones, without zeros at the end. */
export function roundedRate(rate: number): number {
  const decimals = rate < 10 ? 4 : rate < 100 ? 3 : 2
  return Number(rate.toFixed(decimals))
}

/** The currencies with a reference rate, PLN among them, in the order of their codes. */
export const ECB_CURRENCIES: readonly Pick<ListedCurrency, 'code' | 'english' | 'until'>[] = [
  ...CURRENCIES.filter(({ ecb }) => ecb),
  { code: 'PLN', english: 'Polish zloty' },
].toSorted((a, b) => (a.code < b.code ? -1 : 1))

/** The TARGET days of `[from, to]` whose rates were published at `nowMs`. */
export function ecbDays(from: string, to: string, nowMs: number): Session[] {
  const days = calendar('TARGET')
  const [first, last] = [from < days.from ? days.from : from, to > days.until ? days.until : to]
  return first > last ? [] : days.sessions(first, last).filter(({ close }) => close <= nowMs)
}
