const POWERS = Array.from({ length: 16 }, (_, at) => 10 ** at)
/** Whole numbers below this one become text several times as fast. */
const SMALL = 2 ** 31
const PART_DIGITS = 9
const ZERO = 48
const POINT = 46

/** The digits of a whole number that is not negative and is exact. */
export function wholeText(value: number): string {
  if (value < SMALL) return String(value)
  const top = Math.floor(value / 1e9)
  return wholeText(top) + padded(value - top * 1e9, PART_DIGITS)
}

/** A number with so many digits after the point, 1 to 15: `toFixed`, by whole numbers where they are exact, which is faster. */
export function fixed(value: number, decimals: number): string {
  const power = POWERS[decimals]!
  const scaled = Math.round(Math.abs(value) * power)
  if (!(scaled <= Number.MAX_SAFE_INTEGER)) return value.toFixed(decimals)
  const whole = Math.floor(scaled / power)
  return `${value < 0 && scaled > 0 ? '-' : ''}${wholeText(whole)}.${padded(scaled - whole * power, decimals)}`
}

/** Without zeros at its end, at most `decimals` digits after the point. */
export function decimal(value: number, decimals: number): string {
  if (decimals === 0) return String(Math.round(value))
  const text = fixed(value, decimals)
  let end = text.length
  while (text.charCodeAt(end - 1) === ZERO) end--
  return text.slice(0, text.charCodeAt(end - 1) === POINT ? end - 1 : end)
}

/** With zeros before it. */
function padded(value: number, digits: number): string {
  // A leading 1 keeps the zeros.
  if (digits <= PART_DIGITS) return String(POWERS[digits]! + value).slice(1)
  const top = Math.floor(value / 1e9)
  return padded(top, digits - PART_DIGITS) + padded(value - top * 1e9, PART_DIGITS)
}
