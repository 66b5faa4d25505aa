import { type Decimal, fixedText } from '../finops/decimal.js'

/** So many digits show a single request to S3. */
const PLACES = 6
const LEAST = '0.000001'

/** `0.001234 USD`, `48.14 USD`, `< 0.000001 USD`: an exact decimal text, rounded for reading. */
export function moneyText(exact: string, currency: string): string {
  const value = decimalOf(exact)
  const size = value.digits < 0n ? -value.digits : value.digits
  const places = size >= 10n ** BigInt(value.scale) ? 2 : PLACES
  const text = fixedText(value, places)
  return size > 0n && Number(text) === 0 ? `< ${LEAST} ${currency}` : `${text} ${currency}`
}

/** What `exactText` wrote. */
function decimalOf(text: string): Decimal {
  const fraction = text.split('.')[1] ?? ''
  return { digits: BigInt(text.replace('.', '')), scale: fraction.length }
}
