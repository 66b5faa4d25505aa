const NUMBER = String.raw`[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`
const PARTS = String.raw`^[+-]?([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$`

/** RE2 pattern of the number texts that Sluice reads: digits with an optional sign, point and exponent, nothing else. */
export const NUMBER_PATTERN = NUMBER

/**
 * SQL that turns a text into DECIMAL(precision, scale): the exact value, or NULL when the text is no number or does not fit
 * without rounding. Never raises.
 *
 * DuckDB's own cast rounds in silence, reads many exponents wrongly and takes 10 µs per value above 18 digits. So short plain numbers go
 * through a 64-bit decimal, and all others become a 128-bit integer of units of the last place, which is then given its scale.
 */
export function decimalSql(text: string, precision: number, scale: number): string {
  return `CASE ${shortCase(text, precision, scale)}
    WHEN regexp_full_match(${text}, '${plainPattern(scale)}') THEN ${plainValue(text, precision, scale)}
    WHEN regexp_full_match(${text}, '${NUMBER}') THEN ${anyValue(text, precision, scale)}
  END`
}

/** Numbers that fit 18 digits with at most 9 of them after the point. */
function shortCase(text: string, precision: number, scale: number): string {
  const fraction = Math.min(scale, 9)
  const whole = Math.min(18 - fraction, precision - scale)
  if (whole === 0) return ''
  const tail = fraction === 0 ? '' : String.raw`(\.[0-9]{1,${fraction}})?`
  const narrow = `TRY_CAST(${text} AS DECIMAL(${whole + fraction}, ${fraction}))`
  const pattern = `[+-]?[0-9]{1,${whole}}${tail}`
  return `WHEN regexp_full_match(${text}, '${pattern}') THEN CAST(${narrow} AS DECIMAL(${precision}, ${scale}))`
}

/** Plain numbers with no more fraction digits than the scale. */
function plainPattern(scale: number): string {
  if (scale === 0) return String.raw`[+-]?[0-9]+\.?`
  return String.raw`[+-]?([0-9]+(\.[0-9]{0,${scale}})?|\.[0-9]{1,${scale}})`
}

function plainValue(text: string, precision: number, scale: number): string {
  const written = `CASE WHEN contains(${text}, '.') THEN strlen(${text}) - strpos(${text}, '.') ELSE 0 END`
  return fromUnits(`replace(${text}, '.', '') || repeat('0', ${scale} - ${written})`, precision, scale)
}

/** Any number: its digits without outer zeros, then as many zeros as exponent and scale ask for; a negative count would be rounding. */
function anyValue(text: string, precision: number, scale: number): string {
  const parts = `regexp_extract(${text}, '${PARTS}', ['whole', 'fraction', 'exponent'])`
  const digits = `rtrim(ltrim(n.whole || n.fraction, '0'), '0')`
  const outerZeros = `(strlen(n.whole || n.fraction) - strlen(rtrim(n.whole || n.fraction, '0')))`
  const exponent = `CASE n.exponent WHEN '' THEN 0 ELSE TRY_CAST(n.exponent AS INTEGER)::BIGINT END`
  const zeros = `${scale} - strlen(n.fraction) + ${outerZeros} + ${exponent}`
  const sign = `CASE WHEN starts_with(${text}, '-') THEN '-' ELSE '' END`
  const units = `CASE
      WHEN d.digits = '' THEN '0'
      WHEN d.zeros BETWEEN 0 AND ${precision} - strlen(d.digits) THEN ${sign} || d.digits || repeat('0', d.zeros)
    END`
  // A list of one element is DuckDB's way to name an intermediate result inside an expression.
  const pieces = `list_transform([${parts}], lambda n: {digits: ${digits}, zeros: ${zeros}})`
  return fromUnits(`list_transform(${pieces}, lambda d: ${units})[1]`, precision, scale)
}

/** A whole number of units of the last place, as text, with its scale. Multiplying by the unit moves no digit: it only names the scale. */
function fromUnits(units: string, precision: number, scale: number): string {
  const whole = `TRY_CAST(TRY_CAST(${units} AS HUGEINT) AS DECIMAL(${precision}, 0))`
  if (scale === 0) return whole
  const unit = `CAST('0.${'0'.repeat(scale - 1)}1' AS DECIMAL(${scale}, ${scale}))`
  return `CAST(CAST(${whole} AS DECIMAL(38, 0)) * ${unit} AS DECIMAL(${precision}, ${scale}))`
}
