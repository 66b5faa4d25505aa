/** A way to number instruments: how its codes look, and the last digit that the others demand. */
interface Scheme {
  readonly shape: RegExp
  readonly shapeText: string
  readonly checkDigit?: (code: string) => number
}

const FIGI: Scheme = {
  shape: /^(?!BS|BM|GG|GB|GH|KY|VG)[B-DF-HJ-NP-TV-Z]{2}G[B-DF-HJ-NP-TV-Z0-9]{8}[0-9]$/,
  shapeText: 'two consonants, G, eight consonants or digits, and a check digit',
  checkDigit: alternatingDigit,
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  isin: {
    shape: /^[A-Z]{2}[A-Z0-9]{9}[0-9]$/,
    shapeText: 'two letters of a country, nine letters or digits, and a check digit',
    checkDigit: isinDigit,
  },
  figi: FIGI,
  figi_composite: FIGI,
  figi_share_class: FIGI,
  cusip: {
    shape: /^[A-Z0-9*@#]{8}[0-9]$/,
    shapeText: 'eight letters or digits and a check digit',
    checkDigit: alternatingDigit,
  },
  sedol: {
    shape: /^[B-DF-HJ-NP-TV-Z0-9]{6}[0-9]$/,
    shapeText: 'six consonants or digits and a check digit',
    checkDigit: sedolDigit,
  },
  mic: { shape: /^[A-Z0-9]{4}$/, shapeText: 'four capital letters or digits' },
}

/**
 * What is wrong with an identifier, in words that follow its value, or undefined. Knows `isin` (ISO 6166), `figi` (of a listing,
 * `figi_composite`, `figi_share_class`), `cusip`, `sedol` and `mic` (ISO 10383; its form only); values of other schemes are taken as they are.
 */
export function identifierFault(scheme: string, value: string): string | undefined {
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  if (known === undefined) return undefined
  const words = scheme.toUpperCase().replaceAll('_', ' ')
  if (!known.shape.test(value)) return `is no ${words}: ${known.shapeText}`
  const due = known.checkDigit?.(value.slice(0, -1))
  if (due === undefined || due === Number(value.at(-1))) return undefined
  return `is no ${words}: its check digit would be ${due}`
}

/** 0 to 9 for digits, 10 to 35 for A to Z, then the three signs of CUSIP. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*@#'

/** Letters become two digits; from the right, every other digit counts double, by its digits (Luhn). */
function isinDigit(code: string): number {
  const digits = [...code].map(sign => ALPHABET.indexOf(sign)).join('')
  return complement([...digits].reverse().map((digit, at) => digitSum(Number(digit) * (at % 2 === 0 ? 2 : 1))))
}

/** From the left, every other character counts double, each by its digits. */
function alternatingDigit(code: string): number {
  return complement([...code].map((sign, at) => digitSum(ALPHABET.indexOf(sign) * (at % 2 === 0 ? 1 : 2))))
}

const SEDOL_WEIGHTS = [1, 3, 1, 7, 3, 9]

function sedolDigit(code: string): number {
  return complement([...code].map((sign, at) => ALPHABET.indexOf(sign) * SEDOL_WEIGHTS[at]!))
}

function digitSum(number: number): number {
  return Math.floor(number / 10) + (number % 10)
}

function complement(terms: readonly number[]): number {
  return (10 - (terms.reduce((sum, term) => sum + term, 0) % 10)) % 10
}
