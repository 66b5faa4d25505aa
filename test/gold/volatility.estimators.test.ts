import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dayAfter, type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

interface Bar {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** Bars of a walk that a linear congruential generator drives; two decimals, so that decimals and doubles agree. */
function walk(count: number, seed = 7): Bar[] {
  let state = seed
  const next = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648 - 0.5
  }
  const cents = (price: number): number => Math.round(price * 100) / 100
  let close = 100
  return Array.from({ length: count }, () => {
    const open = cents(close * (1 + 0.01 * next()))
    close = cents(open * (1 + 0.04 * next()))
    const [low, high] = [Math.min(open, close), Math.max(open, close)]
    return {
      open,
      close,
      low: cents(low * (1 - 0.01 * Math.abs(next()))),
      high: cents(high * (1 + 0.01 * Math.abs(next()))),
    }
  })
}

async function derive(instrument: string, bars: readonly Bar[], first = '2024-01-01'): Promise<void> {
  await lake.add(
    'silver.bars',
    bars.map((bar, at) => ({
      ...{
        instrument_id: instrument,
        bar_interval: '1d',
        event_time: `${dayAfter(first, at)}T00:00:00Z`,
        currency: 'USD',
      },
      ...bar,
      _known_at: `${dayAfter(first, at + 1)}T00:00:00Z`,
    })),
  )
  await lake.derive('returns_daily')
  await lake.derive('volatility')
}

async function newest(): Promise<Record<string, number | string | null>> {
  const rows = await lake.rows(
    `SELECT estimator, coalesce(value::VARCHAR, reason) AS v FROM gold.volatility QUALIFY date = max(date) OVER (PARTITION BY estimator)`,
  )
  return Object.fromEntries(
    rows.map(row => [row['estimator'], Number.isNaN(Number(row['v'])) ? row['v'] : Number(row['v'])]),
  )
}

const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length
const variance = (xs: readonly number[]): number =>
  xs.reduce((sum, x) => sum + (x - mean(xs)) ** 2, 0) / (xs.length - 1)

/** The same estimators as the papers write them. */
function plain(bars: readonly Bar[], periods: number): Record<string, number> {
  const last = bars.slice(-20)
  const before = bars.slice(-21, -1)
  const year = (daily: number): number => Math.sqrt(daily * periods)
  const rogers = mean(
    last.map(
      ({ open: o, high: h, low: l, close: c }) => Math.log(h / c) * Math.log(h / o) + Math.log(l / c) * Math.log(l / o),
    ),
  )
  const overnight = variance(last.map(({ open }, at) => Math.log(open / before[at]!.close)))
  const day = variance(last.map(({ open, close }) => Math.log(close / open)))
  const k = 0.34 / (1.34 + 21 / 19)
  const weights = Array.from({ length: 250 }, (_, age) => 0.94 ** age)
  const squares = bars
    .slice(-250)
    .map(({ close }, at) => Math.log(close / bars.at(at - 251)!.close) ** 2)
    .reverse()
  return {
    close_to_close: year(variance(last.map(({ close }, at) => Math.log(close / before[at]!.close)))),
    parkinson: year(mean(last.map(({ high, low }) => Math.log(high / low) ** 2)) / (4 * Math.LN2)),
    garman_klass: year(
      mean(
        last.map(
          ({ open: o, high: h, low: l, close: c }) =>
            0.5 * Math.log(h / l) ** 2 - (2 * Math.LN2 - 1) * Math.log(c / o) ** 2,
        ),
      ),
    ),
    rogers_satchell: year(rogers),
    yang_zhang: year(overnight + k * day + (1 - k) * rogers),
    ewma: year(squares.reduce((sum, x, age) => sum + x * weights[age]!, 0) / weights.reduce((sum, w) => sum + w, 0)),
  }
}

describe('volatility', () => {
  test.each([
    ['equity:a:b', 252],
    ['crypto:a:b', 365],
  ])('of %s is what the papers say, a year of %i days', async (instrument, periods) => {
    const bars = walk(260)
    await derive(instrument, bars)
    const found = await newest()
    for (const [estimator, value] of Object.entries(plain(bars, periods)))
      expect(Number(found[estimator]) / value, estimator).toBeCloseTo(1, 10)
  })

  test('of a constant price is zero, not a hair below', async () => {
    await derive(
      'equity:a:b',
      Array.from({ length: 260 }, () => ({ open: 5, high: 5, low: 5, close: 5 })),
    )
    expect([...new Set(Object.values(await newest()))]).toEqual([0])
  })

  test('needs 20 bars within 60 days, and one more for returns', async () => {
    await derive('equity:a:b', walk(20))
    expect(await newest()).toMatchObject({
      ...{ close_to_close: 'insufficient_history', yang_zhang: 'insufficient_history', ewma: 'insufficient_history' },
      parkinson: expect.any(Number),
    })
  })

  test('is not estimated from a bar that cannot have been traded, nor from none', async () => {
    await derive('equity:a:b', [...walk(30), { open: 100, high: 90, low: 80, close: 85 }])
    expect(await newest()).toMatchObject({
      ...{
        parkinson: 'unsound_bar',
        garman_klass: 'unsound_bar',
        rogers_satchell: 'unsound_bar',
        yang_zhang: 'unsound_bar',
      },
      close_to_close: expect.any(Number),
    })
  })

  test('does not see a split as a move, overnight neither', async () => {
    const bars = walk(260)
    const halved = bars.map((bar, at) =>
      at < 250 ? bar : { open: bar.open / 2, high: bar.high / 2, low: bar.low / 2, close: bar.close / 2 },
    )
    await lake.add('silver.corporate_actions', [
      {
        instrument_id: 'equity:a:b',
        ex_date: dayAfter('2024-01-01', 250),
        action_type: 'split',
        ratio: 2,
        action_id: 'a',
        _known_at: '2024-01-01',
      },
    ])
    await derive('equity:a:b', halved)
    const found = await newest()
    expect(Number(found['close_to_close'])).toBeCloseTo(plain(bars, 252)['close_to_close']!, 10)
    expect(Number(found['yang_zhang'])).toBeCloseTo(plain(bars, 252)['yang_zhang']!, 10)
  })
})

describe('realised volatility', () => {
  const bar = (interval: string, minute: number, close: number) => ({
    ...{ instrument_id: 'crypto:a:b', bar_interval: interval, close, currency: 'USD', _known_at: '2024-01-02' },
    bar_start: new Date(Date.UTC(2024, 0, 1) + minute * 60_000).toISOString(),
  })

  test('is the root of the squared returns of the day, from the finest bars, never over a hole', async () => {
    const closes = [100, 101, 100.5, 102, 101, 103, 104, 103.5]
    await lake.add(
      'gold.price_bars',
      closes.map((close, at) => bar('5m', 5 * at, close)),
    )
    await lake.add('gold.price_bars', [bar('5m', 100, 200), bar('1h', 0, 103.5), bar('1h', 60, 200)])
    for (const table of ['bars_daily', 'volatility']) await lake.derive(table)
    const squares = closes.slice(1).map((close, at) => Math.log(close / closes[at]!) ** 2)
    const rows = await lake.rows(`SELECT * FROM gold.volatility WHERE estimator = 'realised'`)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ observations: '7', coverage: 7 / 287, reason: null })
    expect(Number(rows[0]!['value'])).toBeCloseTo(Math.sqrt(squares.reduce((sum, x) => sum + x, 0) * 365), 12)
  })

  test('says when there are too few bars', async () => {
    await lake.add('gold.price_bars', [bar('5m', 0, 1), bar('5m', 5, 2)])
    for (const table of ['bars_daily', 'volatility']) await lake.derive(table)
    expect(await lake.rows('SELECT value, reason FROM gold.volatility')).toEqual([
      { value: null, reason: 'too_few_bars' },
    ])
  })
})
