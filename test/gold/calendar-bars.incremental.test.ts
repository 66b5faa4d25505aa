import { expect, test } from 'vitest'
import { openGoldLake } from './gold-lake.js'
import { expectSlicesEqual } from './slices.js'

const DAY = 86_400_000
const FIRST = Date.UTC(2023, 10, 1)
const INSTRUMENTS = `instrument_id,asset_class,currency,calendar
equity:i:0,equity,USD,XNYS
equity:i:1,equity,JPY,XTKS
equity:i:2,equity,USD,CMES
equity:i:3,equity,EUR,`

/** Trades of four instruments around the clock, with days without any, and some published bars of days and hours. */
const history = (seed: number): string => `
  INSERT INTO silver.market_events (event_id, instrument_id, event_type, event_time, price, size, currency, _known_at)
    SELECT n, 'equity:i:' || i, 'trade', moment, (50 + hash(n, ${seed}) % 1000 / 10)::DECIMAL(38,18), (hash(n, 2) % 7 / 4)::DECIMAL(38,18), 'USD',
      moment + INTERVAL 1 HOUR
    FROM (SELECT n, hash(n, ${seed}, 5) % 4 AS i, make_timestamptz(${FIRST}000 + (hash(n, ${seed}, 9) % (200 * ${DAY}000::UBIGINT))::BIGINT) AS moment
      FROM range(3000) AS t(n)
      -- Chicago has opened by then, for the next date.
      UNION ALL SELECT 5000 + d, 2, make_timestamptz(${FIRST}000 + d * ${DAY}000 + 84600000000) FROM range(200) AS t(d));
  INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, volume, currency, _known_at)
    SELECT 'equity:i:' || d % 3, CASE WHEN d % 2 = 0 THEN '1d' ELSE '1h' END,
      make_timestamptz(${FIRST}000 + d * ${DAY}000 + CASE WHEN d % 2 = 0 THEN 0 ELSE (hash(d, 3) % 24)::BIGINT * 3600000000 END),
      p, p + 2, p - 2, p + 1, d % 5, 'USD', make_timestamptz(${FIRST}000 + (d + 3) * ${DAY}000)
    FROM (SELECT d, (60 + hash(d, ${seed}) % 500 / 10)::DECIMAL(38,18) AS p FROM range(200) AS t(d) WHERE hash(d, ${seed}) % 3 = 0)`

/** Days whose rows need all that they may: the first of a month of 31 days, and a Monday whose session begins on Sunday. */
const touched = ['2023-12-01', '2024-04-01'].map(date => ({ start: Date.parse(date), end: Date.parse(date) + 1 }))

test.each([1, 2])(
  'bars of periods formed slice by slice are those formed at once, to the bit: history %i',
  async seed => {
    const found: unknown[] = []
    for (const threads of [1, 2]) {
      const lake = await openGoldLake(threads, { instruments: INSTRUMENTS })
      try {
        await lake.engine.run(history(seed))
        for (const table of ['price_bars', 'bars_daily']) await lake.derive(table)
        const inputs = { 'gold.price_bars': 'bar_start', 'gold.bars_daily': 'date', 'silver.bars': 'event_time' }
        found.push(await expectSlicesEqual(lake, 'calendar_bars', inputs, touched, 'day'))
        const kinds = await lake.rows('SELECT DISTINCT bar_calendar, bar_interval FROM work.at_once')
        expect(kinds).toHaveLength(3 * 3 + 2)
      } finally {
        lake.close()
      }
    }
    expect(found[0]).toEqual(found[1])
  },
)
