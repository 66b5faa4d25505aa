import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SluiceError } from '../../src/core/errors.js'
import { namedTables } from '../../src/gold/dependencies.js'
import { loadMacros } from '../../src/gold/macros.js'
import { type GoldLake, openGoldLake, readModel } from './gold-lake.js'

let lake: GoldLake
beforeAll(async () => {
  lake = await openGoldLake()
})
afterAll(() => lake.close())

async function dependencies(sql: string): Promise<readonly string[]> {
  return namedTables(await lake.engine.parse(sql), { sql, sqlPlace: { file: 'm.sql', line: 9, column: 3 } }).tables
}

async function refusal(sql: string): Promise<Pick<SluiceError, 'code' | 'place' | 'message'>> {
  try {
    await dependencies(sql)
  } catch (thrown) {
    const { code, place, message } = thrown as SluiceError
    return { code, place, message }
  }
  throw new Error(`accepted: ${sql}`)
}

describe('namedTables', () => {
  test('finds tables in joins, subqueries, unions and CTEs, once each and sorted', async () => {
    expect(
      await dependencies(`WITH a AS (SELECT * FROM silver.bars), b AS (SELECT * FROM a JOIN gold.x USING (k))
        SELECT (SELECT max(v) FROM gold.y) FROM b, Silver.Bars WHERE EXISTS (SELECT 1 FROM silver.z) UNION ALL SELECT 1 FROM A`),
    ).toEqual(['gold.x', 'gold.y', 'silver.bars', 'silver.z'])
  })

  test('knows a table from a CTE of the same name', async () => {
    expect(await dependencies('WITH bars AS (SELECT 1) SELECT * FROM bars, silver.bars')).toEqual(['silver.bars'])
  })

  test('knows a CTE only where it can be seen', async () => {
    expect((await refusal('SELECT (WITH a AS (SELECT 1) SELECT * FROM a) FROM a')).message).toContain('not `a`')
  })

  test('accepts functions that only make rows', async () => {
    expect(await dependencies('SELECT * FROM range(3), generate_series(1, 2), unnest([1])')).toEqual([])
  })

  test('knows a column from a function of the same name', async () => {
    expect(await dependencies('SELECT max(version), now, "query" FROM silver.x')).toEqual(['silver.x'])
    expect((await refusal('SELECT version() FROM silver.x')).message).toContain('`version`')
  })

  test('refuses what reads a file or another place than the lake', async () => {
    for (const sql of [
      "SELECT * FROM 'prices.csv'",
      "SELECT * FROM read_csv('prices.csv')",
      "SELECT * FROM glob('*')",
      "SELECT * FROM query('SELECT 1')",
      'SELECT * FROM bars',
      'SELECT * FROM bronze.bars',
      'SELECT * FROM other.silver.bars',
      'SELECT * FROM information_schema.tables',
      'SELECT * FROM duckdb_settings()',
    ]) {
      expect(await refusal(sql)).toMatchObject({ code: 'SLUICE_MODEL_INVALID', place: 'm.sql:9:17' })
    }
  })

  test('refuses clock, chance and samples, which answer differently on every run', async () => {
    for (const sql of [
      'SELECT now()',
      'SELECT current_date',
      'SELECT random()',
      'SELECT uuid()',
      "SELECT age(TIMESTAMP '2020-01-01')",
      'FROM silver.bars USING SAMPLE 10',
    ]) {
      expect((await refusal(sql)).message, sql).toMatch(/run/)
    }
  })

  test('accepts the age between two moments and a column named like nothing special', async () => {
    expect(await dependencies('SELECT age(a, b), t.now_price FROM silver.bars AS t')).toEqual(['silver.bars'])
  })

  test('refuses anything but exactly one SELECT', async () => {
    for (const sql of ['SELECT 1; SELECT 2', 'DELETE FROM silver.bars', 'SELEC 1', "ATTACH 'x'", '']) {
      expect((await refusal(sql)).code, sql).toBe('SLUICE_MODEL_INVALID')
    }
  })

  test('gives the line and column of the fault after text beyond ASCII', async () => {
    expect((await refusal("SELECT 'zażółć',\n  'ę', now() FROM silver.bars")).place).toBe('m.sql:10:8')
  })

  test('accepts every shipped model and formula', async () => {
    const found: Record<string, readonly string[]> = {}
    for (const table of shipped('gold')) {
      const model = await readModel(table)
      found[table] = namedTables(await lake.engine.parse(model.sql), model).tables
    }
    expect(found).toEqual({
      price_bars: ['silver.bars', 'silver.market_events'],
      bars_daily: ['gold.price_bars', 'silver.bars'],
      calendar_bars: ['gold.bars_daily', 'gold.price_bars', 'silver.bars', 'silver.calendar_sessions'],
      fx_daily: ['silver.fx_rates'],
      prices_normalized: ['gold.fx_daily', 'gold.returns_daily'],
      returns_daily: ['gold.bars_daily', 'silver.bars', 'silver.calendar_sessions', 'silver.corporate_actions'],
      cross_instrument: [
        ...['gold.features_daily', 'gold.fx_daily', 'gold.macro_daily', 'gold.prices_normalized', 'gold.volatility'],
      ],
      macro_daily: ['silver.macro_observations_versions'],
      covariance: ['gold.returns_daily'],
      features_daily: ['gold.macro_daily', 'gold.returns_daily'],
      drawdowns: ['gold.returns_daily'],
      volatility: ['gold.bars_daily', 'gold.returns_daily'],
      risk_metrics: ['gold.returns_daily', 'gold.volatility'],
      var_backtest: ['gold.returns_daily', 'gold.risk_metrics'],
      portfolio_risk: ['gold.prices_normalized', 'gold.returns_daily', 'silver.holdings'],
      stress: ['gold.portfolio_risk', 'gold.prices_normalized', 'gold.returns_daily'],
      risk_summary: ['gold.returns_daily', 'gold.risk_metrics'],
    })
    for (const name of shipped('macros')) {
      const file = `models/macros/${name}.sql`
      for (const macro of loadMacros(await readFile(file, 'utf8'), file))
        expect(namedTables(await lake.engine.parse(`SELECT ${macro.sql}`), macro).tables, macro.name).toEqual([])
    }
  })
})

function shipped(folder: string): string[] {
  return readdirSync(`models/${folder}`)
    .map(name => name.replace(/\.sql$/, ''))
    .sort()
}
