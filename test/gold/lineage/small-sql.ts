import { macroFacts } from '../../../src/gold/lineage/macro-facts.js'
import { lineageOf, type Origin, type TableLineage } from '../../../src/gold/lineage/model-lineage.js'
import { loadMacros } from '../../../src/gold/macros.js'
import { type DuckDbConnection, testDuckDb } from '../../support/duckdb.js'

const TABLES = {
  'silver.bars': { columns: ['id', 'day', 'close', 'open', 'money'], keys: [['id', 'day']] },
  'silver.facts': { columns: ['id', 'sector', 'since'], keys: [['id']] },
  'gold.events': { columns: ['id', 'day', 'note'], keys: [] },
  'reference.units': { columns: ['code', 'parts'], keys: [] },
}
type TableName = keyof typeof TABLES

const MACROS = `
CREATE OR REPLACE MACRO doubled(x) AS 2 * x;
CREATE OR REPLACE MACRO back(x, n, series, t) AS lag(x, n) OVER (PARTITION BY series ORDER BY t);
CREATE OR REPLACE MACRO change(x, series, t) AS x - back(x, 1, series, t);
CREATE OR REPLACE MACRO scaled(x, factor := 10) AS x * factor;
CREATE OR REPLACE MACRO whole(x) AS CASE WHEN count(x) = count(*) THEN sum(x) END;
CREATE OR REPLACE MACRO pair(a, b) AS {'first': a, 'second': b};
`

/** Few rows of each table, in which every join finds something and something stays alone. */
const ROWS: Readonly<Record<TableName, string>> = {
  'silver.bars': `SELECT chr(97 + (n % 4)::INTEGER) AS id, n // 4 AS day, 1.5 * ((n * 7) % 5) + n AS close, ((n * 5) % 7)::DOUBLE AS open,
    ['USD', 'EUR', 'a'][1 + n % 3] AS money FROM range(16) AS t(n)`,
  'silver.facts': `SELECT * FROM (VALUES ('a', 'b', 1), ('b', 'b', 0), ('d', 'c', 3), ('e', 'a', 2)) AS v(id, sector, since)`,
  'gold.events': `SELECT chr(97 + (n % 3)::INTEGER) AS id, n % 4 AS day, ['USD', 'b', 'n'][1 + n % 3] || (n // 5) AS note FROM range(9) AS t(n)`,
  'reference.units': `SELECT * FROM (VALUES ('USD', 2.0), ('USD', 3.0), ('GBP', 7.0)) AS v(code, parts)`,
}

/** How many SELECTs ran, and each output column that changed against its lineage. */
export interface Judged {
  readonly ran: number
  readonly broken: readonly string[]
}

export interface SmallSql {
  lineage(sql: string, columns: readonly string[]): Promise<Record<string, string>>
  /**
   * Runs every SELECT that was asked for, again and again with other values in one column of one table. An output column that comes out
   * otherwise must have that column in its lineage, or among what decides the rows; another number of rows needs the latter.
   */
  brokenPromises(): Promise<Judged>
  /** The same for one SELECT. */
  judge(sql: string, columns: readonly string[]): Promise<Judged>
  close(): void
}

/** Parses and runs SQL over a few small tables. */
export async function openSmallSql(): Promise<SmallSql> {
  const engine = await testDuckDb()
  const named = await engine.rows(
    `SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type = 'aggregate'`,
  )
  const aggregates = new Set(named.map(({ name }) => String(name)))
  const macros = await macroFacts(loadMacros(MACROS, 'macros.sql'), sql => engine.parse(sql))
  await engine.run(`CREATE SCHEMA silver; CREATE SCHEMA gold; CREATE SCHEMA reference; CREATE SCHEMA other; ${MACROS}`)
  await makeTables(engine)
  const facts = { tables: new Map(Object.entries(TABLES)), macros, aggregates }
  const asked = new Map<string, TableLineage>()
  const read = async (sql: string, columns: readonly string[]): Promise<TableLineage> =>
    lineageOf(await engine.parse(sql), { table: 'gold.made', columns }, facts)
  return {
    lineage: async (sql, columns) => {
      const made = await read(sql, columns)
      if (!asked.has(sql) || columns.length > 0) asked.set(sql, made)
      return Object.fromEntries([...made.columns.map(own => [own.column, textOf(own)]), ['rows', textOf(made.rows)]])
    },
    brokenPromises: () => brokenPromises(asked, engine),
    judge: async (sql, columns) => brokenPromises(new Map([[sql, await read(sql, columns)]]), engine),
    close: () => engine.close(),
  }
}

function textOf({ inputs, unknown }: Origin): string {
  const texts = inputs.map(({ table, column, transformations }) => {
    const ways = transformations.map(({ subtype }) => subtype).join('+')
    return `${table.split('.')[1]}.${column} ${ways}`
  })
  return [...texts, ...(unknown === undefined ? [] : [`unknown: ${unknown}`])].join(', ')
}

/** Makes each table with other values in each of its columns, once, as `other.<table>_<column>_<n>`; and a view of it as it is. */
async function makeTables(engine: DuckDbConnection): Promise<void> {
  for (const table of Object.keys(TABLES) as TableName[]) {
    const make = (name: string, shown: string) =>
      engine.run(`CREATE TABLE ${name} AS SELECT ${shown} FROM (${ROWS[table]})`)
    await make(otherName(table), '*')
    await show(table, otherName(table), engine)
    for (const column of TABLES[table].columns)
      for (const [n, change] of changesOf(table, column).entries())
        await make(otherName(table, column, n), `* REPLACE (${change} AS ${column})`)
  }
}

function otherName(table: TableName, column = 'none', n = 0): string {
  return `other.${table.split('.')[1]}_${column}_${n}`
}

async function show(table: TableName, rows: string, engine: DuckDbConnection): Promise<void> {
  await engine.run(`CREATE OR REPLACE VIEW ${table} AS SELECT * FROM ${rows}`)
}

async function brokenPromises(asked: ReadonlyMap<string, TableLineage>, engine: DuckDbConnection): Promise<Judged> {
  const outputs = new Map<string, Record<string, string>>()
  for (const [sql, own] of asked) {
    const isKnown = [...own.columns, own.rows].every(({ unknown }) => unknown === undefined)
    const output = isKnown ? await outputOf(sql, own, engine) : undefined
    if (output !== undefined) outputs.set(sql, output)
  }
  const broken: string[] = []
  for (const table of Object.keys(TABLES) as TableName[]) {
    for (const column of TABLES[table].columns) {
      for (const n of changesOf(table, column).keys()) {
        await show(table, otherName(table, column, n), engine)
        for (const [sql, before] of outputs) {
          if (!sql.includes(table.split('.')[1]!)) continue
          const own = asked.get(sql)!
          const now = await outputOf(sql, own, engine)
          const has = ({ inputs }: Origin) => inputs.some(input => input.table === table && input.column === column)
          const other = Object.keys(before).filter(name => now?.[name] !== before[name] && !has(own.rows))
          for (const name of other) {
            const origin = own.columns.find(candidate => candidate.column === name)
            if (origin === undefined || !has(origin)) broken.push(`${name} changes with ${table}.${column}: ${sql}`)
          }
        }
      }
      await show(table, otherName(table), engine)
    }
  }
  return { ran: outputs.size, broken }
}

/** Values moved on to the next of the column, and strange ones in half of the rows. No key loses its meaning by either. */
function changesOf(table: TableName, column: string): string[] {
  const isText = ['id', 'money', 'sector', 'note', 'code'].includes(column)
  const values = `(SELECT list(DISTINCT v ORDER BY v) FROM (SELECT ${column} AS v FROM (${ROWS[table]})))`
  const next = `${values}[1 + list_position(${values}, ${column}) % len(${values})]`
  const strange = isText ? `${column} || '_'` : `${column} + 100`
  return [next, `CASE WHEN hash(${TABLES[table].columns.join(', ')}) % 2 = 0 THEN ${strange} ELSE ${column} END`]
}

/** The values of each column that was asked for, in order, and how many rows there are; undefined for SQL that does not run. */
async function outputOf(
  sql: string,
  own: TableLineage,
  engine: DuckDbConnection,
): Promise<Record<string, string> | undefined> {
  const shown = own.columns.map(
    ({ column }) => `list(${column}::VARCHAR ORDER BY ${column}::VARCHAR)::VARCHAR AS ${column}`,
  )
  try {
    const [row] = await engine.rows(`SELECT ${[...shown, 'count(*)::VARCHAR AS _rows'].join(', ')} FROM (${sql})`)
    return row as Record<string, string>
  } catch {
    return undefined
  }
}
