import { quoteIdent } from '../../engine/sql-text.js'
import type { Move, SeriesDetector, Use } from './detector.js'

/**
 * SELECT of the series (`_series`) in which some value may move as far as a detector asks, over SQL of rows with the contract's columns,
 * `_series` and `_p`, a span of their time; undefined where a detector looks for more than moves. What lies between the extremes of a span
 * and the one before has moved no further than these, so calm series are never sorted.
 */
export function restlessSql(
  found: readonly { readonly detector: SeriesDetector; readonly use: Use }[],
  rows: string,
): string | undefined {
  const moves = found.map(({ detector, use }) => detector.moves?.(use))
  if (moves.some(move => move === undefined)) return undefined
  const extremes = smallest(moves as readonly Move[]).map(([column, times], at) => ({ column, times, at }))
  const bounds = extremes.map(
    ({ column, at }) => `min(${column})::DOUBLE AS _low_${at}, max(${column})::DOUBLE AS _high_${at}`,
  )
  const earlier = extremes.flatMap(({ at }) =>
    ['low', 'high'].map(end => `lag(_${end}_${at}, 1 IGNORE NULLS) OVER spans AS _last_${end}_${at}`),
  )
  const restless = extremes.map(({ times, at }) => {
    const low = `least(_low_${at}, _last_low_${at})`
    return `(_low_${at} IS NOT NULL AND NOT (${low} > 0 AND greatest(_high_${at}, _last_high_${at}) - ${low} <= ${times} * ${low}))`
  })
  return `SELECT DISTINCT _series FROM (
      SELECT *, ${earlier.join(', ')} FROM (SELECT _series, _p, ${bounds.join(', ')} FROM (${rows}) GROUP BY ALL)
      WINDOW spans AS (PARTITION BY _series ORDER BY _p))
    WHERE ${restless.join(' OR ')}`
}

/** Per column the smallest move, a little less than that: doubles are not exact. */
function smallest(moves: readonly Move[]): [string, number][] {
  const times = new Map<string, number>()
  for (const { value, least } of moves) times.set(value, Math.min(times.get(value) ?? Number.POSITIVE_INFINITY, least))
  return [...times].map(([value, least]) => [quoteIdent(value), Math.max(0, least - 1e-6)])
}
