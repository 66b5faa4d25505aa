import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import type { SqlRow } from '../../src/engine/engine.js'
import { loadModel, type Model } from '../../src/gold/front-matter.js'
import { loadMacros } from '../../src/gold/macros.js'

const models = new URL('../../models/', import.meta.url)

export async function readModel(table: string): Promise<Model> {
  const file = `models/gold/${table}.sql`
  return loadModel(await readFile(new URL(`gold/${table}.sql`, models), 'utf8'), file)
}

export interface GoldLake {
  readonly engine: DuckDbConnection
  /** Evaluates a model into `gold.<table>`. */
  derive(table: string): Promise<void>
  rows(sql: string): Promise<SqlRow[]>
  close(): void
}

/** Empty silver tables, the macros, and a way to run the shipped models over what a test puts in. */
export async function openGoldLake(threads = 2): Promise<GoldLake> {
  const duckDb = await openDuckDb({ threads, memoryLimit: '1GB', tempFolder: tmpdir() })
  const engine = await duckDb.connect()
  for (const macro of loadMacros(await readFile(new URL('macros/formulas.sql', models), 'utf8'), 'formulas.sql')) {
    await engine.run(macro.statement)
  }
  await engine.run(TABLES)
  return {
    engine,
    derive: async table => {
      const { sql } = await readModel(table)
      await engine.run(`CREATE OR REPLACE TABLE gold.${table} AS ${sql}`)
    },
    rows: sql => engine.rows(sql),
    close: () => {
      engine.close()
      duckDb.close()
    },
  }
}

const TABLES = `
  CREATE SCHEMA silver;
  CREATE SCHEMA gold;
  CREATE TABLE silver.market_events (
    event_id VARCHAR, instrument_id VARCHAR, event_type VARCHAR, event_time TIMESTAMPTZ, price DECIMAL(38,18), size DECIMAL(38,18),
    bid DECIMAL(38,18), ask DECIMAL(38,18), currency VARCHAR, _known_at TIMESTAMPTZ);
  CREATE TABLE silver.bars (
    instrument_id VARCHAR, bar_interval VARCHAR, event_time TIMESTAMPTZ, open DECIMAL(38,18), high DECIMAL(38,18), low DECIMAL(38,18),
    close DECIMAL(38,18), volume DECIMAL(38,18), quote_volume DECIMAL(38,18), trades BIGINT, currency VARCHAR, _known_at TIMESTAMPTZ);
  CREATE TABLE gold.price_bars (
    instrument_id VARCHAR, bar_interval VARCHAR, bar_start TIMESTAMPTZ, close DECIMAL(38,18), currency VARCHAR, _known_at TIMESTAMPTZ);`

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

export function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10)
}
