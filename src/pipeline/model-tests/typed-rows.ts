import { castSql } from '../../contract/compile-cast.js'
import type { Column } from '../../contract/contract.js'
import { rawColumn } from '../../contract/raw-column.js'
import type { Place } from '../../core/errors.js'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { TestRows, TestValue } from '../../gold/model-test.js'

/** A column that rows of a test may name. `castSql` reads its text, the expression `raw`. */
export interface TestColumn {
  readonly name: string
  /** DuckDB's type. */
  readonly sqlType: string
  castSql(raw: string): string
  /** SQL over the other columns for a row that does not name it. Undefined: NULL. */
  readonly otherwise?: string
}

/** A column of a contract. Values are written as the contract's type has them, not as a source does. */
export function contractColumn(column: Column, sqlType: string): TestColumn {
  return { name: column.name, sqlType, castSql: raw => castSql({ ...column, format: undefined }, raw) }
}

/** What rows are: of which table, with which columns. */
export interface RowsOf {
  readonly table: string
  readonly columns: readonly TestColumn[]
}

/**
 * Puts rows of a test into a table `into` with all columns and `_at`, the number of the row from 0: one statement, whatever their
 * number. Throws SLUICE_TEST_INVALID, with the place of the value, for columns that are not there and values of another type.
 */
export async function putRows(rows: TestRows, { table, columns }: RowsOf, into: string, engine: Engine): Promise<void> {
  const named = namedColumns(rows, { table, columns })
  const values = rows.rows.map((row, at) => [
    String(at),
    ...named.map(column => textOf(row[column.name] ?? null, column, () => rows.place(at, column.name))),
  ])
  const raw = named.map((column, at) => `r[${at + 2}] AS ${quoteIdent(rawColumn(column.name))}`)
  const typed = named.map(
    column => `${column.castSql(quoteIdent(rawColumn(column.name)))} AS ${quoteIdent(column.name)}`,
  )
  const lacking = columns.filter(column => !named.includes(column))
  const rest = lacking.map(column => `${defaultSql(column)} AS ${quoteIdent(column.name)}`)
  await engine.run(`CREATE OR REPLACE TABLE ${into} AS
    SELECT ${['_at', ...columns.map(({ name }) => quoteIdent(name)), ...named.map(({ name }) => quoteIdent(rawColumn(name)))].join(', ')}
    FROM (SELECT ${['*', ...rest].join(', ')} FROM (SELECT ${['*', ...typed].join(', ')} FROM (
      SELECT ${['r[1]::BIGINT AS _at', ...raw].join(', ')}
      FROM (SELECT unnest(from_json(${quoteText(JSON.stringify(values))}, '[["VARCHAR"]]')) AS r))))`)
  await refuseOtherTypes(rows, named, into, engine)
  for (const { name } of named) await engine.run(`ALTER TABLE ${into} DROP COLUMN ${quoteIdent(rawColumn(name))}`)
}

function defaultSql({ sqlType, otherwise }: TestColumn): string {
  return otherwise === undefined ? `NULL::${sqlType}` : `(${otherwise})::${sqlType}`
}

/** The columns that some row names, in the table's order. */
function namedColumns(rows: TestRows, { table, columns }: RowsOf): TestColumn[] {
  const used = new Set<string>()
  for (const [at, row] of rows.rows.entries())
    for (const name of Object.keys(row)) {
      if (!columns.some(column => column.name === name)) {
        const known = columns.map(column => column.name)
        const message = `${table} has no column ${name}.${didYouMean(name, known)}`
        throw invalid(message, rows.place(at, name))
      }
      used.add(name)
    }
  return columns.filter(({ name }) => used.has(name))
}

/** A decimal beyond what YAML's numbers hold has lost digits by the time that it is read. */
function textOf(value: TestValue, column: TestColumn, place: () => Required<Place>): string | null {
  if (value === null) return null
  if (typeof value !== 'number') return String(value)
  const text = String(value)
  const digits = text.replace(/e.*$/, '').replace(/\D/g, '').replace(/^0+/, '')
  if (digits.length > EXACT_DIGITS && column.sqlType !== 'DOUBLE')
    throw invalid(`\`${column.name}\`: a number of more than ${EXACT_DIGITS} digits has to stand in quotes.`, place())
  return text
}

const EXACT_DIGITS = 15

async function refuseOtherTypes(
  rows: TestRows,
  named: readonly TestColumn[],
  into: string,
  engine: Engine,
): Promise<void> {
  for (const column of named) {
    const [raw, typed] = [quoteIdent(rawColumn(column.name)), quoteIdent(column.name)]
    const [row] = await engine.rows(
      `SELECT _at, ${raw} AS raw FROM ${into} WHERE ${raw} IS NOT NULL AND ${typed} IS NULL ORDER BY _at LIMIT 1`,
    )
    if (row === undefined) continue
    const message = `\`${column.name}\`: "${String(row['raw']).slice(0, 80)}" is no ${column.sqlType}.`
    throw invalid(message, rows.place(asNumber(row['_at']), column.name))
  }
}

export function invalid(message: string, place: Required<Place>, cause?: unknown): SluiceError {
  return new SluiceError('SLUICE_TEST_INVALID', message, { place }, cause)
}
