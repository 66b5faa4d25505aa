import { afterEach, beforeEach, expect, test } from 'vitest'
import { type GoldLake, openGoldLake } from './gold-lake.js'
import { expectSlicesEqual } from './slices.js'

const DAY = 86_400_000
const FIRST = Date.UTC(2024, 0, 1)

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

/** Bars of two instruments: one has formed bars of 5 minutes, hours and days, the other hours that a provider published, and days beside them. */
const HISTORY = `
  INSERT INTO gold.price_bars (instrument_id, bar_interval, bar_start, open, high, low, close, currency, _known_at)
    SELECT 'crypto:a:b', kind, moment, p, p + 1, p - 1, p, 'USD', moment + INTERVAL 1 DAY
    FROM (VALUES ('5m', 300), ('1h', 3600), ('1d', 86400)) AS kinds(kind, seconds), range(3 * 288) AS slots(n),
      (SELECT make_timestamptz((${FIRST}000 + n * seconds * 1000000)::BIGINT) AS moment, (100 + hash(n, kind) % 50)::DECIMAL(38,18) AS p)
    WHERE n * seconds < 3 * 86400 AND (kind = '1d' OR hash(n) % 5 > 0);
  INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, currency, _known_at)
    SELECT 'equity:c:d', kind, moment, p, p, p, p, 'USD', moment + INTERVAL 2 DAY
    FROM (VALUES ('1h', 3600), ('1d', 86400)) AS kinds(kind, seconds), range(72) AS slots(n),
      (SELECT make_timestamptz((${FIRST}000 + n * seconds * 1000000)::BIGINT) AS moment, (10 + hash(n, 7) % 5)::DECIMAL(38,18) AS p)
    WHERE n * seconds < 3 * 86400 AND (kind = '1d' OR n < 48)`

test('has the formed bar of a day, and the variance of its finest bars, each with when it was known', async () => {
  await lake.engine.run(HISTORY)
  await lake.derive('bars_daily')
  const rows =
    await lake.rows(`SELECT instrument_id || ' ' || date AS day, close IS NULL AS is_bare, realised_minutes::INTEGER AS minutes,
      bar_known_at = date + INTERVAL 1 DAY AS bar, realised_variance > 0 AS moves, _known_at::VARCHAR AS known
    FROM gold.bars_daily ORDER BY ALL`)
  const formed = { is_bare: false, minutes: 5, bar: true, moves: true }
  const published = { is_bare: true, minutes: 60, bar: null, moves: true }
  // Known with the last of its bars; the third day of the published ones has nothing but a bar of the day.
  expect(rows).toMatchObject([
    { day: 'crypto:a:b 2024-01-01', ...formed },
    { day: 'crypto:a:b 2024-01-02', ...formed },
    { day: 'crypto:a:b 2024-01-03', ...formed },
    { day: 'equity:c:d 2024-01-01', ...published, known: '2024-01-03 23:00:00+00' },
    { day: 'equity:c:d 2024-01-02', ...published, known: '2024-01-04 23:00:00+00' },
  ])
})

test('a day needs no row of another one', async () => {
  await lake.engine.run(HISTORY)
  const touched = [0, 2].map(day => ({ start: FIRST + day * DAY, end: FIRST + day * DAY + 1 }))
  const inputs = { 'gold.price_bars': 'bar_start', 'silver.bars': 'event_time' }
  expect(await expectSlicesEqual(lake, 'bars_daily', inputs, touched, 'day')).toHaveLength(3)
})
