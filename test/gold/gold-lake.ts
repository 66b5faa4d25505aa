import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { loadContract } from '../../src/contract/load-contract.js'
import { goldShape, silverShape } from '../../src/contract/tables.js'
import { type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import type { SqlRow } from '../../src/engine/engine.js'
import { quoteText } from '../../src/engine/sql-text.js'
import { loadModel, type Model } from '../../src/gold/front-matter.js'
import { loadMacros, type Macro, orderMacros } from '../../src/gold/macros.js'
import { instrumentTables } from '../../src/market/instrument/instrument-tables.js'
import { createReferences } from '../../src/pipeline/project/references.js'
import { calendarsFor, loadSessions, viewSessions } from '../../src/pipeline/read/calendar-sessions.js'
import { projectOf } from '../support/projects.js'

const models = new URL('../../models/', import.meta.url)
const CONTRACTS = new URL('../../contracts/', import.meta.url)

export async function readModel(table: string): Promise<Model> {
  const file = `models/gold/${table}.sql`
  return loadModel(await readFile(new URL(`gold/${table}.sql`, models), 'utf8'), file)
}

/** The macros of models/macros, each after those that it calls. */
export function shippedMacros(): Macro[] {
  const macros = readdirSync(new URL('macros/', models))
    .sort()
    .flatMap(name => loadMacros(readFileSync(new URL(`macros/${name}`, models), 'utf8'), name))
  return orderMacros(macros)
}

export interface GoldLake {
  readonly engine: DuckDbConnection
  /** Evaluates a model into `gold.<table>`. */
  derive(table: string): Promise<void>
  rows(sql: string): Promise<SqlRow[]>
  /** Puts rows into a table, by the names of their columns; values are SQL texts that DuckDB casts. */
  add(table: string, rows: readonly Readonly<Record<string, string | number | null>>[]): Promise<void>
  close(): void
}

/** Empty silver tables, the macros, and a way to run the shipped models over what a test puts in. */
export async function openGoldLake(threads = 2, references: References = {}): Promise<GoldLake> {
  const duckDb = await openDuckDb({ threads, memoryLimit: '1GB', tempFolder: tmpdir() })
  const engine = await duckDb.connect()
  for (const macro of shippedMacros()) await engine.run(macro.statement)
  await engine.run(tablesSql())
  await addReferences(references, engine)
  return {
    engine,
    derive: async table => {
      const { sql } = await readModel(table)
      await engine.run(`CREATE OR REPLACE TABLE gold.${table} AS ${sql}`)
    },
    rows: sql => engine.rows(sql),
    add: async (table, rows) => {
      for (const row of rows) {
        const values = Object.values(row).map(value => (value === null ? 'NULL' : quoteText(String(value))))
        await engine.run(`INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${values.join(', ')})`)
      }
    },
    close: () => {
      engine.close()
      duckDb.close()
    },
  }
}

/** One empty table for each shipped contract, as a model sees it. */
function tablesSql(): string {
  const tables = readdirSync(CONTRACTS)
    .filter(name => name.endsWith('.odcs.yaml'))
    .map(name => loadContract(readFileSync(new URL(name, CONTRACTS), 'utf8'), name))
    .map(contract => {
      const { columns } = contract.layer === 'silver' ? silverShape(contract) : goldShape(contract)
      const declared = columns.map(({ name, sqlType }) => `"${name}" ${sqlType}`).join(', ')
      const names = contract.layer === 'silver' && contract.merge.policy === 'versions' ? ['', '_versions'] : ['']
      return names.map(more => `CREATE TABLE ${contract.layer}.${contract.dataset}${more} (${declared})`).join('; ')
    })
  return ['CREATE SCHEMA silver', 'CREATE SCHEMA gold', 'CREATE SCHEMA work', ...tables].join('; ')
}

/** What a project's reference files hold, as CSV text by name: `instruments`. */
export type References = Readonly<Record<string, string>>

async function addReferences(references: References, engine: DuckDbConnection): Promise<void> {
  const files = Object.entries(references).map(([name, text]) => [name, { text, file: `${name}.csv` }] as const)
  const { tables, faults } = instrumentTables(Object.fromEntries(files))
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  const { config, ...project } = projectOf()
  const fx = { ...config.fx, normalize: Object.keys(config.fx.conventions) }
  await createReferences({ ...project, config: { ...config, fx } }, tables, engine)
  await loadSessions(await calendarsFor('', engine), engine)
  await viewSessions(engine)
}

/** Daily bars of one instrument: closes as decimal text, on consecutive days from a first one unless dates are given. */
export async function addDailyBars(
  lake: GoldLake,
  instrument: string,
  closes: readonly string[],
  dates: readonly string[] = closes.map((_, i) => dayAfter('2020-01-01', i)),
): Promise<void> {
  const values = closes.map((close, i) => `('${instrument}', '${dates[i]}', '${close}')`).join(', ')
  await lake.engine.run(`INSERT INTO silver.bars (instrument_id, bar_interval, event_time, close, currency, _known_at)
    SELECT i, '1d', d::TIMESTAMPTZ, c::DECIMAL(38,18), 'USD', d::TIMESTAMPTZ + INTERVAL 1 DAY FROM (VALUES ${values}) AS v(i, d, c)`)
}

/** risk_metrics and what it reads. */
export async function deriveRisk(lake: GoldLake): Promise<void> {
  for (const table of ['returns_daily', 'volatility', 'risk_metrics']) await lake.derive(table)
}

export function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10)
}
