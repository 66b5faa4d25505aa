import { quoteIdent } from '../../src/engine/sql-text.js'
import type { GoldLake } from '../gold/gold-lake.js'
import type { Trino } from './trino-server.js'

export interface TableColumn {
  readonly name: string
  /** As DuckDB writes it. */
  readonly type: string
}

const BATCH = 2000

export async function columnsOf(lake: GoldLake, table: string): Promise<TableColumn[]> {
  const rows = await lake.rows(`DESCRIBE SELECT * FROM ${table}`)
  return rows.map(row => ({ name: String(row['column_name']), type: String(row['column_type']) }))
}

/** Makes a table of DuckDB in Trino, with its rows: one text literal a batch, because the parser of SQL is slow on lists of values. */
export async function copyTable(lake: GoldLake, trino: Trino, table: string, where = 'true'): Promise<void> {
  const columns = await columnsOf(lake, table)
  const declared = columns.map(({ name, type }) => `${quoteIdent(name)} ${trinoTypeOf(type)}`)
  await trino.rows(`CREATE TABLE ${table} (${declared.join(', ')})`)
  const list = columns.map(({ name, type }) => textOf(name, type)).join(', ')
  const rows = await lake.rows(`SELECT [${list}] AS texts FROM ${table} WHERE ${where}`)
  const casts = columns.map(({ type }, at) => `CAST(texts[${at + 1}] AS ${trinoTypeOf(type)})`)
  for (let at = 0; at < rows.length; at += BATCH) {
    const json = JSON.stringify(rows.slice(at, at + BATCH).map(({ texts }) => texts)).replaceAll("'", "''")
    const from = `UNNEST(CAST(json_parse('${json}') AS array(array(varchar)))) AS v (texts)`
    await trino.rows(`INSERT INTO ${table} SELECT ${casts.join(', ')} FROM ${from}`)
  }
}

/** Rows of DuckDB by which two engines can be compared: doubles as numbers, everything else as text. */
export async function ourRows(lake: GoldLake, table: string, columns: readonly TableColumn[]): Promise<unknown[][]> {
  const list = columns.map(({ name, type }) => (type === 'DOUBLE' ? quoteIdent(name) : textOf(name, type)))
  const rows = await lake.rows(`SELECT ${list.map((sql, at) => `${sql} AS c${at}`).join(', ')} FROM ${table}`)
  return rows.map(row => Object.values(row))
}

/** The same of Trino. */
export async function theirRows(trino: Trino, table: string, columns: readonly TableColumn[]): Promise<unknown[][]> {
  const list = columns.map(({ name, type }) =>
    type === 'DOUBLE' ? quoteIdent(name) : `CAST(${quoteIdent(name)} AS varchar)`,
  )
  return (await trino.rows(`SELECT ${list.join(', ')} FROM ${table}`)).map(row => [...row])
}

function textOf(name: string, type: string): string {
  const column = quoteIdent(name)
  const isTime = type === 'TIMESTAMP WITH TIME ZONE'
  return isTime ? `strftime(${column}, '%Y-%m-%d %H:%M:%S.%f UTC')` : `${column}::VARCHAR`
}

function trinoTypeOf(type: string): string {
  return type === 'TIMESTAMP WITH TIME ZONE' ? 'timestamp(6) with time zone' : type.toLowerCase()
}
