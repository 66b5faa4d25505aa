import { quoteText } from '../../engine/sql-text.js'
import { type Defect, LINES_PER_RECORD } from './sample-defects.js'
import { SAMPLE_INSTRUMENTS } from './sample-instruments.js'

/** The instruments as a SQL table. */
export function instrumentRows(): string {
  const rows = SAMPLE_INSTRUMENTS.map(({ hours, ...row }) => {
    const texts = [row.instrumentId, row.currency, row.factor].map(quoteText)
    const doubles = [row.base, row.volatility, hours.overnight].map(number => `${number}::DOUBLE`)
    const wholes = [row.decimals, row.sizeDecimals, hours.openHour * 3_600_000, hours.closeHour * 3_600_000]
    const sizes = [`${row.tradeSize}::DOUBLE`, `${row.dailyVolume ?? 'NULL'}::DOUBLE`]
    return `(${[...texts, ...doubles, ...wholes, ...sizes, hours.days === 'weekdays'].join(', ')})`
  })
  return `(VALUES ${rows.join(', ')}) AS instrument(instrument_id, currency, factor, base, volatility, overnight,
    decimals, size_decimals, open_ms, close_ms, trade_size, daily_volume, weekdays)`
}

/**
 * The defects as a SQL table, one row per damaged record. A place is the number of the `placeMs` long stretch of time since the
 * epoch that the record stands for.
 */
export function defectRows(defects: readonly Defect[], placeMs: number): string {
  const rows = defects.flatMap(({ kind, instrumentId, at, count = 1 }) => {
    const first = Math.floor(Date.parse(at) / placeMs)
    const cells = (offset: number) => [quoteText(instrumentId), first + offset, quoteText(kind), LINES_PER_RECORD[kind]]
    return Array.from({ length: count }, (_, offset) => `(${cells(offset).join(', ')})`)
  })
  return `(VALUES ${rows.join(', ')}) AS defect(instrument_id, place, kind, lines)`
}

/**
 * Every record as the lines it is delivered in. Adds `copy` (from 0) and `flaw`: the defect that this line carries, if any.
 * `records` has the columns `instrument_id` and `place`.
 */
export function deliveredLines(records: string, defects: readonly Defect[], placeMs: number): string {
  return `SELECT *, CASE WHEN copy = lines - 1 THEN kind END AS flaw
    FROM (
      SELECT record.*, kind, coalesce(lines, 1) AS lines, unnest(range(coalesce(lines, 1))) AS copy
      FROM (${records}) AS record
      LEFT JOIN ${defectRows(defects, placeMs)} ON defect.instrument_id = record.instrument_id AND defect.place = record.place
    )`
}
