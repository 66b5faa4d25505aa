/** An exact decimal number: `digits` / 10^`scale`. Money is never a binary float. */
export interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

export const ZERO: Decimal = { digits: 0n, scale: 0 }

/** A number without a sign or an exponent, as `0.0000133334`. */
export const DECIMAL_TEXT = /^(0|[1-9]\d{0,17})(\.\d{1,18})?$/

/** The number that a text says; undefined for anything but `DECIMAL_TEXT`. */
export function parseDecimal(text: string): Decimal | undefined {
  if (!DECIMAL_TEXT.test(text)) return undefined
  const [whole = '0', fraction = ''] = text.split('.')
  return { digits: BigInt(whole + fraction), scale: fraction.length }
}

/** The same for a text that was checked before. Throws RangeError. */
export function decimalOf(text: string): Decimal {
  const value = parseDecimal(text)
  if (value === undefined) throw new RangeError(`"${text}" is no decimal`)
  return value
}

export function whole(count: number | bigint): Decimal {
  return { digits: BigInt(count), scale: 0 }
}

export function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { digits: atScale(a, scale) + atScale(b, scale), scale }
}

export function minus(a: Decimal, b: Decimal): Decimal {
  return plus(a, { ...b, digits: -b.digits })
}

export function times(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale }
}

/** Divided by a number whose only prime factors are 2 and 5, so that the quotient is exact. Throws RangeError for another. */
export function dividedBy(a: Decimal, divisor: bigint): Decimal {
  let { digits, scale } = a
  let rest = divisor
  while (rest % 10n === 0n && rest > 0n) [rest, scale] = [rest / 10n, scale + 1]
  while (rest % 2n === 0n && rest > 0n) [rest, digits, scale] = [rest / 2n, digits * 5n, scale + 1]
  while (rest % 5n === 0n && rest > 0n) [rest, digits, scale] = [rest / 5n, digits * 2n, scale + 1]
  if (rest !== 1n) throw new RangeError(`${divisor} does not divide exactly`)
  return { digits, scale }
}

export function isGreater(a: Decimal, b: Decimal): boolean {
  return minus(a, b).digits > 0n
}

/** All its digits, without zeros at the end: `0.000103`. */
export function exactText(value: Decimal): string {
  const text = fixedText(value, value.scale)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** With so many digits after the point, halves rounded away from zero. */
export function fixedText(value: Decimal, places: number): string {
  const sign = value.digits < 0n ? '-' : ''
  const size = value.digits < 0n ? -value.digits : value.digits
  const over = value.scale - places
  const rounded = over <= 0 ? size * 10n ** BigInt(-over) : (size + 5n * 10n ** BigInt(over - 1)) / 10n ** BigInt(over)
  const digits = rounded.toString().padStart(places + 1, '0')
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
  return rounded === 0n ? text : `${sign}${text}`
}

function atScale({ digits, scale }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - scale)
}
