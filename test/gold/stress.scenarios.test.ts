import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, type GoldLake, openGoldLake } from './gold-lake.js'

const SCENARIOS = `scenario,kind,from_date,to_date,instrument_pattern,shock
slump,window,2024-01-02,2024-01-04,,
down,shock,,,*,-0.1
down,shock,,,equity:*,-0.2
down,shock,,,equity:own:B,0.5
partial,shock,,,equity:own:A,-1`

const INSTRUMENTS = 'instrument_id\nequity:own:A\nequity:own:B'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake(2, { scenarios: SCENARIOS, instruments: INSTRUMENTS })
})
afterEach(() => lake.close())

const DAYS = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05', '2024-06-03']

async function stress(quantities: Readonly<Record<string, number>>): Promise<Record<string, unknown>[]> {
  await lake.add(
    'silver.holdings',
    Object.entries(quantities).map(([instrument_id, quantity]) => ({
      ...{ portfolio: 'main', instrument_id, quantity, as_of: '2024-06-03', _known_at: '2024-06-03T20:00:00Z' },
    })),
  )
  for (const table of ['returns_daily', 'fx_daily', 'prices_normalized', 'portfolio_risk', 'stress'])
    await lake.derive(table)
  return lake.rows(`SELECT scenario, instrument_id, profit_loss, scenario_return, reason FROM gold.stress
    WHERE currency = 'USD' AND scenario IN ('slump', 'down', 'partial', 'covid_2020') ORDER BY scenario, instrument_id`)
}

describe('stress', () => {
  test('gives holdings the return of a window of the past, from the close before it', async () => {
    await addDailyBars(lake, 'equity:own:A', ['100', '90', '80', '50', '70', '200'], DAYS)
    const rows = await stress({ 'equity:own:A': 3 })
    // 100 to 50 of 3 x 200.
    expect(rows.filter(({ scenario }) => scenario === 'slump')).toEqual([
      {
        scenario: 'slump',
        instrument_id: '*',
        profit_loss: expect.closeTo(-300, 9),
        scenario_return: expect.closeTo(-0.5, 12),
        reason: null,
      },
      {
        scenario: 'slump',
        instrument_id: 'equity:own:A',
        profit_loss: expect.closeTo(-300, 9),
        scenario_return: expect.closeTo(-0.5, 12),
        reason: null,
      },
    ])
  })

  test('shocks by the longest pattern that an instrument meets', async () => {
    for (const id of ['equity:own:A', 'equity:own:B', 'crypto:own:C'])
      await addDailyBars(lake, id, ['100', '100'], ['2024-05-31', '2024-06-03'])
    const rows = await stress({ 'equity:own:A': 1, 'equity:own:B': -2, 'crypto:own:C': 3 })
    const down = rows.filter(({ scenario }) => scenario === 'down')
    expect(down.map(({ instrument_id, profit_loss }) => [instrument_id, Number(profit_loss)])).toEqual([
      ['*', expect.closeTo(-20 - 100 - 30, 9)],
      ['crypto:own:C', expect.closeTo(-30, 9)],
      ['equity:own:A', expect.closeTo(-20, 9)],
      ['equity:own:B', expect.closeTo(-100, 9)],
    ])
  })

  test('has a reason where an instrument did not trade in the window, and where no shock meets it', async () => {
    for (const id of ['equity:own:A', 'equity:own:B'])
      await addDailyBars(lake, id, ['100', '100'], ['2024-05-31', '2024-06-03'])
    const rows = await stress({ 'equity:own:A': 1, 'equity:own:B': 1 })
    const reasons = Object.fromEntries(rows.map(row => [`${row['scenario']} ${row['instrument_id']}`, row['reason']]))
    expect(reasons).toMatchObject({
      ...{ 'covid_2020 *': 'no_history', 'covid_2020 equity:own:A': 'no_history', 'slump equity:own:A': 'no_history' },
      ...{ 'partial equity:own:A': null, 'partial equity:own:B': 'no_shock', 'partial *': 'no_shock', 'down *': null },
    })
  })

  test('moves a holding by price and rate in another currency', async () => {
    await addDailyBars(lake, 'equity:own:A', ['100', '90', '80', '50', '70', '200'], DAYS)
    const rate = { '2024-01-01': '4.0', '2024-01-04': '5.0', '2024-06-03': '3.0' }
    await lake.add(
      'silver.fx_rates',
      Object.entries(rate).map(([date, mid]) => ({
        ...{ instrument_id: 'fx:nbp:USDPLN', event_time: `${date}T00:00:00Z`, fixing: 'nbp:A', mid, source: 'nbp' },
        ...{ base_currency: 'USD', quote_currency: 'PLN', fixing_no: date, _known_at: `${date}T11:00:00Z` },
      })),
    )
    await stress({ 'equity:own:A': 3 })
    const rows = await lake.rows(
      `SELECT profit_loss FROM gold.stress WHERE currency = 'PLN' AND scenario = 'slump' AND instrument_id = '*'`,
    )
    // 600 dollars are 1800 zlotys; 100 x 4 zlotys became 50 x 5.
    expect(rows).toEqual([{ profit_loss: expect.closeTo(1800 * (250 / 400 - 1), 9) }])
  })
})
