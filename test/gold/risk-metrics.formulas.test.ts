import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, dayAfter, deriveRisk, type GoldLake, openGoldLake } from './gold-lake.js'
import { plainRisk } from './plain-risk.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

interface Figure {
  readonly metric: string
  readonly value: number | null
  readonly reason: string | null
  readonly observations: string
  readonly coverage: number
  readonly known: string
}

async function lastDay(instrument: string): Promise<Record<string, Figure>> {
  await deriveRisk(lake)
  const rows =
    await lake.rows(`SELECT metric, value, reason, observations, coverage, _known_at::VARCHAR AS known FROM gold.risk_metrics
    WHERE instrument_id = '${instrument}' QUALIFY date = max(date) OVER () ORDER BY metric`)
  return Object.fromEntries(rows.map(row => [row['metric'], row])) as unknown as Record<string, Figure>
}

/** Distance relative to the larger of one and the value. */
const gap = (found: number, value: number): number => Math.abs(found - value) / Math.max(1, Math.abs(value))

const price = fc.integer({ min: 100, max: 1_000_000 }).map(cents => (cents / 100).toFixed(2))

describe('risk_metrics', () => {
  test('agrees with an implementation in plain loops on random histories, for both calendars', async () => {
    const histories = fc.array(price, { minLength: 251, maxLength: 270 })
    await fc.assert(
      fc.asyncProperty(histories, fc.constantFrom('equity:xnys:A', 'crypto:spot:A'), async (closes, instrument) => {
        await lake.engine.run('DELETE FROM silver.bars')
        await addDailyBars(lake, instrument, closes)
        const expected = plainRisk(closes.slice(-251).map(Number), instrument.startsWith('crypto:') ? 365 : 252)
        const figures = await lastDay(instrument)
        const bent = ['95', '975', '99'].map(confidence => expected[`cornish_fisher_var_${confidence}_loss`]!)
        const isMonotone = bent[0]! <= bent[1]! && bent[1]! <= bent[2]!
        for (const [metric, value] of Object.entries(expected)) {
          if (metric.startsWith('cornish') && !isMonotone) expect(figures[metric]!.reason).toBe('not_monotone')
          else
            expect(gap(figures[metric]!.value!, value), `${metric} ${figures[metric]!.value} ${value}`).toBeLessThan(
              1e-11,
            )
        }
      }),
      { numRuns: 12 },
    )
  })

  test('computes the return of 100, 110 and 99 as +10 % and -10 %', async () => {
    await addDailyBars(lake, 'equity:xnys:A', ['100', '110', '99'])
    await deriveRisk(lake)
    const rows = await lake.rows(`SELECT value, reason FROM gold.risk_metrics WHERE metric = 'return_1d' ORDER BY date`)
    expect(rows).toEqual([
      { value: null, reason: 'insufficient_history' },
      { value: 0.1, reason: null },
      { value: -0.1, reason: null },
    ])
  })

  test('gives VaR and ES of returns that are known ranks: 12.45, 2.49 and 6.25 of 250', async () => {
    // One return of each size -1, -2, ... -250 basis points: rank k from the worst is -(251 - k).
    const closes = [1_000_000]
    for (let k = 1; k <= 250; k++) closes.push(closes.at(-1)! * (1 - ((k * 7) % 251) / 10_000))
    await addDailyBars(
      lake,
      'equity:xnys:A',
      closes.map(close => close.toFixed(18)),
    )
    const figures = await lastDay('equity:xnys:A')
    expect(figures['var_95_loss']!.value).toBeCloseTo((250 - 12.45) / 10_000, 10)
    expect(figures['var_99_loss']!.value).toBeCloseTo((250 - 2.49) / 10_000, 10)
    const worst = 250 + 249 + 248 + 247 + 246 + 245 + 0.25 * 244
    expect(figures['es_975_loss']!.value).toBeCloseTo(worst / 6.25 / 10_000, 10)
  })

  test('counts the first close in the drawdown: a series that falls from its first day has lost from there', async () => {
    const closes = Array.from({ length: 251 }, (_, i) => String(1000 - 2 * i))
    await addDailyBars(lake, 'equity:xnys:A', closes)
    expect((await lastDay('equity:xnys:A'))['max_drawdown_loss']!.value).toBe(0.5)
  })

  test('forgets a peak that is older than 251 closes', async () => {
    const closes = ['5000', ...Array.from({ length: 251 }, (_, i) => String(1000 + i))]
    await addDailyBars(lake, 'equity:xnys:A', closes)
    expect((await lastDay('equity:xnys:A'))['max_drawdown_loss']!.value).toBe(0)
  })

  test('finds a fall that crosses every block boundary', async () => {
    for (const at of [1, 3, 5, 6, 24, 25, 26, 124, 125, 126, 249]) {
      await lake.engine.run('DELETE FROM silver.bars')
      const closes = Array.from({ length: 251 }, (_, i) => (i === at ? '200' : i === at + 1 ? '50' : '100'))
      await addDailyBars(lake, 'equity:xnys:A', closes)
      expect((await lastDay('equity:xnys:A'))['max_drawdown_loss']!.value, `peak at ${at}`).toBe(0.75)
    }
  })

  test('has zero volatility and no Sharpe ratio for a price that never moves', async () => {
    await addDailyBars(
      lake,
      'equity:xnys:A',
      Array.from({ length: 251 }, () => '42.1'),
    )
    const figures = await lastDay('equity:xnys:A')
    expect(figures['volatility_20d']!.value).toBe(0)
    expect(figures['ewma_volatility']!.value).toBe(0)
    expect(figures['var_95_loss']!.value).toBe(0)
    expect(figures['max_drawdown_loss']!.value).toBe(0)
    expect(figures['sharpe']).toMatchObject({ value: null, reason: 'zero_volatility' })
  })

  test('has no Sharpe ratio for a price that grows by exactly one per cent a day', async () => {
    let close = 10n ** 20n
    const closes = Array.from({ length: 251 }, () => {
      close = (close * 101n) / 100n
      return `${close / 10n ** 18n}.${String(close % 10n ** 18n).padStart(18, '0')}`
    })
    await addDailyBars(lake, 'equity:xnys:A', closes)
    expect((await lastDay('equity:xnys:A'))['sharpe']).toMatchObject({ value: null, reason: 'zero_volatility' })
  })

  test('names a price that is not positive as the reason of every figure whose window holds it, and of no other', async () => {
    const closes = Array.from({ length: 252 }, (_, i) => (i === 225 ? '-36.98' : String(50 + (i % 7))))
    await addDailyBars(lake, 'future:xnym:CL', closes)
    const figures = await lastDay('future:xnym:CL')
    expect(figures['return_1d']!.reason).toBeNull()
    expect(figures['volatility_20d']!.reason).toBeNull()
    for (const metric of ['ewma_volatility', 'var_95_loss', 'es_975_loss', 'max_drawdown_loss', 'sharpe']) {
      expect(figures[metric]).toMatchObject({
        value: null,
        reason: 'non_positive_price',
        observations: '250',
        coverage: 1,
      })
    }
  })

  test('gives value or reason for every metric of every close, finite, with coverage in 0..1', async () => {
    await addDailyBars(lake, 'a', ['1', '0', '-1', '0.000000000000000001', '99999999999999999999', '2'])
    await addDailyBars(
      lake,
      'b',
      Array.from({ length: 300 }, (_, i) => (i % 2 ? '0.000000000000000001' : '99999999999999999999')),
    )
    await deriveRisk(lake)
    const [row] =
      await lake.rows(`SELECT count(*) AS n, count(*) FILTER ((value IS NULL) = (reason IS NULL)) AS unclear,
      count(*) FILTER (NOT isfinite(value)) AS infinite, min(coverage) AS low, max(coverage) AS high FROM gold.risk_metrics`)
    expect(row).toEqual({ n: '9792', unclear: '0', infinite: '0', low: 0, high: 1 })
  })

  test('counts only observations within the span of days: 20 returns need 21 closes in 60 days', async () => {
    const closes = Array.from({ length: 21 }, (_, i) => String(100 + i))
    const everyThirdDay = closes.map((_, i) => dayAfter('2021-01-01', 3 * i))
    await addDailyBars(lake, 'inside', closes, everyThirdDay)
    await addDailyBars(lake, 'outside', closes, ['2020-12-31', ...everyThirdDay.slice(1)])
    expect((await lastDay('inside'))['volatility_20d']).toMatchObject({ reason: null, observations: '20', coverage: 1 })
    expect((await lastDay('outside'))['volatility_20d']).toMatchObject({
      value: null,
      reason: 'insufficient_history',
      observations: '19',
      coverage: 0.95,
    })
  })

  test('is known when the last known of the closes in its window is, also where it says that these are too few', async () => {
    await addDailyBars(
      lake,
      'a',
      Array.from({ length: 22 }, (_, i) => String(100 + (i % 3))),
    )
    await lake.engine.run(`UPDATE silver.bars SET _known_at = '2024-05-01' WHERE event_time = '2020-01-02'`)
    const figures = await lastDay('a')
    expect(figures['volatility_20d']!.known).toBe('2024-05-01 00:00:00+00')
    expect(figures['return_1d']!.known).toBe('2020-01-23 00:00:00+00')
    expect(figures['sharpe']).toMatchObject({ reason: 'insufficient_history', known: '2024-05-01 00:00:00+00' })
  })

  test('takes the close of the published daily bar, else of the formed one', async () => {
    await addDailyBars(lake, 'a', ['100', '110'])
    await lake.engine.run(`INSERT INTO gold.price_bars (instrument_id, bar_interval, bar_start, close, currency, _known_at) VALUES
      ('a', '1d', '2020-01-03', 121, 'USD', '2020-01-04'), ('a', '1h', '2020-01-03', 7, 'USD', '2020-01-04')`)
    await lake.derive('bars_daily')
    expect((await lastDay('a'))['return_1d']!.value).toBe(0.1)
  })

  test('is empty for an empty lake', async () => {
    await deriveRisk(lake)
    expect(await lake.rows('SELECT * FROM gold.risk_metrics')).toEqual([])
  })
})
