import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'

export interface RowsToCompare {
  /** SELECTs with the key and the columns. A key names one row of each. */
  readonly before: string
  readonly after: string
  readonly key: readonly string[]
  /** Columns beside the key whose values are compared. */
  readonly columns: readonly string[]
}

export interface RowCounts {
  readonly added: number
  readonly removed: number
  readonly changed: number
}

export interface ChangedRow {
  readonly change: 'added' | 'removed' | 'changed'
  /** Values as text, exact; null where there is none. */
  readonly key: Readonly<Record<string, string | null>>
  /** Of a changed row those that differ, else all that hold a value. */
  readonly columns: readonly {
    readonly column: string
    readonly before: string | null
    readonly after: string | null
  }[]
}

/** Rows that differ: the key (`k_<n>`), `_change`, and the values of both sides (`b_<n>`, `a_<n>`) where they differ. */
export const COMPARED = 'work.compared'

/** Compares two sets of rows by key in one statement; the differing ones are in `COMPARED` afterwards. NaN equals NaN, null equals null. */
export async function compareRows({ before, after, key, columns }: RowsToCompare, engine: Engine): Promise<RowCounts> {
  const names = [...key, ...columns].map(quoteIdent).join(', ')
  const isSame = key.map(name => `b.${quoteIdent(name)} IS NOT DISTINCT FROM a.${quoteIdent(name)}`).join(' AND ')
  const differs = columns.map(name => `b.${quoteIdent(name)} IS DISTINCT FROM a.${quoteIdent(name)}`)
  const keys = key.map((name, at) => `coalesce(b.${quoteIdent(name)}, a.${quoteIdent(name)}) AS k_${at}`)
  const values = columns.flatMap((name, at) => [`b.${quoteIdent(name)} AS b_${at}`, `a.${quoteIdent(name)} AS a_${at}`])
  const change = `CASE WHEN b._is IS NULL THEN 'added' WHEN a._is IS NULL THEN 'removed' ELSE 'changed' END AS _change`
  await engine.run(`CREATE OR REPLACE TABLE ${COMPARED} AS SELECT ${[...keys, change, ...values].join(', ')}
    FROM (SELECT ${names}, true AS _is FROM (${before})) b FULL JOIN (SELECT ${names}, true AS _is FROM (${after})) a ON ${isSame}
    WHERE ${['b._is IS NULL', 'a._is IS NULL', ...differs].join(' OR ')}`)
  const counted = await engine.rows(`SELECT _change, count(*) AS rows FROM ${COMPARED} GROUP BY ALL`)
  const of = (name: string): number => asNumber(counted.find(row => row['_change'] === name)?.['rows'] ?? 0)
  return { added: of('added'), removed: of('removed'), changed: of('changed') }
}

/** The first of the rows that `compareRows` found, in order of their keys. */
export async function firstChanges(
  { key, columns }: Pick<RowsToCompare, 'key' | 'columns'>,
  limit: number,
  engine: Engine,
): Promise<ChangedRow[]> {
  if (limit === 0) return []
  const texts = [
    ...key.map((_, at) => `k_${at}::VARCHAR AS k_${at}`),
    ...columns.flatMap((_, at) => [`b_${at}::VARCHAR AS b_${at}`, `a_${at}::VARCHAR AS a_${at}`]),
    ...columns.map((_, at) => `b_${at} IS DISTINCT FROM a_${at} AS d_${at}`),
  ]
  const order = key.map((_, at) => `c.k_${at}`).join(', ')
  const rows = await engine.rows(
    `SELECT _change, ${texts.join(', ')} FROM (FROM ${COMPARED} c ORDER BY ${order}, _change LIMIT ${limit})`,
  )
  const text = (value: unknown): string | null => (value === null || value === undefined ? null : String(value))
  return rows.map(row => ({
    change: String(row['_change']) as ChangedRow['change'],
    key: Object.fromEntries(key.map((name, at) => [name, text(row[`k_${at}`])])),
    columns: columns.flatMap((column, at) =>
      row[`d_${at}`] === true ? [{ column, before: text(row[`b_${at}`]), after: text(row[`a_${at}`]) }] : [],
    ),
  }))
}
