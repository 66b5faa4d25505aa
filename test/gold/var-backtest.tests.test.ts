import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dayAfter, type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

async function value(sql: string): Promise<number> {
  return Number((await lake.rows(`SELECT ${sql} AS v`))[0]!['v'])
}

/** A series whose VaR at 99 % is always 2 %, and whose loss is 3 % on the days named, 2 % on the others. */
async function series(days: number, exceptions: readonly number[]): Promise<void> {
  await lake.engine.run(`INSERT INTO gold.returns_daily (instrument_id, date, simple_return, _known_at)
    SELECT 'a', DATE '2024-01-01' + d::INTEGER, CASE WHEN d IN (${[-1, ...exceptions].join(', ')}) THEN -0.03 ELSE -0.02 END, DATE '2024-01-02' + d::INTEGER
    FROM range(${days}) AS days(d)`)
  await lake.engine.run(`INSERT INTO gold.risk_metrics (instrument_id, date, metric, window_observations, value, _known_at)
    SELECT instrument_id, date, 'normal_var_99_loss', 250, 0.02, _known_at FROM gold.returns_daily`)
  await lake.derive('var_backtest')
}

const newest = async () =>
  (
    await lake.rows(
      `SELECT * FROM gold.var_backtest WHERE method = 'normal' AND confidence = 0.99 QUALIFY date = max(date) OVER ()`,
    )
  )[0]!

describe('the tests of a VaR', () => {
  test('are those of the published vector: 57 exceptions of 1043 at 95 %', async () => {
    const lr = await value('kupiec_lr(1043, 57, 0.05)')
    expect(lr).toBeCloseTo(0.46147, 5)
    expect(await value(`chi2_1_survival(${lr})`)).toBeCloseTo(0.49694, 5)
  })

  test('count an empty cell as nothing', async () => {
    expect(await value('kupiec_lr(250, 0, 0.01)')).toBeCloseTo(-2 * 250 * Math.log(0.99), 10)
    expect(await value('kupiec_lr(250, 250, 0.01)')).toBeCloseTo(-2 * 250 * Math.log(0.01), 8)
    expect(await value('christoffersen_lr(249, 0, 0, 0)')).toBe(0)
    expect(await value('christoffersen_lr(0, 0, 0, 249)')).toBe(0)
    // Three exceptions that never follow each other: 3 of 249 against 3 of 246 and 0 of 3.
    const together = 246 * Math.log(246 / 249) + 3 * Math.log(3 / 249)
    const apart = 243 * Math.log(243 / 246) + 3 * Math.log(3 / 246)
    expect(await value('christoffersen_lr(243, 3, 3, 0)')).toBeCloseTo(-2 * (together - apart), 10)
  })

  test('take their chances from a chi-squared law', async () => {
    // Quantiles of tables: 3.841459 and 6.634897 with one degree of freedom, 5.991465 with two.
    expect(await value('chi2_1_survival(3.841458820694124)')).toBeCloseTo(0.05, 8)
    expect(await value('chi2_1_survival(6.634896601021217)')).toBeCloseTo(0.01, 8)
    expect(await value('chi2_2_survival(5.991464547107979)')).toBeCloseTo(0.05, 10)
    expect(await value('chi2_1_survival(0)')).toBeCloseTo(1, 7)
  })

  test('know the complementary error function to eight digits', async () => {
    // Abramowitz and Stegun, table 7.1 and beyond: erfc(0.5), erfc(1), erfc(2), erfc(5), erfc(10).
    const known = [
      [0.5, 0.4795001221869535],
      [1, 0.15729920705028513],
      [2, 0.004677734981047266],
      [5, 1.5374597944280349e-12],
      [10, 2.088487583762545e-45],
    ] as const
    for (const [z, expected] of known)
      expect(Math.abs((await value(`erfc(${z})`)) / expected - 1), `erfc(${z})`).toBeLessThan(2e-8)
  })

  test('have the zones and multipliers of Basel at 99 %', async () => {
    const rows = await lake.rows(
      'SELECT x, traffic_light(x, 990) AS light, basel_multiplier(x) AS multiplier FROM range(12) AS r(x) ORDER BY x',
    )
    expect(rows.map(({ light }) => light)).toEqual([
      ...Array(5).fill('green'),
      ...Array(5).fill('yellow'),
      'red',
      'red',
    ])
    expect(rows.map(({ multiplier }) => multiplier)).toEqual([3, 3, 3, 3, 3, 3.4, 3.5, 3.65, 3.75, 3.85, 4, 4])
  })
})

describe('var_backtest', () => {
  test('counts losses that are strictly greater than the VaR of the close before', async () => {
    await series(251, [10, 11, 12, 100, 200, 250])
    expect(await newest()).toMatchObject({
      ...{ method: 'normal', confidence: '0.990', exceptions: '6', expected_exceptions: expect.closeTo(2.5, 10) },
      ...{ is_exception: true, loss: 0.03, var_loss: 0.02, traffic_light: 'yellow', basel_multiplier: 3.5 },
      ...{ observations: '250', reason: null },
    })
    const row = await newest()
    // 249 neighbouring pairs: 10-11 and 11-12 are both exceptions; 10, 100, 200, 250 come after calm days, 12, 100, 200 before them.
    expect(row['kupiec_lr']).toBeCloseTo(await value('kupiec_lr(250, 6, 0.01)'), 12)
    expect(row['christoffersen_lr']).toBeCloseTo(await value('christoffersen_lr(240, 4, 3, 2)'), 12)
    expect(row['conditional_coverage_lr']).toBe(Number(row['kupiec_lr']) + Number(row['christoffersen_lr']))
  })

  test('counts the pairs of a window whose first and last days are exceptions', async () => {
    await series(251, [1, 2, 100, 250])
    // Pairs by hand: 1-2 follow each other; 100 and 250 come alone; 2 and 100 are followed by calm days.
    expect((await newest())['christoffersen_lr']).toBeCloseTo(await value('christoffersen_lr(244, 2, 2, 1)'), 12)
  })

  test('counts the twelve VaRs of a day apart', async () => {
    await series(251, [10, 20])
    // The k-th VaR is exceeded on the first k x 20 days: 20, 40, ... 240 exceptions.
    const names = ['var', 'normal_var', 'cornish_fisher_var', 'filtered_var'].flatMap(name =>
      ['95', '975', '99'].map(confidence => `'${name}_${confidence}_loss'`),
    )
    await lake.engine.run(`DELETE FROM gold.risk_metrics; INSERT INTO gold.risk_metrics (instrument_id, date, metric, window_observations, value, _known_at)
      SELECT 'a', date, name, 250, CASE WHEN date - DATE '2024-01-01' < 20 * k THEN 0.01 ELSE 0.05 END, _known_at
      FROM gold.returns_daily, (SELECT unnest([${names.join(', ')}]) AS name, unnest(range(1, 13)) AS k)`)
    await lake.derive('var_backtest')
    const rows = await lake.rows(
      `SELECT exceptions FROM gold.var_backtest QUALIFY date = max(date) OVER () ORDER BY exceptions`,
    )
    expect(rows.map(({ exceptions }) => Number(exceptions))).toEqual(
      Array.from({ length: 12 }, (_, at) => 20 * (at + 1)),
    )
  })

  test('compares with the VaR before, never with that of the day itself', async () => {
    await series(251, [])
    await lake.engine.run(`UPDATE gold.risk_metrics SET value = 0.01 WHERE date = DATE '2024-05-01'`)
    await lake.derive('var_backtest')
    const rows = await lake.rows(
      'SELECT date::VARCHAR AS date, loss, var_loss FROM gold.var_backtest WHERE is_exception',
    )
    expect(rows).toEqual([{ date: '2024-05-02', loss: 0.02, var_loss: 0.01 }])
  })

  test('has a reason while a day lacks its loss or its VaR', async () => {
    await series(250, [])
    expect(await newest()).toMatchObject({
      reason: 'insufficient_history',
      exceptions: null,
      kupiec_p: null,
      observations: '249',
    })
    await lake.engine.run(`DELETE FROM gold.returns_daily; DELETE FROM gold.risk_metrics`)
    await series(300, [])
    await lake.engine.run(`UPDATE gold.risk_metrics SET value = NULL WHERE date = DATE '2024-05-01'`)
    await lake.derive('var_backtest')
    expect(await newest()).toMatchObject({ reason: 'insufficient_history', observations: '249' })
  })

  test('slice by slice equals at once', async () => {
    await series(700, [3, 50, 51, 52, 300, 310, 311, 420, 600, 601, 640])
    await lake.engine.run('CREATE TABLE gold.at_once AS FROM gold.var_backtest')
    for (const table of ['returns_daily', 'risk_metrics']) {
      await lake.engine.run(`ALTER TABLE gold.${table} RENAME TO all_${table}`)
    }
    for (const first of [0, 300, 401, 520, 690]) {
      const from = dayAfter('2024-01-01', first)
      for (const table of ['returns_daily', 'risk_metrics'])
        await lake.engine.run(
          `CREATE OR REPLACE VIEW gold.${table} AS FROM gold.all_${table} WHERE date >= DATE '${from}' - 400`,
        )
      await lake.derive('var_backtest')
      const differing = await lake.rows(`(FROM gold.at_once WHERE date >= DATE '${from}' EXCEPT FROM gold.var_backtest)
        UNION ALL (FROM gold.var_backtest WHERE date >= DATE '${from}' EXCEPT FROM gold.at_once)`)
      expect(differing, from).toEqual([])
    }
  })
})
