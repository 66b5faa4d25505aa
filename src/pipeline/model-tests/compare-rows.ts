import type { Contract } from '../../contract/contract.js'
import type { Place } from '../../core/errors.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine, SqlRow } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import type { ModelTest } from '../../gold/model-test.js'
import { columnsOf } from './given-tables.js'
import { invalid, putRows } from './typed-rows.js'

/** One difference between the rows that a test expects and those that the model gave. Values are texts as SQL writes them; null is NULL. */
export type RowDifference =
  | { readonly kind: 'missing'; readonly place: Required<Place>; readonly row: TextRow }
  | { readonly kind: 'unexpected'; readonly row: TextRow }
  | {
      readonly kind: 'different'
      readonly place: Required<Place>
      /** What tells the row from the others. */
      readonly row: TextRow
      readonly columns: readonly {
        readonly column: string
        readonly expected: string | null
        readonly found: string | null
      }[]
    }

export type TextRow = Readonly<Record<string, string | null>>

/** Differences beyond these are counted only. */
const MOST = 100

export interface Comparison {
  readonly differences: readonly RowDifference[]
  /** Of all differences, also those that are not told one by one. */
  readonly count: number
}

/**
 * Compares the rows of a table with those that a test expects, in any order, by the columns that it names. Rows are paired by the
 * table's key where the test names it, else by all columns that are no doubles. Doubles may differ by the tolerance.
 */
export async function compareRows(
  found: string,
  test: ModelTest,
  contract: Contract,
  engine: Engine,
): Promise<Comparison> {
  const columns = columnsOf(contract)
  const names = comparedColumns(test, contract)
  await putRows(test.expect, { table: `gold.${test.model}`, columns }, EXPECTED, engine)
  const types = new Map(columns.map(({ name, sqlType }) => [name, sqlType]))
  const exact = names.filter(name => types.get(name) !== 'DOUBLE')
  const hasKey = contract.primaryKey.every(name => names.includes(name))
  const pairing = hasKey ? contract.primaryKey : exact
  const rest = names.filter(name => !pairing.includes(name))
  const rows = await engine.rows(`SELECT * FROM (${pairsSql(found, pairing, rest)})
    WHERE _e IS NULL OR _f IS NULL ${rest.map(name => `OR ${differsSql(name, types.get(name)!, test.tolerance)}`).join(' ')}
    ORDER BY _e NULLS LAST, _f`)
  const differences = rows.slice(0, MOST).map(row => differenceOf(row, test, { pairing, rest, types }))
  return { differences, count: rows.length }
}

const EXPECTED = 'work._expected'

/** All expected rows name the same columns; a test that expects none compares whether there are rows at all. */
function comparedColumns({ expect }: ModelTest, contract: Contract): string[] {
  const [first] = expect.rows
  if (first === undefined) return [...contract.primaryKey]
  const names = Object.keys(first)
  for (const [at, row] of expect.rows.entries()) {
    const other = names.find(name => !Object.hasOwn(row, name)) ?? Object.keys(row).find(name => !names.includes(name))
    if (other === undefined) continue
    throw invalid(
      `Expected rows name the same columns: \`${other}\` stands in some of them only. Write null for NULL.`,
      expect.place(at),
    )
  }
  if (names.length === 0) throw invalid('An expected row names one column at least.', expect.place(0))
  return names
}

/** Expected and found rows side by side. Of rows with equal pairing columns the first goes with the first, by the other columns. */
function pairsSql(found: string, pairing: readonly string[], rest: readonly string[]): string {
  const numbered = (from: string, id: string, as: string): string => {
    const order = [...rest, ...pairing].map(quoteIdent).join(', ')
    const partition = pairing.length === 0 ? '' : `PARTITION BY ${pairing.map(quoteIdent).join(', ')} `
    const columns = [...pairing, ...rest].map(name => `${quoteIdent(name)} AS ${quoteIdent(`${as}.${name}`)}`)
    return `SELECT ${id} AS _${as}, row_number() OVER (${partition}ORDER BY ${order}) AS _n${as}, ${columns.join(', ')} FROM ${from}`
  }
  const on = pairing.map(name => `${quoteIdent(`e.${name}`)} IS NOT DISTINCT FROM ${quoteIdent(`f.${name}`)}`)
  return `SELECT * FROM (${numbered(EXPECTED, '_at', 'e')}) FULL JOIN (${numbered(found, 'rowid', 'f')})
    ON ${[...on, '_ne = _nf'].join(' AND ')}`
}

function differsSql(name: string, sqlType: string, tolerance: number): string {
  const [expected, found] = [quoteIdent(`e.${name}`), quoteIdent(`f.${name}`)]
  const same = `${expected} IS NOT DISTINCT FROM ${found}`
  if (sqlType !== 'DOUBLE') return `NOT (${same})`
  return `NOT (${same} OR coalesce(abs(${expected} - ${found}) <= ${tolerance} * greatest(1, abs(${expected})), false))`
}

interface Pairs {
  readonly pairing: readonly string[]
  readonly rest: readonly string[]
  readonly types: ReadonlyMap<string, string>
}

function differenceOf(row: SqlRow, test: ModelTest, { pairing, rest, types }: Pairs): RowDifference {
  const side = (as: 'e' | 'f', names: readonly string[]): TextRow =>
    Object.fromEntries(names.map(name => [name, text(row[`${as}.${name}`])]))
  const all = [...pairing, ...rest]
  if (row['_e'] === null) return { kind: 'unexpected', row: side('f', all) }
  const place = test.expect.place(asNumber(row['_e']))
  if (row['_f'] === null) return { kind: 'missing', place, row: side('e', all) }
  const columns = rest
    .map(column => ({ column, expected: text(row[`e.${column}`]), found: text(row[`f.${column}`]) }))
    .filter(({ column, expected, found }) => isDifference(expected, found, types.get(column)!, test.tolerance))
  return { kind: 'different', place, row: side('e', pairing), columns }
}

function isDifference(expected: string | null, found: string | null, sqlType: string, tolerance: number): boolean {
  if (expected === found) return false
  if (sqlType !== 'DOUBLE' || expected === null || found === null) return true
  return !(Math.abs(Number(expected) - Number(found)) <= tolerance * Math.max(1, Math.abs(Number(expected))))
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}
