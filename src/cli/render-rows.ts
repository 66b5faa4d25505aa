import type { SqlValue } from '../engine/engine.js'
import type { QueryResult } from '../pipeline/read/query.js'
import { type TableLook, tableText } from './table-text.js'

const NUMERIC =
  /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL)/

/** A decimal as the engine writes it. */
const DECIMAL = /^-?[0-9]+\.[0-9]+$/

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

/** A value as text: exact; with `digits`, fractions of doubles are cut to so many significant digits and decimals lose trailing zeros. */
export function cellText(value: SqlValue, digits?: number): string {
  if (value === null) return ''
  if (typeof value === 'number' && digits !== undefined && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(digits)))
  }
  if (digits !== undefined && typeof value === 'string' && DECIMAL.test(value)) return value.replace(/\.?0+$/, '')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
