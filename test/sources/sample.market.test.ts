import { afterAll, beforeAll, expect, test } from 'vitest'
import { SAMPLE_INSTRUMENTS } from '../../src/sources/sample/sample-instruments.js'
import { openSampleBench, type SampleBench } from './sample.bench.js'

const BARS = `bars AS (
  SELECT record->>'instrument_id' AS instrument_id, (record->>'event_time')::TIMESTAMP AS event_time,
    try_cast(record->>'open' AS DECIMAL(18, 6)) AS open, try_cast(record->>'high' AS DECIMAL(18, 6)) AS high,
    try_cast(record->>'low' AS DECIMAL(18, 6)) AS low, try_cast(record->>'close' AS DECIMAL(18, 6)) AS close,
    try_cast(record->>'volume' AS DECIMAL(18, 0)) AS volume
  FROM lines WHERE record IS NOT NULL)`

let bench: SampleBench
beforeAll(async () => {
  bench = await openSampleBench(2)
})
afterAll(() => bench.close())

test('the sample has two years of bars and three days of events', async () => {
  expect((await bench.body('bars')).toString().split('\n').length - 1).toBe(4814)
  expect((await bench.body('events')).toString().split('\n').length - 1).toBe(8630)
})

test('bars are coherent except for the planted ones', async () => {
  const incoherent = await bench.query(
    'bars',
    `WITH ${BARS} SELECT instrument_id, strftime(event_time, '%Y-%m-%d') AS day FROM bars
      WHERE NOT coalesce(low > 0 AND low <= open AND low <= close AND high >= open AND high >= close, false)
      ORDER BY day`,
  )
  expect(incoherent).toEqual([
    { instrument_id: 'equity:XNYS:ACME', day: '2024-05-14' },
    { instrument_id: 'equity:XWAR:SLU', day: '2024-09-18' },
    { instrument_id: 'crypto:coingecko:solana', day: '2025-02-03' },
    { instrument_id: 'etf:XETR:WRLD', day: '2025-03-11' },
  ])
})

test('crypto has a bar on every day, the others on weekdays only', async () => {
  const days = await bench.query(
    'bars',
    `WITH ${BARS} SELECT instrument_id, count(DISTINCT event_time)::INTEGER AS days,
        count_if(isodow(event_time) > 5)::INTEGER AS weekend
      FROM bars WHERE instrument_id NOT LIKE '%unlisted' GROUP BY 1 ORDER BY 1`,
  )
  for (const { instrument_id, days: count, weekend } of days) {
    if (String(instrument_id).startsWith('crypto:')) expect(count).toBe(731)
    else expect([weekend, count]).toEqual([0, instrument_id === 'etf:XETR:WRLD' ? 522 : 523])
  }
  expect(days.map(row => row['instrument_id'])).toEqual(SAMPLE_INSTRUMENTS.map(row => row.instrumentId))
})

test('daily volatility is what each instrument declares, within a fifth', async () => {
  const measured = await bench.query(
    'bars',
    `WITH ${BARS}, returns AS (
        SELECT instrument_id, ln(close::DOUBLE / lag(close::DOUBLE) OVER (PARTITION BY instrument_id ORDER BY event_time)) AS move
        FROM bars WHERE close > 0)
      SELECT instrument_id, stddev_samp(move) AS volatility FROM returns GROUP BY 1`,
  )
  const byId = new Map(measured.map(row => [row['instrument_id'], Number(row['volatility'])]))
  for (const { instrumentId, volatility } of SAMPLE_INSTRUMENTS) {
    expect(Math.abs(byId.get(instrumentId)! / volatility - 1), instrumentId).toBeLessThan(0.2)
  }
})

test('instruments of one factor move together and the others do not', async () => {
  const [row] = await bench.query(
    'bars',
    `WITH ${BARS}, moves AS (
        SELECT instrument_id, event_time, ln(close::DOUBLE / open::DOUBLE) AS move FROM bars WHERE close > 0),
      wide AS (PIVOT moves ON instrument_id USING any_value(move) GROUP BY event_time)
      SELECT corr("crypto:coingecko:bitcoin", "crypto:coingecko:ethereum") AS same,
        corr("crypto:coingecko:bitcoin", "equity:XNYS:ACME") AS other FROM wide`,
  )
  expect(Number(row!['same'])).toBeGreaterThan(0.35)
  expect(Math.abs(Number(row!['other']))).toBeLessThan(0.15)
})

test('trades lie within the bar of their day, or outside it by less than its height', async () => {
  const bars = await bench.query('bars', `WITH ${BARS} SELECT * FROM bars WHERE event_time >= '2025-12-29'`)
  const range = new Map(bars.map(bar => [`${bar['instrument_id']} ${String(bar['event_time']).slice(0, 10)}`, bar]))
  const trades = await bench.query(
    'events',
    `SELECT record->>'instrument_id' AS instrument_id, left(record->>'event_time', 10) AS day,
        min(try_cast((record->>'price') AS DOUBLE)) AS lowest, max(try_cast((record->>'price') AS DOUBLE)) AS highest
      FROM lines WHERE try_cast((record->>'price') AS DOUBLE) > 0
        AND NOT ends_with(record->>'event_id', 'unlisted') AND NOT ends_with(record->>'event_id', 'late')
      GROUP BY ALL`,
  )
  expect(trades).toHaveLength(24)
  for (const { instrument_id, day, lowest, highest } of trades) {
    const bar = range.get(`${instrument_id} ${day}`)!
    const reach = Number(bar['high']) / Number(bar['low']) - 1
    expect(Number(lowest)).toBeGreaterThan(Number(bar['low']) * (1 - reach))
    expect(Number(highest)).toBeLessThan(Number(bar['high']) * (1 + reach))
  }
})

test('a trade has price, size and side, a quote has bid below ask', async () => {
  const shapes = await bench.query(
    'events',
    `SELECT DISTINCT record->>'event_type' AS type, (record->>'side') IN ('buy', 'sell') AS sided,
        (record->>'size')::DOUBLE > 0 AS sized, (record->>'price') IS NOT NULL AS priced,
        (record->>'bid')::DOUBLE < (record->>'ask')::DOUBLE AS spread
      FROM lines WHERE record IS NOT NULL ORDER BY 1`,
  )
  expect(shapes).toEqual([
    { type: 'quote', sided: null, sized: null, priced: false, spread: true },
    { type: 'trade', sided: true, sized: true, priced: true, spread: null },
  ])
})
