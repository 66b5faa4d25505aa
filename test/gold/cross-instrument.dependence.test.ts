import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dayAfter, type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

/** Days that are no weekend, from a Monday on. */
const WORKDAYS = Array.from({ length: 80 }, (_, at) => dayAfter('2024-01-01', at)).filter(
  day => ![0, 6].includes(new Date(day).getUTCDay()),
)

async function derive(rates: readonly number[], usd: (at: number) => number): Promise<Record<string, unknown>[]> {
  const days = WORKDAYS.slice(0, rates.length)
  const known = (day: string) => `${day}T23:00:00Z`
  const fx = days.map((date, at) => ({
    ...{
      source: 'nbp',
      base_currency: 'USD',
      quote_currency: 'PLN',
      date,
      rate: rates[at]!,
      age_days: 0,
      _known_at: known(date),
    },
  }))
  await lake.add('gold.fx_daily', fx)
  const price = (date: string, currency: string, value: number) => ({
    ...{ instrument_id: 'crypto:a:b', date, currency, convention: 'reporting', value, _known_at: known(date) },
  })
  await lake.add(
    'gold.prices_normalized',
    days.map((day, at) => price(day, 'USD', usd(at))),
  )
  await lake.add(
    'gold.prices_normalized',
    days.map((day, at) => price(day, 'PLN', usd(at) * rates[at]!)),
  )
  // A Saturday has a price and no fixing.
  await lake.add('gold.prices_normalized', [price('2024-01-06', 'USD', 1), price('2024-01-06', 'PLN', 1)])
  await lake.derive('cross_instrument')
  return lake.rows('SELECT * FROM gold.cross_instrument ORDER BY date')
}

const RATES = Array.from({ length: 56 }, (_, at) => 4 + 0.05 * Math.sin(at * 1.3) + 0.02 * Math.cos(at / 4))
const PRICE = (at: number): number => 50_000 * Math.exp(0.03 * Math.cos(at * 0.7) + 0.01 * Math.sin(at * 2.1))

describe('a crypto asset and the dollar', () => {
  test('correlate as 50 pairs of returns say, in USD and in PLN', async () => {
    const row = (await derive(RATES, PRICE)).at(-1)!
    const steps = (values: readonly number[]): number[] =>
      values
        .slice(1)
        .map((value, at) => Math.log(value / values[at]!))
        .slice(-50)
    const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
    const co = (xs: readonly number[], ys: readonly number[]): number =>
      xs.reduce((sum, x, at) => sum + (x - mean(xs)) * (ys[at]! - mean(ys)), 0)
    const usd = RATES.map((_, at) => PRICE(at))
    const [x, u, p] = [steps(RATES), steps(usd), steps(usd.map((value, at) => value * RATES[at]!))] as const
    const correlation = (ys: readonly number[]): number => co(x, ys) / Math.sqrt(co(x, x) * co(ys, ys))
    expect(Number(row['correlation_usd'])).toBeCloseTo(correlation(u), 9)
    expect(Number(row['correlation_pln'])).toBeCloseTo(correlation(p), 9)
    expect(Number(row['beta_usd'])).toBeCloseTo(co(x, u) / co(x, x), 9)
    // ln(PLN) = ln(USD) + ln(rate): in PLN the slope is one more.
    expect(Number(row['beta_pln'])).toBeCloseTo(Number(row['beta_usd']) + 1, 9)
    expect(row).toMatchObject({ observations: '50', reason: null, currency: 'USD' })
  })

  test('are compared on days with a fixing only', async () => {
    expect((await derive(RATES, PRICE)).map(row => row['date'])).toEqual(WORKDAYS.slice(0, 56))
  })

  test('need 50 steps', async () => {
    const rows = await derive(RATES.slice(0, 51), PRICE)
    expect(rows[49]).toMatchObject({ reason: 'insufficient_history', correlation_usd: null, observations: '49' })
    expect(rows[50]).toMatchObject({ reason: null, observations: '50' })
    expect(rows[0]).toMatchObject({ return_usd: null, observations: '0' })
  })

  test('have no correlation where one of them stands still', async () => {
    expect(
      (
        await derive(
          RATES.map(() => 4),
          PRICE,
        )
      ).at(-1),
    ).toMatchObject({ reason: 'zero_volatility', beta_pln: null })
  })

  test('stand beside what their currencies pay, as it was known at the end of the day', async () => {
    const figures = [
      ['macro:fred:DFF', '2024-01-01', '5.33', '2024-01-02T06:00:00Z'],
      ['macro:fred:DFF', '2024-01-02', '5.33', '2024-01-03T06:00:00Z'],
      ['macro:fred:DFF', '2024-01-08', '5.25', '2024-01-09T06:00:00Z'],
      ['macro:fred:IR3TIB01PLM156N', '2023-11-01', '5.8', '2023-12-15T06:00:00Z'],
      ['macro:fred:IR3TIB01PLM156N', '2023-12-01', '5.9', '2024-01-05T06:00:00Z'],
      // Said later.
      ['macro:fred:DFF', '2024-01-08', '1', '2024-02-01T06:00:00Z'],
      ['macro:fred:IR3TIB01PLM156N', '2023-12-01', '1', '2024-02-01T06:00:00Z'],
    ]
    await lake.add(
      'silver.macro_observations_versions',
      figures.map(([instrument_id, event_time, value, _known_at]) => ({
        ...{ instrument_id: instrument_id!, event_time: event_time!, value: value!, source: 'fred' },
        _known_at: _known_at!,
      })),
    )
    await lake.derive('macro_daily')
    const rows = await derive(RATES, PRICE)
    const on = (date: string) => {
      const row = rows.find(found => found['date'] === date)!
      return [row['currency_rate'], row['pln_rate'], row['rate_gap'], row['rate_reason']]
    }
    expect(on('2024-01-01')).toEqual([null, null, null, 'not_known'])
    expect(on('2024-01-04')).toEqual([5.33, null, null, 'stale'])
    expect(on('2024-01-08')).toEqual([5.33, 5.9, expect.closeTo(5.33 - 5.9, 12), null])
    expect(on('2024-01-09')).toEqual([5.25, 5.9, expect.closeTo(5.25 - 5.9, 12), null])
    expect(
      rows.filter(row => String(row['date']) < '2024-02-01' && (row['currency_rate'] === 1 || row['pln_rate'] === 1)),
    ).toEqual([])
  })
})
