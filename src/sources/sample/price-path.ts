import { quoteText } from '../../engine/sql-text.js'

/** sqrt(3) / π: scales the logistic distribution to variance 1. */
const LOGISTIC_SCALE = Math.sqrt(3) / Math.PI
/** The path returns to its base every 2^9 sessions, so prices stay within reach of it over any interval. */
const COARSEST = 9

/**
 * A number in (0, 1) that is a function of the seed and `key` (a SQL text expression) alone. From md5, because DuckDB's
 * own `hash` may change between versions. 52 bits, so that neither end is ever reached.
 */
export function uniform(seed: number, key: string): string {
  return `((('0x' || left(md5(${quoteText(`${seed}:`)} || ${key}), 13))::BIGINT + 0.5::DOUBLE) / 4503599627370496)`
}

/** A number with mean 0, variance 1 and tails fatter than the normal's, as markets have them. */
export function shock(seed: number, key: string): string {
  return `(ln(1 / ${uniform(seed, key)} - 1) * ${LOGISTIC_SCALE})`
}

/**
 * A random walk in closed form: a sum of tents of width 2^level, each with its own random height (midpoint displacement).
 * So the value of an instant does not depend on the interval it is asked for in. Increments over one session have variance 1.
 * `at` is a SQL expression in sessions. Levels below `finest` are left out; they are zero where `at` is a multiple of half of
 * 2^finest.
 */
export function walk(seed: number, key: string, at: string, finest: number): string {
  const width = 'power(2::DOUBLE, level)'
  const tent = `(1 - abs(2 * (${at} / ${width} - floor(${at} / ${width})) - 1))`
  const height = shock(seed, `${key} || ':' || level || ':' || floor(${at} / ${width})::BIGINT`)
  return `list_sum([${tent} * sqrt(${width}) / 2 * ${height} FOR level IN range(${finest}, ${COARSEST + 1})])`
}

/**
 * The price at `at`, not rounded: half of the variance is the factor's, half the instrument's own.
 * Expects the columns of `instrumentRows`.
 */
export function price(seed: number, at: string, finest: number): string {
  const moves = `(${walk(seed, 'factor', at, finest)} + ${walk(seed, 'instrument_id', at, finest)})`
  return `(base * exp(volatility * sqrt(0.5) * ${moves}))`
}
