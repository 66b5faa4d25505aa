import type { Engine } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'

/** The catalog in which views show the whole tables, and where traced rows are kept. */
export const CATALOG = 'memory'

/** The table of the rows of a table that have a part in what is traced. */
export function traced(table: string): string {
  return `${CATALOG}.work.${quoteIdent(table)}`
}

/** The table as the lake shows it. */
export function whole(table: string): string {
  return `${CATALOG}.${table.split('.').map(quoteIdent).join('.')}`
}

/** Whether some row of a table has a part in what is traced. */
export async function hasTraced(table: string, engine: Engine): Promise<boolean> {
  const [made] = await engine.rows(`SELECT 1 FROM duckdb_tables()
    WHERE database_name = ${quoteText(CATALOG)} AND schema_name = 'work' AND table_name = ${quoteText(table)}`)
  return made !== undefined && (await engine.rows(`SELECT 1 FROM ${traced(table)} LIMIT 1`)).length > 0
}

/** Adds rows of a table that are there to those traced already; no row is counted twice. */
export async function addTraced(table: string, rows: string, engine: Engine): Promise<void> {
  await engine.run(`CREATE TABLE IF NOT EXISTS ${traced(table)} AS SELECT * FROM ${whole(table)} WHERE false`)
  await engine.run(`INSERT INTO ${traced(table)} SELECT * FROM (${rows}) EXCEPT SELECT * FROM ${traced(table)}`)
}
