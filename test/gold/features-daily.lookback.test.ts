import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

const ID = 'crypto:a:b'
/** A price that swings and grows, in cents. */
const CLOSES = Array.from({ length: 300 }, (_, at) =>
  (100 + at / 5 + 10 * Math.sin(at / 3) + 4 * Math.cos(at * 1.7)).toFixed(2),
)

async function derive(closes: readonly string[]): Promise<Record<string, unknown>[]> {
  await addDailyBars(lake, ID, closes)
  for (const table of ['returns_daily', 'features_daily']) await lake.derive(table)
  return lake.rows('SELECT * FROM gold.features_daily ORDER BY date')
}

describe('features', () => {
  test('are what their names say of the rows before', async () => {
    const row = (await derive(CLOSES)).at(-1)!
    const prices = CLOSES.map(Number)
    const returns = prices.slice(1).map((price, at) => price / prices[at]! - 1)
    const over = (rows: number): number => prices.at(-1)! / prices.at(-1 - rows)! - 1
    const last = returns.slice(-20)
    const mean = last.reduce((sum, r) => sum + r, 0) / 20
    const sd = Math.sqrt(last.reduce((sum, r) => sum + (r - mean) ** 2, 0) / 19)
    const moves = returns.slice(-14)
    const gains = moves.reduce((sum, r) => sum + Math.max(r, 0), 0)
    const losses = moves.reduce((sum, r) => sum + Math.max(-r, 0), 0)
    const expected = {
      return_1: returns.at(-1)!,
      return_lag_1: returns.at(-2)!,
      return_lag_2: returns.at(-3)!,
      return_lag_5: returns.at(-6)!,
      momentum_5: over(5),
      momentum_20: over(20),
      momentum_125: over(125),
      momentum_250: over(250),
      zscore_20: (returns.at(-1)! - mean) / sd,
      rsi_14: (100 * gains) / (gains + losses),
      drawdown_250: 1 - prices.at(-1)! / Math.max(...prices.slice(-251)),
    }
    for (const [name, value] of Object.entries(expected)) expect(Number(row[name]), name).toBeCloseTo(value, 10)
    expect(row).toMatchObject({ day_of_week: '1', month_of_year: '10', is_month_end: false, days_since_close: '1' })
  })

  test('never look past their row: the future changes none of them', async () => {
    const whole = await derive(CLOSES)
    await lake.engine.run(`DELETE FROM silver.bars WHERE event_time >= TIMESTAMPTZ '2020-01-01' + INTERVAL 280 DAY`)
    for (const table of ['returns_daily', 'features_daily']) await lake.derive(table)
    expect(await lake.rows('SELECT * FROM gold.features_daily ORDER BY date')).toEqual(whole.slice(0, 280))
  })

  test('are empty before their rows are there', async () => {
    const rows = await derive(CLOSES.slice(0, 21))
    expect(rows[0]).toMatchObject({ return_1: null, momentum_5: null, rsi_14: null, drawdown_state: null })
    expect(rows[19]).toMatchObject({ momentum_20: null, momentum_5: expect.any(Number), rsi_14: expect.any(Number) })
    expect(rows[20]).toMatchObject({
      momentum_20: expect.any(Number),
      zscore_20: expect.any(Number),
      momentum_125: null,
    })
  })

  test('of a price that never moves have no z-score and no strength, and stand at the high', async () => {
    const row = (await derive(Array.from({ length: 260 }, () => '5'))).at(-1)!
    expect(row).toMatchObject({
      zscore_20: null,
      rsi_14: null,
      drawdown_250: 0,
      drawdown_state: 'near_high',
      momentum_250: 0,
    })
  })

  test('name how deep a fall is and how wild', async () => {
    const fallen = [...CLOSES.slice(0, 279), ...Array.from({ length: 21 }, (_, at) => String(60 + 25 * (at % 2)))]
    expect((await derive(fallen)).at(-1)).toMatchObject({ drawdown_state: 'bear', volatility_regime: 'stressed' })
  })
})

describe('reasons', () => {
  const FEATURES = [
    ...['return_1', 'return_lag_1', 'return_lag_2', 'return_lag_5', 'momentum_5', 'momentum_20', 'momentum_125'],
    ...['momentum_250', 'zscore_20', 'rsi_14', 'drawdown_250', 'drawdown_state', 'volatility_regime'],
    ...['rate', 'rate_change_20d', 'rate_age_days', 'days_since_close'],
  ]
  const reasonsOf = (row: Record<string, unknown>): Record<string, string> =>
    JSON.parse(String(row['reasons'] ?? '{}')) as Record<string, string>

  test('name each feature that is empty, and no other, on every row of a series with holes', async () => {
    await lake.add('silver.macro_observations_versions', [
      {
        ...{ instrument_id: 'macro:fred:DFF', event_time: '2020-01-01', value: '1.5', source: 'fred' },
        _known_at: '2020-01-01T06:00:00Z',
      },
    ])
    await lake.derive('macro_daily')
    await addDailyBars(lake, ID, CLOSES)
    await addDailyBars(
      lake,
      'equity:own:still',
      CLOSES.slice(0, 260).map(() => '7'),
    )
    // A month without closes, a price of nothing, other money from a day on.
    await lake.engine.run(`DELETE FROM silver.bars WHERE instrument_id = '${ID}' AND event_time BETWEEN '2020-02-10' AND '2020-03-10';
      UPDATE silver.bars SET close = 0 WHERE instrument_id = '${ID}' AND event_time = '2020-05-05';
      UPDATE silver.bars SET currency = 'EUR' WHERE instrument_id = '${ID}' AND event_time >= '2020-09-01'`)
    for (const table of ['returns_daily', 'features_daily']) await lake.derive(table)
    const rows = await lake.rows('SELECT * FROM gold.features_daily ORDER BY instrument_id, date')
    for (const row of rows) {
      const empty = FEATURES.filter(name => row[name] === null)
      expect(Object.keys(reasonsOf(row)), `${row['instrument_id']} ${row['date']}`).toEqual(empty)
    }
    const words = new Set(rows.flatMap(row => Object.values(reasonsOf(row))))
    expect([...words].sort()).toEqual([
      ...['insufficient_history', 'no_previous_close', 'non_positive_price', 'not_known', 'other_currency', 'stale'],
      'zero_volatility',
    ])
    const on = (date: string, id = ID) =>
      reasonsOf(rows.find(row => row['date'] === date && row['instrument_id'] === id)!)
    expect(on('2020-01-01')).toMatchObject({ return_1: 'no_previous_close', return_lag_1: 'insufficient_history' })
    // The reason is that of the newest return that is missing in the window, not of an older one.
    expect(on('2020-05-07')).toMatchObject({ return_lag_1: 'non_positive_price', momentum_5: 'non_positive_price' })
    expect(on('2020-09-05')).toMatchObject({ momentum_5: 'other_currency', momentum_125: 'other_currency' })
    expect(on('2020-09-16', 'equity:own:still')).toMatchObject({
      zscore_20: 'zero_volatility',
      rsi_14: 'zero_volatility',
    })
  })

  test('are empty where all features are there', async () => {
    const days = Array.from({ length: 340 }, (_, at) => new Date(Date.UTC(2019, 11, 1 + at)).toISOString())
    await lake.add(
      'silver.macro_observations_versions',
      days.map(day => ({
        ...{ instrument_id: 'macro:fred:DFF', event_time: day, value: '1.5', source: 'fred', _known_at: day },
      })),
    )
    await lake.derive('macro_daily')
    expect((await derive(CLOSES)).at(-1)).toMatchObject({ reasons: null, rate: 1.5, rate_change_20d: 0 })
  })
})

describe('the rate among features', () => {
  /** A figure of the federal funds rate: its day, value, and when it came to be known. */
  async function rate(figures: readonly (readonly [string, string, string])[]): Promise<void> {
    await lake.add(
      'silver.macro_observations_versions',
      figures.map(([event_time, value, _known_at]) => ({
        ...{ instrument_id: 'macro:fred:DFF', event_time, value, source: 'fred', _known_at },
      })),
    )
    await lake.derive('macro_daily')
  }

  test('is that of the currency as it was known on the day, and its change against what was known 20 days before', async () => {
    await rate([
      ['2020-01-01', '1.55', '2020-01-03T06:00:00Z'],
      ['2020-01-02', '1.60', '2020-01-04T06:00:00Z'],
      ['2020-01-23', '1.25', '2020-01-25T06:00:00Z'],
      // What nobody knew in January.
      ['2020-01-22', '9.99', '2020-03-01T06:00:00Z'],
      ['2020-01-23', '8.88', '2020-03-01T06:00:00Z'],
    ])
    const rows = await derive(CLOSES.slice(0, 60))
    const on = (date: string) => {
      const row = rows.find(found => found['date'] === date)!
      return [row['rate'], row['rate_change_20d'], row['rate_age_days'], row['rate_reason']]
    }
    expect(on('2020-01-02')).toEqual([null, null, null, 'not_known'])
    expect(on('2020-01-04')).toEqual([1.6, null, expect.anything(), null])
    expect(on('2020-01-23')).toEqual([null, null, null, 'stale'])
    expect(on('2020-01-25')).toEqual([1.25, expect.closeTo(1.25 - 1.6, 12), expect.anything(), null])
    expect(rows.filter(row => String(row['date']) < '2020-03-01' && Number(row['rate']) > 5)).toEqual([])
  })

  test('makes the row known when the day is over', async () => {
    await rate([
      ['2020-01-01', '1.55', '2020-01-02T06:00:00Z'],
      ['2020-01-02', '1.55', '2020-01-03T06:00:00Z'],
    ])
    await lake.add('silver.bars', [
      {
        ...{ instrument_id: ID, bar_interval: '1d', event_time: '2020-01-03', close: '5', currency: 'USD' },
        _known_at: '2020-01-03T21:00:00Z',
      },
    ])
    for (const table of ['returns_daily', 'features_daily']) await lake.derive(table)
    expect(await lake.rows('SELECT rate, epoch_ms(_known_at)::VARCHAR AS at FROM gold.features_daily')).toEqual([
      { rate: 1.55, at: String(Date.UTC(2020, 0, 4)) },
    ])
  })

  test('is that of the pound for prices in pence, and lacks a series where the currency does', async () => {
    await lake.close()
    lake = await openGoldLake(2, { rate_series: 'currency,series_id\nGBP,macro:own:SONIA' })
    await lake.add('silver.macro_observations_versions', [
      {
        ...{ instrument_id: 'macro:own:SONIA', event_time: '2020-01-01', value: '0.7', source: 'own' },
        _known_at: '2020-01-01T10:00:00Z',
      },
    ])
    await lake.add(
      'silver.bars',
      ['GBp', 'GBP', 'CHF', 'PLN'].map(currency => ({
        ...{
          instrument_id: `equity:own:${currency}`,
          bar_interval: '1d',
          event_time: '2020-01-03',
          close: '5',
          currency,
        },
        _known_at: '2020-01-03T21:00:00Z',
      })),
    )
    for (const table of ['macro_daily', 'returns_daily', 'features_daily']) await lake.derive(table)
    const rows = await lake.rows('SELECT instrument_id, rate, rate_reason FROM gold.features_daily ORDER BY ALL')
    expect(rows.map(row => `${row['instrument_id']} ${row['rate'] ?? row['rate_reason']}`)).toEqual([
      ...['equity:own:CHF no_series', 'equity:own:GBP 0.7', 'equity:own:GBp 0.7', 'equity:own:PLN not_known'],
    ])
  })
})

test('an index of gains alone is 100, whatever the rounding', async () => {
  const [row] =
    await lake.rows(`SELECT count(*) FILTER (WHERE 100 * gain / gain > 100) AS rounded_up, min(strength_index(gain, 0.0)) AS low,
      max(strength_index(gain, 0.0)) AS high FROM (SELECT n / 7919.0::DOUBLE AS gain FROM range(1, 5000) AS gains(n))`)
  expect(Number(row?.['rounded_up'])).toBeGreaterThan(0)
  expect(row).toMatchObject({ low: 100, high: 100 })
})
