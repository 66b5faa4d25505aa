import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, dayAfter, deriveRisk, type GoldLake, openGoldLake } from './gold-lake.js'

const [FUND, INDEX] = ['fund:own:F', 'index:own:I']
const REFERENCES = {
  instruments: `instrument_id\n${FUND}\n${INDEX}`,
  benchmarks: `instrument_id,benchmark_id\n${FUND},${INDEX}`,
}

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake(2, REFERENCES)
})
afterEach(() => lake.close())

const DAYS = Array.from({ length: 251 }, (_, at) => dayAfter('2020-01-01', at))
const index = DAYS.slice(1).map((_, at) => (((at * 37) % 101) - 49) / 10_000)

function closesOf(returns: readonly number[]): string[] {
  const closes = [1000]
  for (const r of returns) closes.push(closes.at(-1)! * (1 + r))
  return closes.map(close => close.toFixed(18))
}

async function newest(): Promise<Record<string, unknown>> {
  await deriveRisk(lake)
  const rows = await lake.rows(`SELECT metric, coalesce(value::VARCHAR, reason) AS v FROM gold.risk_metrics
    WHERE method LIKE '%against%' QUALIFY date = max(date) OVER ()`)
  return Object.fromEntries(rows.map(({ metric, v }) => [String(metric), Number.isNaN(Number(v)) ? v : Number(v)]))
}

const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
const covariance = (xs: readonly number[], ys: readonly number[]): number =>
  xs.reduce((sum, x, at) => sum + (x - mean(xs)) * (ys[at]! - mean(ys)), 0) / (xs.length - 1)

describe('an instrument with a benchmark', () => {
  test('that moves twice as much and gains a basis point a day has a beta of 2 and that alpha', async () => {
    await addDailyBars(lake, INDEX, closesOf(index))
    await addDailyBars(lake, FUND, closesOf(index.map(r => 2 * r + 0.0001)))
    const found = await newest()
    expect(found['beta']).toBeCloseTo(2, 9)
    expect(found['alpha']).toBeCloseTo(0.0001 * 252, 9)
    expect(found['correlation']).toBeCloseTo(1, 9)
    expect(found['tracking_error']).toBeCloseTo(Math.sqrt(covariance(index, index) * 252), 9)
  })

  test('is measured as the formulas say', async () => {
    const own = index.map((r, at) => 0.6 * r + (((at * 53) % 89) - 44) / 9000)
    await addDailyBars(lake, INDEX, closesOf(index))
    await addDailyBars(lake, FUND, closesOf(own))
    const excess = own.map((r, at) => r - index[at]!)
    const beta = covariance(own, index) / covariance(index, index)
    const expected = {
      beta,
      alpha: (mean(own) - beta * mean(index)) * 252,
      tracking_error: Math.sqrt(covariance(excess, excess) * 252),
      information_ratio: (mean(excess) / Math.sqrt(covariance(excess, excess))) * Math.sqrt(252),
      correlation: covariance(own, index) / Math.sqrt(covariance(own, own) * covariance(index, index)),
    }
    const found = await newest()
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
    for (const [metric, value] of Object.entries(expected)) expect(found[metric], metric).toBeCloseTo(value, 9)
  })

  test('is paired by date, and only where both returns begin on the same day', async () => {
    await addDailyBars(lake, INDEX, closesOf(index))
    await addDailyBars(lake, FUND, closesOf(index))
    await lake.engine.run(`DELETE FROM silver.bars WHERE instrument_id = '${INDEX}' AND event_time = '2020-02-01'`)
    expect(await newest()).toMatchObject({ beta: 'insufficient_history' })
    const [row] = await lake.rows(
      `SELECT observations FROM gold.risk_metrics WHERE metric = 'beta' QUALIFY date = max(date) OVER ()`,
    )
    // The day itself and the next one, whose return of the index spans two days.
    expect(row).toEqual({ observations: '248' })
  })

  test('has no beta to a benchmark that never moves, and no information ratio where nothing differs', async () => {
    await addDailyBars(lake, INDEX, closesOf(index.map(() => 0)))
    await addDailyBars(lake, FUND, closesOf(index.map(() => 0)))
    expect(await newest()).toMatchObject({
      ...{ beta: 'zero_volatility', alpha: 'zero_volatility', correlation: 'zero_volatility' },
      ...{ information_ratio: 'zero_volatility', tracking_error: 0 },
    })
  })

  test('counts pairs as known when it was known that there are no more of them', async () => {
    const days = ['2020-01-01', '2020-01-02', '2020-01-03', '2020-01-04']
    await addDailyBars(lake, FUND, ['100', '101', '102'], [days[0]!, days[2]!, days[3]!])
    await addDailyBars(lake, INDEX, ['50', '51', '52', '53'], days)
    // Before this close came, the step to the third day was a pair.
    await lake.engine.run(
      `UPDATE silver.bars SET _known_at = '2020-06-01' WHERE instrument_id = '${INDEX}' AND event_time = '2020-01-02'`,
    )
    await deriveRisk(lake)
    const rows = await lake.rows(
      `SELECT date::VARCHAR AS date, observations::INTEGER AS n, _known_at::VARCHAR AS known FROM gold.risk_metrics WHERE metric = 'beta'`,
    )
    expect(rows).toEqual([{ date: '2020-01-04', n: 1, known: '2020-06-01 00:00:00+00' }])
  })

  test('is the only one with such figures', async () => {
    await addDailyBars(lake, INDEX, closesOf(index))
    expect(await newest()).toEqual({})
  })
})
