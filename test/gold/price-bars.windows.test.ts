import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

interface Event {
  readonly id: string
  readonly time: string
  readonly price: string
  readonly size?: string
  readonly type?: string
  readonly instrument?: string
  readonly currency?: string
}

async function addEvents(events: readonly Event[]): Promise<void> {
  const values = events.map(({ id, time, price, size = '1', type = 'trade', instrument = 'a', currency = 'USD' }) => {
    const texts = [id, instrument, type, time, price, size, currency]
    return `(${texts.map(text => `'${text}'`).join(', ')})`
  })
  await lake.engine.run(`INSERT INTO silver.market_events (event_id, instrument_id, event_type, event_time, price, size, currency, _known_at)
    SELECT a, b, c, d::TIMESTAMPTZ, e, f, g, d::TIMESTAMPTZ + INTERVAL 1 SECOND FROM (VALUES ${values.join(', ')}) AS v(a, b, c, d, e, f, g)`)
}

async function addBar(interval: string, time: string, bar: Readonly<Record<string, string | null>>): Promise<void> {
  const text = (value: string | null | undefined): string => (value == null ? 'NULL' : `'${value}'`)
  const figures = ['open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trades'].map(name => text(bar[name]))
  await lake.engine.run(
    `INSERT INTO silver.bars (instrument_id, bar_interval, event_time, open, high, low, close, volume, quote_volume, trades, currency, _known_at) VALUES ('a', '${interval}', '${time}', ${figures.join(', ')}, 'USD', '2026-01-09')`,
  )
}

async function bars(
  interval: string,
  columns = 'bar_start, open, high, low, close, vwap, volume, trades',
): Promise<unknown[]> {
  await lake.derive('price_bars')
  const rows = await lake.rows(
    `SELECT ${columns} FROM gold.price_bars WHERE bar_interval = '${interval}' ORDER BY instrument_id, bar_start`,
  )
  return rows.map(row =>
    Object.values(row)
      .map(value => short(String(value)))
      .join(' '),
  )
}

/** Without the zeros that say nothing. */
function short(text: string): string {
  return text
    .replace(/^(-?\d+)\.(\d*?)0+$/, '$1.$2')
    .replace(/\.$/, '')
    .replace(/ 00:00:00\+00$/, '')
}

describe('price_bars', () => {
  test('forms half-open minutes: a trade on the full minute opens the next one', async () => {
    await addEvents([
      { id: '1', time: '2026-01-05 10:00:00', price: '100', size: '2' },
      { id: '2', time: '2026-01-05 10:00:59.999999', price: '104', size: '6' },
      { id: '3', time: '2026-01-05 10:01:00', price: '90' },
    ])
    expect(await bars('1m', 'epoch(bar_start)::BIGINT % 3600, open, high, low, close, vwap, volume, trades')).toEqual([
      '0 100 104 100 104 103 8 2',
      '60 90 90 90 90 90 1 1',
    ])
    expect(await bars('1d', 'open, high, low, close, round(vwap, 6), volume, trades')).toEqual([
      '100 104 90 90 101.555556 9 3',
    ])
  })

  test('opens and closes by event id where times are equal, whatever the order of arrival', async () => {
    const events = ['b', 'a', 'd', 'c'].map((id, i) => ({ id, time: '2026-01-05 10:00:00', price: String(10 + i) }))
    await addEvents(events)
    expect(await bars('1h', 'open, close')).toEqual(['11 12'])
  })

  test('takes prices from price events, volume and trades from trades, and nothing from quotes', async () => {
    await addEvents([
      { id: '1', time: '2026-01-05 10:00:00', price: '100', size: '7', type: 'price' },
      { id: '2', time: '2026-01-05 10:00:01', price: '101', size: '3' },
      { id: '3', time: '2026-01-05 10:00:02', price: '999', type: 'quote' },
      { id: '4', time: '2026-01-05 10:05:00', price: '102', type: 'price' },
    ])
    expect(await bars('5m', 'open, close, vwap, volume, trades')).toEqual(['100 101 101 3 1', '102 102 null 0 0'])
  })

  test('keeps windows before 1970 and across midnight in place', async () => {
    await addEvents([
      { id: '1', time: '1969-12-31 23:59:59.5', price: '1' },
      { id: '2', time: '1970-01-01 00:00:00', price: '2' },
    ])
    expect(await bars('1d', 'bar_start, open')).toEqual(['1969-12-31 1', '1970-01-01 2'])
    expect(await bars('5m', "strftime(bar_start, '%Y %H:%M')")).toEqual(['1969 23:55', '1970 00:00'])
  })

  test('forms hours and days from published minutes, and does not repeat the minutes', async () => {
    await addBar('1m', '2026-01-05 10:00', {
      open: '10',
      high: '12',
      low: '9',
      close: '11',
      volume: '2',
      quote_volume: '21',
      trades: '5',
    })
    await addBar('1m', '2026-01-05 10:59', {
      open: '11',
      high: '15',
      low: '11',
      close: '14',
      volume: '2',
      quote_volume: '25',
      trades: '7',
    })
    expect(await bars('1m')).toEqual([])
    expect(await bars('1h', 'open, high, low, close, vwap, volume, trades, _known_at')).toEqual([
      '10 15 9 14 11.5 4 12 2026-01-09',
    ])
    expect(await bars('1d', 'open, high, low, close, vwap, volume, trades')).toEqual(['10 15 9 14 11.5 4 12'])
  })

  test('lets a published bar replace the formed one of its window, and forms coarser windows from it', async () => {
    await addEvents([
      { id: '1', time: '2026-01-05 10:00:10', price: '50' },
      { id: '2', time: '2026-01-05 11:00:10', price: '60' },
    ])
    await addBar('1h', '2026-01-05 10:00', { open: '51', high: '55', low: '49', close: '52', volume: '9' })
    expect(await bars('1h', 'open')).toEqual(['60'])
    expect(await bars('1d', 'open, high, low, close, volume, trades, vwap')).toEqual(['51 60 49 60 10 null null'])
    await addBar('1d', '2026-01-05', { open: '1', high: '1', low: '1', close: '1' })
    expect(await bars('1d')).toEqual([])
  })

  test('gives no average price when the turnover is in another unit than the prices', async () => {
    await addBar('1m', '2026-01-05 10:00', {
      open: '10',
      high: '12',
      low: '9',
      close: '11',
      volume: '2',
      quote_volume: '0.2',
    })
    expect(await bars('1h', 'vwap, volume')).toEqual(['null 2'])
  })

  test('names no currency when a window mixes two', async () => {
    await addEvents([
      { id: '1', time: '2026-01-05 10:00:10', price: '50' },
      { id: '2', time: '2026-01-05 10:06:10', price: '60', currency: 'EUR' },
    ])
    expect(await bars('5m', 'currency')).toEqual(['USD', 'EUR'])
    expect(await bars('1h', 'currency')).toEqual(['null'])
  })

  test('survives sizes and prices at the ends of their range', async () => {
    await addEvents([
      { id: '1', time: '2026-01-05 10:00:10', price: '99999999999999999999', size: '0.000000000000000001' },
      { id: '2', time: '2026-01-05 10:00:11', price: '-99999999999999999999', size: '99999999999999999999' },
      { id: '3', time: '2026-01-05 10:00:12', price: '0.000000000000000001', size: '0' },
    ])
    expect(await bars('1m', 'trades, vwap')).toEqual(['3 null'])
  })

  test('agrees in every coarser window with the events themselves', async () => {
    const event = fc.record({
      second: fc.integer({ min: -200_000, max: 200_000 }),
      cents: fc.integer({ min: 1, max: 1_000_000 }),
      size: fc.integer({ min: 0, max: 1000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 200 }), async events => {
        await lake.engine.run('DELETE FROM silver.market_events')
        await addEvents(
          events.map(({ second, cents, size }, i) => ({
            id: String(i).padStart(4, '0'),
            time: new Date(second * 1000).toISOString(),
            price: (cents / 100).toFixed(2),
            size: String(size),
          })),
        )
        await lake.derive('price_bars')
        for (const [interval, width] of [
          ['1m', '1 minute'],
          ['5m', '5 minutes'],
          ['1h', '1 hour'],
          ['1d', '1 day'],
        ] as const) {
          const straight = `SELECT time_bucket(INTERVAL '${width}', event_time::TIMESTAMP)::TIMESTAMPTZ AS bar_start,
            first(price ORDER BY event_time, event_id) AS open, max(price) AS high, min(price) AS low,
            last(price ORDER BY event_time, event_id) AS close, sum(size) AS volume, count(*) AS trades,
            min(event_time) AS a, max(event_time) AS b, max(_known_at) AS known FROM silver.market_events GROUP BY 1`
          const formed = `SELECT bar_start, open, high, low, close, volume, trades, first_event_time, last_event_time, _known_at
            FROM gold.price_bars WHERE bar_interval = '${interval}'`
          expect(await lake.rows(`(${straight}) EXCEPT (${formed})`)).toEqual([])
          expect(await lake.rows(`(${formed}) EXCEPT (${straight})`)).toEqual([])
          const [off] = await lake.rows(`SELECT count(*) AS n FROM gold.price_bars AS bar JOIN (
              SELECT time_bucket(INTERVAL '${width}', event_time::TIMESTAMP)::TIMESTAMPTZ AS bar_start,
                sum(price::DOUBLE * size::DOUBLE) / nullif(sum(size::DOUBLE), 0) AS expected FROM silver.market_events GROUP BY 1
            ) USING (bar_start) WHERE bar_interval = '${interval}' AND
              ((vwap IS NULL) <> (expected IS NULL) OR vwap NOT BETWEEN low AND high OR abs(vwap::DOUBLE / expected - 1) > 1e-13)`)
          expect(off).toEqual({ n: '0' })
        }
      }),
      { numRuns: 10 },
    )
  })
})
