const POWERS = Array.from({ length: 16 }, (_, at) => 10 ** at)

/** A number with so many digits after the point, 1 to 15: `toFixed`, by whole numbers where they are exact, which is faster. */
export function fixed(value: number, decimals: number): string {
  const power = POWERS[decimals]!
  const scaled = Math.round(Math.abs(value) * power)
  if (!(scaled <= Number.MAX_SAFE_INTEGER)) return value.toFixed(decimals)
  const whole = Math.floor(scaled / power)
  // The leading 1 keeps the zeros after the point.
  const fraction = String(power + scaled - whole * power).slice(1)
  return `${value < 0 && scaled > 0 ? '-' : ''}${whole}.${fraction}`
}

/** Without zeros at its end, at most `decimals` digits after the point. */
export function decimal(value: number, decimals: number): string {
  if (decimals === 0) return String(Math.round(value))
  const text = fixed(value, decimals)
  let end = text.length
  while (text.charCodeAt(end - 1) === ZERO) end--
  return text.slice(0, text.charCodeAt(end - 1) === POINT ? end - 1 : end)
}

const ZERO = 48
const POINT = 46
