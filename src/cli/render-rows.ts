import type { SqlValue } from '../engine/engine.js'
import type { QueryResult } from '../pipeline/query.js'
import { type TableLook, tableText } from './table-text.js'

const NUMERIC =
  /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL)/

/** The rows of a query as a table; numbers stand to the right, nulls are empty. */
export function rowsText(result: QueryResult, look: TableLook): string {
  const columns = result.columns.map(({ name, type }) => ({
    head: name,
    align: NUMERIC.test(type) ? ('right' as const) : ('left' as const),
  }))
  return tableText(
    columns,
    result.rows.map(row => result.columns.map(({ name }) => cellText(row[name] ?? null))),
    look,
  )
}

/** A value as text: exact, except that long fractions of doubles are cut to six significant digits when `digits` says so. */
export function cellText(value: SqlValue, digits?: number): string {
  if (value === null) return ''
  if (typeof value === 'number' && digits !== undefined && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(digits)))
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
