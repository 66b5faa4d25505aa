import { expect } from 'vitest'
import type { OpenLake, TableDescription } from '../../src/index.js'

/** What two readers of one table must agree on: rows and, per column, nulls and the sum of a measure of its values. */
export interface Facts {
  readonly rows: number
  readonly columns: Readonly<Record<string, ColumnFacts>>
}

/**
 * `sum`: of numbers their values, of times microseconds since 1970, of dates days, of texts bytes, of lists elements.
 * Text where it is exact, a number where it is of binary floats.
 */
export interface ColumnFacts {
  readonly nulls: number
  readonly sum: string | number | null
}

export interface Column {
  readonly name: string
  readonly type: string
}

/** A filter as SQL and as the parts that other readers build theirs from. */
export interface Filter {
  readonly column: string
  readonly op: '>=' | '='
  readonly value: string
}

/** The facts of a SELECT's rows, by our own query. */
export async function ourFacts(
  lake: OpenLake,
  columns: readonly Column[],
  from: string,
  asOf?: string,
): Promise<Facts> {
  const { rows } = await lake.query(factsSql(columns, from), { asOf })
  return factsOfRow(rows[0]!, columns)
}

/** SQL for one row that holds the facts. */
export function factsSql(columns: readonly Column[], from: string): string {
  const sums = columns.flatMap(({ name, type }, at) => [
    `count(*) - count("${name}") AS n${at}`,
    `${sumSql(type)(`"${name}"`)}::VARCHAR AS s${at}`,
  ])
  return `SELECT count(*) AS rows, ${sums.join(', ')} FROM ${from}`
}

export function factsOfRow(row: Readonly<Record<string, unknown>>, columns: readonly Column[]): Facts {
  return {
    rows: Number(row['rows']),
    columns: Object.fromEntries(
      columns.map(({ name, type }, at) => [name, { nulls: Number(row[`n${at}`]), sum: sumOf(type, row[`s${at}`]) }]),
    ),
  }
}

/** Filters that keep some rows and not others where the table allows it: on the column that cuts it, and on another. */
export async function filtersOf(lake: OpenLake, table: TableDescription): Promise<Filter[]> {
  const cut = /\((.+)\)/.exec(table.partitionedBy)![1]!
  const other = table.columns.find(({ name, type }) => type === 'string' && name !== cut)!.name
  const { rows } = await lake.query(
    `SELECT max("${cut}")::VARCHAR AS latest, (SELECT mode("${other}") FROM ${table.table}) AS usual FROM ${table.table}`,
  )
  const [latest, usual] = [rows[0]!['latest'], rows[0]!['usual']]
  const day = String(latest).slice(0, 10)
  const cutType = table.columns.find(({ name }) => name === cut)!.type
  return [
    { column: cut, op: '>=', value: cutType === 'date' ? day : `${day}T00:00:00+00:00` },
    ...(usual === null ? [] : [{ column: other, op: '=', value: String(usual) } as const]),
  ]
}

/** Rows, nulls and exact sums must be equal, sums of binary floats within rounding: their last digit depends on the order. */
export function expectAgreement(theirs: Facts, ours: Facts, tolerance = 1e-12): void {
  expect(exactly(theirs)).toEqual(exactly(ours))
  for (const [name, { sum }] of Object.entries(ours.columns)) {
    const found = theirs.columns[name]!.sum
    if (typeof sum !== 'number') expect(typeof found).toBe(sum === null ? 'object' : 'string')
    else expect(Math.abs(Number(found) - sum) / Math.max(1, Math.abs(sum)), name).toBeLessThan(tolerance)
  }
}

export function whereSql({ column, op, value }: Filter): string {
  return `"${column}" ${op} '${value.replaceAll("'", "''")}'`
}

function exactly({ rows, columns }: Facts) {
  const exact = Object.entries(columns).map(([name, { nulls, sum }]) => [
    name,
    { nulls, sum: typeof sum === 'string' ? sum.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : undefined },
  ])
  return { rows, columns: Object.fromEntries(exact) }
}

function sumOf(type: string, value: unknown): string | number | null {
  if (value === null || value === undefined) return null
  return type === 'double' ? Number(value) : String(value)
}

function sumSql(type: string): (column: string) => string {
  if (type === 'string') return column => `sum(strlen(${column}))`
  if (type.startsWith('timestamp')) return column => `sum(epoch_us(${column}))`
  if (type === 'date') return column => `sum(${column} - DATE '1970-01-01')`
  if (type === 'boolean') return column => `sum(${column}::INTEGER)`
  if (type.startsWith('list')) return column => `sum(len(${column}))`
  return column => (type === 'double' ? `fsum(${column})` : `sum(${column})`)
}

/** The tables of a lake that have rows: of what the sample has no input for, such as holdings, nothing can be compared. */
export async function filledTables(lake: OpenLake): Promise<string[]> {
  const names: string[] = []
  // A view of the newest versions has no files of its own: other engines read the table that has.
  for (const { table, viewOf } of await lake.tables())
    if (viewOf === undefined && (await lake.table(table)).snapshotLog.length > 0) names.push(table)
  return names
}
