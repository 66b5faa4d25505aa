import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDailyBars, dayAfter, type GoldLake, openGoldLake, readModel } from './gold-lake.js'

const COIN = 'crypto:own:C'
const DAYS = Array.from({ length: 4 }, (_, at) => dayAfter('2024-01-02', at))
const REFERENCES = {
  instruments: `instrument_id\n${COIN}\nequity:own:A`,
  baskets: `basket,instrument_id\npair,${COIN}\npair,equity:own:A`,
  scenarios: 'scenario,kind,from_date,to_date,instrument_pattern,shock\ndown,shock,,,*,-0.1',
}
/** In their order; each has rows of what the lake holds. */
const TABLES = [
  ...['returns_daily', 'fx_daily', 'macro_daily', 'prices_normalized', 'volatility', 'features_daily', 'covariance'],
  ...['cross_instrument', 'portfolio_risk', 'stress'],
]

let lake: GoldLake
beforeAll(async () => {
  lake = await openGoldLake(2, REFERENCES)
  for (const id of [COIN, 'equity:own:A']) await addDailyBars(lake, id, ['100', '90', '80', '85'], DAYS)
  const rate = { instrument_id: 'fx:nbp:USDPLN', source: 'nbp', base_currency: 'USD', quote_currency: 'PLN', mid: 4 }
  await lake.add(
    'silver.fx_rates',
    DAYS.map(day => ({ ...rate, event_time: `${day}T11:00:00Z`, fixing: 'A', _known_at: `${day}T12:00:00Z` })),
  )
  const held = { portfolio: 'main', instrument_id: COIN, quantity: 2 }
  await lake.add('silver.holdings', [{ ...held, as_of: DAYS[0]!, _known_at: `${DAYS[0]}T20:00:00Z` }])
  for (const table of TABLES) await lake.derive(table)
})
afterAll(() => lake.close())

async function rowsOf(sql: string): Promise<number> {
  const [row] = await lake.rows(`SELECT count(*)::INTEGER AS rows FROM (${sql})`)
  return Number(row!['rows'])
}

/** The shipped models that say what they need. */
async function needing() {
  const names = readdirSync(new URL('../../models/gold/', import.meta.url)).map(file => file.replace('.sql', ''))
  return (await Promise.all(names.map(readModel))).filter(({ needs = [] }) => needs.length > 0)
}

describe('shipped models', () => {
  test('have rows, and none while a table that they need is empty', async () => {
    const models = await needing()
    expect(models.length).toBeGreaterThan(3)
    for (const { table, sql, needs = [] } of models) {
      expect(await rowsOf(sql), table).toBeGreaterThan(0)
      for (const needed of needs) {
        await lake.engine.run(`CREATE OR REPLACE TEMP TABLE kept AS FROM ${needed}; DELETE FROM ${needed}`)
        expect(await rowsOf(sql), `${table} without ${needed}`).toBe(0)
        await lake.engine.run(`INSERT INTO ${needed} FROM kept`)
      }
    }
  })
})
