import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, dayAfter, deriveRisk, type GoldLake, openGoldLake } from './gold-lake.js'

const ID = 'equity:a:b'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

/** 251 closes that rise a little every day, with others in some places. They end on 2020-09-07. */
function closes(others: Readonly<Record<number, string>> = {}): string[] {
  return Array.from({ length: 251 }, (_, at) => others[at] ?? (100 + at / 1000).toFixed(3))
}

const day = (at: number): string => dayAfter('2020-01-01', at)

async function derive(prices: readonly string[]): Promise<Record<string, unknown>[]> {
  await addDailyBars(lake, ID, prices)
  await lake.derive('returns_daily')
  await lake.derive('drawdowns')
  const rows =
    await lake.rows(`SELECT max_drawdown_loss AS loss, state, peak_date::VARCHAR AS peak, trough_date::VARCHAR AS trough,
    recovery_date::VARCHAR AS recovery, fall_days::INTEGER AS fall_days, drawdown_days::INTEGER AS drawdown_days,
    current_drawdown_loss AS current, high_date::VARCHAR AS high, current_drawdown_days::INTEGER AS current_days, reason
    FROM gold.drawdowns WHERE observations = 250 ORDER BY date`)
  return rows as Record<string, unknown>[]
}

describe('the deepest fall', () => {
  test('has a peak, a trough and a recovery', async () => {
    const [row] = await derive(
      closes({ 50: '120', 51: '110', 60: '90', 61: '100', 80: '119.999', 90: '120', 91: '130' }),
    )
    expect(row).toEqual({
      ...{
        loss: 0.25,
        state: 'recovered',
        peak: day(50),
        trough: day(60),
        recovery: day(90),
        fall_days: 10,
        drawdown_days: 40,
      },
      ...{ current: 1 - 100.25 / 130, high: day(91), current_days: 159, reason: null },
    })
  })

  test('that was not made good has no recovery yet, and lasts until today', async () => {
    const [row] = await derive(closes({ 240: '200' }))
    expect(row).toMatchObject({
      ...{ loss: 1 - 100.241 / 200, state: 'not_recovered', peak: day(240), trough: day(241), recovery: null },
      ...{ fall_days: 1, drawdown_days: 10, high: day(240), current: 1 - 100.25 / 200, current_days: 10 },
    })
  })

  test('is not recovered in a row before the day on which it is', async () => {
    const rows = await derive([...closes({ 240: '100.3' }), '100.299', '100.3', '100.31'])
    expect(rows.map(({ state, recovery, current_days }) => [state, recovery, current_days])).toEqual([
      ['not_recovered', null, 10],
      ['not_recovered', null, 11],
      ['recovered', day(252), 0],
      ['recovered', day(252), 0],
    ])
  })

  test('takes the newest of equal peaks and the oldest of equal troughs', async () => {
    const [row] = await derive(closes({ 20: '150', 30: '140', 40: '150', 70: '75', 77: '75', 78: '76', 200: '149' }))
    expect(row).toMatchObject({ loss: 0.5, peak: day(40), trough: day(70), state: 'not_recovered' })
  })

  test('of falls as deep is the oldest', async () => {
    const [row] = await derive(closes({ 20: '200', 21: '50', 120: '400', 124: '100', 126: '500', 251: '1' }))
    // 400 to 100 and 200 to 50, and 500 to 100.127 is deeper.
    expect(row).toMatchObject({ loss: 1 - 100.127 / 500, peak: day(126), trough: day(127) })
    await lake.engine.run('DELETE FROM silver.bars')
    const [other] = await derive(closes({ 20: '200', 21: '50', 120: '400', 124: '100', 125: '400' }))
    expect(other).toMatchObject({ loss: 0.75, peak: day(20), trough: day(21), recovery: day(120) })
  })

  test('may begin with the first close and end with the last', async () => {
    const [row] = await derive(Array.from({ length: 251 }, (_, at) => String(500 - at)))
    expect(row).toMatchObject({ loss: 0.5, peak: day(0), trough: day(250), fall_days: 250, current: 0.5, high: day(0) })
  })

  test('is none where no close is lower than one before', async () => {
    const [row] = await derive(closes())
    expect(row).toEqual({
      ...{ loss: 0, state: 'no_fall', peak: null, trough: null, recovery: null, fall_days: null, drawdown_days: null },
      ...{ current: 0, high: day(250), current_days: 0, reason: null },
    })
  })

  test('sees through splits, and its recovery too', async () => {
    const halved = (at: number, price: string): string => (at < 100 ? price : (Number(price) / 3).toFixed(6))
    await lake.add('silver.corporate_actions', [
      { instrument_id: ID, ex_date: day(100), action_type: 'split', ratio: 3, action_id: 'a', _known_at: '2020-01-01' },
    ])
    const prices = closes({ 50: '120', 60: '90', 110: '119.7', 120: '120', 121: '121' }).map((price, at) =>
      halved(at, price),
    )
    const [row] = await derive(prices)
    expect(row).toMatchObject({
      state: 'recovered',
      peak: day(50),
      trough: day(60),
      recovery: day(120),
      high: day(121),
    })
    expect(Number(row!['loss'])).toBeCloseTo(0.25, 12)
  })

  test('needs 251 closes that can be compared', async () => {
    await addDailyBars(lake, ID, ['-1', ...closes()])
    await lake.derive('returns_daily')
    await lake.derive('drawdowns')
    const rows = await lake.rows(
      'SELECT max_drawdown_loss, state, current_drawdown_loss, reason, observations::INTEGER AS n FROM gold.drawdowns ORDER BY date DESC LIMIT 3',
    )
    const none = { max_drawdown_loss: null, state: null, current_drawdown_loss: null }
    expect(rows.slice(1)).toEqual([
      { ...none, reason: 'non_positive_price', n: 250 },
      { ...none, reason: 'insufficient_history', n: 249 },
    ])
    expect(rows[0]).toMatchObject({ reason: null, state: 'no_fall' })
  })
})

/** The same as loops over closes, oldest first: places in them. */
function plain(prices: readonly number[]): {
  loss: number
  peak: number
  trough: number
  recovery: number
  high: number
} {
  let [loss, peak, trough, high] = [0, -1, -1, 0]
  for (const [at, price] of prices.entries()) {
    if (price >= prices[high]!) high = at
    const fall = 1 - price / prices[high]!
    if (fall > loss) [loss, peak, trough] = [fall, high, at]
  }
  return { loss, peak, trough, recovery: prices.findIndex((price, at) => at > trough && price >= prices[peak]!), high }
}

test('dates are those that a loop over the closes finds, equal closes and gaps among them', async () => {
  await lake.engine.run(`INSERT INTO silver.bars (instrument_id, bar_interval, event_time, close, currency, _known_at)
    SELECT 'i' || k, '1d', make_timestamptz(1577836800000000 + d * 86400000000), 20 + hash(d, k) % (10 + k * 40) + d // 100 * k, 'USD', TIMESTAMPTZ '2024-01-01'
    FROM range(900) AS days(d), range(4) AS instruments(k) WHERE hash(d, k, 5) % 10 < 9`)
  await lake.derive('returns_daily')
  await lake.derive('drawdowns')
  const rows = await lake.rows(
    `SELECT instrument_id, date::VARCHAR AS date, close::DOUBLE AS close, drawdowns.* EXCLUDE (instrument_id, date) REPLACE
       (peak_date::VARCHAR AS peak_date, trough_date::VARCHAR AS trough_date, recovery_date::VARCHAR AS recovery_date, high_date::VARCHAR AS high_date)
     FROM gold.drawdowns JOIN gold.returns_daily USING (instrument_id, date) ORDER BY instrument_id, date`,
  )
  let compared = 0
  for (const [at, row] of rows.entries()) {
    if (row['reason'] !== null) continue
    const window = rows.slice(at - 250, at + 1)
    const found = plain(window.map(({ close }) => Number(close)))
    const dateOf = (place: number): unknown => (place < 0 ? null : window[place]!['date'])
    expect(row).toMatchObject({
      ...{ max_drawdown_loss: found.loss, peak_date: dateOf(found.peak), trough_date: dateOf(found.trough) },
      ...{ recovery_date: dateOf(found.recovery), high_date: dateOf(found.high) },
    })
    compared += found.recovery >= 0 ? 1 : 0
  }
  expect(compared).toBeGreaterThan(500)
})

test('the deepest fall is the max_drawdown_loss of risk_metrics, to the bit, through splits and gaps', async () => {
  await lake.engine.run(`INSERT INTO silver.bars (instrument_id, bar_interval, event_time, close, currency, _known_at)
    SELECT 'i' || k, '1d', make_timestamptz(1577836800000000 + d * 86400000000),
      (100 + k + (hash(d, k) % 4000) / 1000.0 + d % 97)::DECIMAL(38,18) / CASE WHEN d >= 400 THEN 3 ELSE 1 END, 'USD', TIMESTAMPTZ '2024-01-01'
    FROM range(900) AS days(d), range(6) AS instruments(k) WHERE hash(d, k, 5) % 10 < 9`)
  await lake.engine.run(`INSERT INTO silver.corporate_actions (instrument_id, ex_date, action_type, ratio, action_id, _known_at)
    SELECT 'i' || k, DATE '2020-01-01' + d, 'split', r, 'x', TIMESTAMPTZ '2020-01-01' FROM range(3) AS t(k), (VALUES (400, 3), (530, 7), (531, 0.3)) AS v(d, r)`)
  await deriveRisk(lake)
  await lake.derive('drawdowns')
  const [row] = await lake.rows(`SELECT count(*)::INTEGER AS n, count(value)::INTEGER AS valued,
      count(*) FILTER (WHERE value IS DISTINCT FROM max_drawdown_loss OR metric.reason IS DISTINCT FROM drawdown.reason
        OR metric._known_at IS DISTINCT FROM drawdown._known_at OR metric.observations <> drawdown.observations)::INTEGER AS apart
    FROM (FROM gold.risk_metrics WHERE metric = 'max_drawdown_loss') AS metric FULL JOIN gold.drawdowns AS drawdown USING (instrument_id, date)`)
  expect(row).toMatchObject({ apart: 0 })
  expect(Number(row!['valued'])).toBeGreaterThan(3000)
})
