import { tmpdir } from 'node:os'
import { type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import type { SqlValue } from '../../src/engine/engine.js'

export type { DuckDbConnection }

/** A connection to a small DuckDB of its own; closing it closes the database. */
export async function testDuckDb(): Promise<DuckDbConnection> {
  const duckdb = await openDuckDb({ threads: 2, memoryLimit: '1GB', tempFolder: tmpdir() })
  const connection = await duckdb.connect()
  const close = (): void => {
    connection.close()
    duckdb.close()
  }
  return { ...connection, close }
}

/** The value of a SQL expression over a column `x` for each text (null for NULL), in order. */
export async function evaluate(
  duckdb: DuckDbConnection,
  sql: string,
  texts: readonly (string | null)[],
): Promise<SqlValue[]> {
  await duckdb.run('CREATE OR REPLACE TEMP TABLE texts (i INTEGER, x VARCHAR)')
  const literals = texts.map((text, i) => `(${i}, ${text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`})`)
  for (let at = 0; at < literals.length; at += 1000) {
    await duckdb.run(`INSERT INTO texts VALUES ${literals.slice(at, at + 1000).join(', ')}`)
  }
  const rows = await duckdb.rows(`SELECT ${sql} AS v FROM texts ORDER BY i`)
  return rows.map(row => row['v'] ?? null)
}
