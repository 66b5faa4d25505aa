/** The exact product of decimal texts without exponents, such as `1.95583` and `1000`; without trailing zeros. One for none. */
export function decimalProduct(factors: readonly string[]): string {
  let digits = 1n
  let scale = 0
  for (const factor of factors) {
    const [whole = '', fraction = ''] = factor.split('.')
    digits *= BigInt(whole + fraction)
    scale += fraction.length
  }
  const text = String(digits).padStart(scale + 1, '0')
  const fraction = text.slice(text.length - scale, scale === 0 ? 0 : undefined).replace(/0+$/, '')
  const whole = text.slice(0, text.length - scale)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
