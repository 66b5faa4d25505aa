import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, dayAfter, deriveRisk, type GoldLake, openGoldLake } from './gold-lake.js'
import { plainFilteredVar, plainRisk } from './plain-risk.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

/** Closes whose returns repeat a pattern of basis points. */
function closesOf(pattern: readonly number[], returns = 250): string[] {
  const closes = [1_000_000]
  for (let i = 0; i < returns; i++) closes.push(closes[i]! * (1 + pattern[i % pattern.length]! / 1e4))
  return closes.map(close => close.toFixed(18))
}

async function newest(instrument = 'a'): Promise<Record<string, number | string>> {
  await deriveRisk(lake)
  const rows = await lake.rows(`SELECT metric, coalesce(value::VARCHAR, reason) AS v FROM gold.risk_metrics
    WHERE instrument_id = '${instrument}' QUALIFY date = max(date) OVER ()`)
  return Object.fromEntries(
    rows.map(({ metric, v }) => [String(metric), Number.isNaN(Number(v)) ? String(v) : Number(v)]),
  )
}

describe('risk_metrics', () => {
  test('has 2.3378 deviations of normal ES at 97.5 %, just above the 2.3263 of normal VaR at 99 %', async () => {
    await addDailyBars(lake, 'a', closesOf([100, -100]))
    const figures = await newest()
    // 250 returns of +-1 %: mean 0, sample deviation 0.01 sqrt(250 / 249).
    const sigma = 0.01 * Math.sqrt(250 / 249)
    expect(Number(figures['normal_es_975_loss']) / sigma).toBeCloseTo(2.3378, 4)
    expect(Number(figures['normal_var_99_loss']) / sigma).toBeCloseTo(2.3263, 4)
    expect(figures['normal_var_99_10d_loss']).toBe(Number(figures['normal_var_99_loss']) * Math.sqrt(10))
    expect(figures['es_975_10d_loss']).toBe(Number(figures['es_975_loss']) * Math.sqrt(10))
  })

  test('knows the shape of a coin with two sides: skewness 0, excess kurtosis -2', async () => {
    await addDailyBars(lake, 'a', closesOf([100, -100]))
    const figures = await newest()
    expect(Number(figures['skewness'])).toBeCloseTo(0, 10)
    expect(Number(figures['excess_kurtosis'])).toBeCloseTo(-2, 10)
  })

  test('weighs gains of 3 % against losses of 1 %: omega 3, sortino 1 % over sqrt(0.5) %', async () => {
    await addDailyBars(lake, 'a', closesOf([300, -100]))
    const figures = await newest()
    expect(Number(figures['omega'])).toBeCloseTo(3, 9)
    expect(Number(figures['sortino'])).toBeCloseTo((0.01 / Math.sqrt(0.5 * 0.01 ** 2)) * Math.sqrt(252), 8)
    expect(Number(figures['calmar'])).toBeCloseTo(((1.03 * 0.99) ** (125 * (252 / 250)) - 1) / 0.01, 6)
  })

  test('has no ratio to losses that never came, and no shape of a price that never moves', async () => {
    await addDailyBars(
      lake,
      'a',
      Array.from({ length: 251 }, () => '42'),
    )
    await addDailyBars(lake, 'up', closesOf([100, 200]))
    expect(await newest('a')).toMatchObject({
      ...{ sharpe: 'zero_volatility', sortino: 'no_loss', calmar: 'no_loss', omega: 'no_loss' },
      ...{
        skewness: 'zero_volatility',
        excess_kurtosis: 'zero_volatility',
        cornish_fisher_var_95_loss: 'zero_volatility',
      },
      ...{ roll_spread: 'no_bounce', amihud: 'no_turnover' },
    })
    expect(await newest('up')).toMatchObject({
      sortino: 'no_loss',
      calmar: 'no_loss',
      omega: 'no_loss',
      max_drawdown_loss: 0,
    })
  })

  test('bends no normal law so far that a rarer loss is smaller', async () => {
    // One crash of 90 % among 249 returns near 0: skewness -15.
    await addDailyBars(lake, 'a', [...closesOf([10, -10], 249), '100000'])
    const figures = await newest()
    for (const confidence of ['95', '975', '99'])
      expect(figures[`cornish_fisher_var_${confidence}_loss`]).toBe('not_monotone')
    expect(figures['skewness']).toBeLessThan(-10)
  })

  test('scales standardised returns by the volatility of today: 501 closes, none less', async () => {
    const closes = closesOf([37, -52, 11, -205, 160, 64, -33, 8, -91, 120, 5], 500)
    await addDailyBars(
      lake,
      'a',
      closes,
      closes.map((_, i) => dayAfter('2020-01-01', i)),
    )
    const figures = await newest()
    for (const [metric, alpha] of [
      ['95', 0.05],
      ['975', 0.025],
      ['99', 0.01],
    ] as const)
      expect(figures[`filtered_var_${metric}_loss`]).toBeCloseTo(plainFilteredVar(closes.map(Number), alpha), 12)
    const [day] = await lake.rows(`SELECT reason, observations FROM gold.risk_metrics
      WHERE metric = 'filtered_var_99_loss' QUALIFY row_number() OVER (ORDER BY date DESC) = 2`)
    expect(day).toEqual({ reason: 'insufficient_history', observations: '249' })
  })

  test('has no filtered VaR where the volatility was zero', async () => {
    await addDailyBars(lake, 'a', [...Array.from({ length: 252 }, () => '1000000'), ...closesOf([50, -50], 249)])
    expect((await newest())['filtered_var_95_loss']).toBe('zero_volatility')
  })

  test('measures price impact on days with turnover alone, by volume where turnover is unknown', async () => {
    await addDailyBars(lake, 'a', closesOf([100, -100]))
    await lake.engine.run(`UPDATE silver.bars SET quote_volume = CASE WHEN day(event_time) = 1 THEN 0 ELSE 500000 END`)
    expect(Number((await newest())['amihud'])).toBeCloseTo((0.01 / 500_000) * 1e6, 10)
    const [{ coverage }] = (await lake.rows(
      `SELECT coverage FROM gold.risk_metrics WHERE metric = 'amihud' QUALIFY date = max(date) OVER ()`,
    )) as [{ coverage: number }]
    expect(coverage).toBe((250 - 8) / 250)
    await lake.engine.run(`UPDATE silver.bars SET quote_volume = NULL, volume = 0.5`)
    expect(Number((await newest())['amihud'])).toBeCloseTo(0.02, 3)
  })

  test('finds the spread of a price that bounces between bid and ask', async () => {
    // Returns that alternate by 1 % have a covariance of -0.0001 with their neighbours.
    await addDailyBars(lake, 'a', closesOf([100, -100]))
    expect(Number((await newest())['roll_spread'])).toBeCloseTo(0.02, 5)
  })

  test('does not see a split as a fall, nor a redenomination as a loss', async () => {
    const closes = closesOf([37, -52, 11, -205, 160])
    const plain = plainRisk(closes.map(Number), 252)
    for (const at of [1, 5, 25, 125, 126, 249]) {
      await lake.engine.run('DELETE FROM silver.bars; DELETE FROM silver.corporate_actions')
      await addDailyBars(
        lake,
        'a',
        closes.map((close, i) => (i < at ? close : (Number(close) / 4).toFixed(18))),
      )
      await lake.add('silver.corporate_actions', [
        {
          instrument_id: 'a',
          ex_date: dayAfter('2020-01-01', at),
          action_type: 'split',
          ratio: 4,
          action_id: 's',
          _known_at: '2020-01-01',
        },
      ])
      const figures = await newest()
      for (const metric of ['max_drawdown_loss', 'calmar', 'var_99_loss', 'sharpe'])
        expect(Number(figures[metric]), `${metric}, split at ${at}`).toBeCloseTo(plain[metric]!, 9)
    }
  })

  test('calls still what every ratio finds still, and says so of no price that only grows steadily', async () => {
    await addDailyBars(lake, 'a', closesOf([100, 100.1, 99.9]))
    const steady = await newest()
    expect(steady).toMatchObject({ sharpe: expect.any(Number), normal_var_99_loss: expect.any(Number) })
    for (const metric of ['skewness', 'excess_kurtosis', 'cornish_fisher_var_99_loss'])
      expect(steady[metric], metric).toBe('mean_dominates')
    const grown = "0.01 * pow(1.01::DOUBLE, epoch(event_time - TIMESTAMPTZ '2020-01-01') // 86400)"
    await lake.engine.run(`UPDATE silver.bars SET close = (1000 * ${grown})::DECIMAL(38, 18)`)
    const still = await newest()
    for (const metric of ['sharpe', 'skewness', 'excess_kurtosis', 'cornish_fisher_var_99_loss'])
      expect(still[metric], metric).toBe('zero_volatility')
  })

  test('gives the reason of a return that is missing in the window', async () => {
    await addDailyBars(lake, 'a', closesOf([37, -52]))
    await lake.engine.run(`UPDATE silver.bars SET currency = 'EUR' WHERE event_time >= '2020-03-01'`)
    expect(await newest()).toMatchObject({
      var_99_loss: 'other_currency',
      sharpe: 'other_currency',
      return_1d: expect.any(Number),
    })
  })
})

test('the mean of a tail is never below the VaR by rounding, nor above the worst loss', async () => {
  // Tails of 14 returns that are all alike, and of such that differ in their last digits.
  const [row] = await lake.rows(`
    WITH tails AS (
      SELECT list_transform(range(14), i -> -0.9 + n / 7919.0::DOUBLE + i * step) AS tail
      FROM range(1, 4000) AS numbers(n), (SELECT unnest([0.0, 1e-16, 3e-16])::DOUBLE AS step)
    )
    SELECT
      count(*) FILTER (WHERE (list_sum(tail[1:12]) + 0.5 * tail[13]) / 12.5 > tail[13]) AS rounded,
      count(*) FILTER (WHERE expected_shortfall_95(tail) < 0 - quantile_05(tail[13], tail[14])
        OR expected_shortfall_975(tail) < 0 - quantile_025(tail[7], tail[8])
        OR expected_shortfall_99(tail) < 0 - quantile_01(tail[3], tail[4])) AS below,
      count(*) FILTER (WHERE greatest(expected_shortfall_95(tail), expected_shortfall_975(tail), expected_shortfall_99(tail)) > 0 - tail[1]) AS above
    FROM tails`)
  expect(Number(row!['rounded'])).toBeGreaterThan(0)
  expect([row!['below'], row!['above']].map(Number)).toEqual([0, 0])
})
