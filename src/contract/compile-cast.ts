import { decimalSql, NUMBER_PATTERN } from './cast-decimal.js'
import { timestampSql } from './cast-timestamp.js'
import type { Column } from './contract.js'

/**
 * SQL that turns the verbatim text `raw` (a VARCHAR expression, best a column) into the column's type, or NULL when it cannot be
 * that exactly. Never raises; NULL stays NULL. The connection's time zone must be UTC.
 *
 * - decimal, integer: digits with an optional sign, point and exponent; exact or NULL, never rounded; no blanks, `NaN`, `Infinity`, `1_000`.
 *   An integer may be written `1.0` or `1e3`.
 * - double: the same texts, the nearest double; NULL when it would be infinite.
 * - boolean: `true` or `false` in any letter case; `1`, `0`, `t`, `yes` are NULL, because feeds use them for other things.
 * - date: `YYYY-MM-DD`, or what the column's `format` says.
 * - timestamp: see `timestampSql`.
 * - string, json: the text as it is.
 */
export function castSql(column: Column, raw: string): string {
  const { type, format } = column
  switch (type.kind) {
    case 'decimal':
      return decimalSql(raw, type.precision, type.scale)
    case 'integer':
      return `CASE WHEN regexp_full_match(${raw}, '[+-]?[0-9]{1,18}') THEN TRY_CAST(${raw} AS BIGINT)
    ELSE TRY_CAST(${decimalSql(raw, 19, 0)} AS BIGINT) END`
    case 'double':
      return finite(`CASE WHEN regexp_full_match(${raw}, '${NUMBER_PATTERN}') THEN TRY_CAST(${raw} AS DOUBLE) END`)
    case 'boolean':
      return `CASE lower(${raw}) WHEN 'true' THEN true WHEN 'false' THEN false END`
    case 'date':
      return format === undefined ? dateSql(raw) : `CAST(${timestampSql(raw, format)} AS DATE)`
    case 'timestamp':
      return timestampSql(raw, format)
    case 'string':
    case 'json':
      return raw
  }
}

/** SQL that takes a value which already has a type (a model's output) to the column's type, or NULL; NaN and infinities become NULL. */
export function typedCastSql(column: Column, value: string, duckdbType: string): string {
  const cast = `TRY_CAST(${value} AS ${duckdbType})`
  return column.type.kind === 'double' ? finite(cast) : cast
}

function dateSql(raw: string): string {
  return `CASE WHEN regexp_full_match(${raw}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(${raw} AS DATE) END`
}

/** NULL for NaN and infinities: comparisons with NaN are false. */
function finite(double: string): string {
  return `CASE WHEN isfinite(${double}) THEN ${double} END`
}
