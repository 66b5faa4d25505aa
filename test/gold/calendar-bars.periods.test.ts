import { afterEach, describe, expect, test } from 'vitest'
import { type GoldLake, openGoldLake } from './gold-lake.js'

const INSTRUMENTS = `instrument_id,asset_class,currency,venue,calendar
equity:XNYS:A,equity,USD,XNYS,XNYS
equity:XPAR:P,equity,EUR,XPAR,XPAR
future:CMES:F,future,USD,CMES,CMES
crypto:x:b,crypto,USD,,24/7
crypto:x:n,crypto,USD,,`

let lake: GoldLake
afterEach(() => lake.close())

type Trade = readonly [time: string, price: number, size?: number]

async function open(trades: readonly Trade[], instrument = 'equity:XNYS:A'): Promise<void> {
  lake = await openGoldLake(2, { instruments: INSTRUMENTS })
  await add(trades, instrument)
}

let events = 0
async function add(trades: readonly Trade[], instrument: string): Promise<void> {
  await lake.add(
    'silver.market_events',
    trades.map(([event_time, price, size = 1]) => ({
      ...{ event_id: `e${events++}`, instrument_id: instrument, event_type: 'trade', currency: 'USD' },
      ...{ event_time: `${event_time}Z`, price, size, _known_at: `${event_time}Z` },
    })),
  )
}

async function published(interval: string, event_time: string, bar: Readonly<Record<string, number>>): Promise<void> {
  const row = { instrument_id: 'equity:XNYS:A', bar_interval: interval, event_time: `${event_time}Z`, currency: 'USD' }
  await lake.add('silver.bars', [{ ...row, ...bar, _known_at: `${event_time}Z` }])
}

const flat = (price: number): Record<string, number> => ({
  open: price,
  high: price,
  low: price,
  close: price,
  volume: 1,
})

/** Rows as texts of the columns that are asked for. */
async function bars(columns: string, where: string): Promise<string[]> {
  for (const table of ['price_bars', 'bars_daily', 'calendar_bars']) await lake.derive(table)
  const rows = await lake.rows(
    `SELECT concat_ws(' ', ${columns
      .split(', ')
      .map(column => `coalesce(${column === 'vwap' ? 'vwap::DECIMAL(38, 6)' : column}::VARCHAR, '-')`)
      .join(
        ', ',
      )}) AS line FROM gold.calendar_bars WHERE ${where} ORDER BY instrument_id, bar_calendar, bar_interval, date`,
  )
  return rows.map(row =>
    String(row['line'])
      .replaceAll(/(\.\d*?)0+(?= |$)/g, '$1')
      .replaceAll(/\.(?= |$)/g, ''),
  )
}

const OHLC = 'date, open, high, low, close, volume, trades'

describe('the bar of a session', () => {
  test('has all trades from open to close, and none before the open or from the close on', async () => {
    await open([
      ['2024-07-02 13:29:59.999999', 1],
      ['2024-07-02 13:30:00', 100, 2],
      ['2024-07-02 13:44:00', 103],
      ['2024-07-02 15:00:00', 90],
      ['2024-07-02 19:59:59.9', 101, 6],
      ['2024-07-02 20:00:00', 999],
    ])
    expect(await bars(`${OHLC}, vwap, days, expected_days`, `bar_interval = '1d'`)).toEqual([
      '2024-07-02 100 103 90 101 10 4 99.9 1 1',
    ])
    expect(await bars('bar_start, bar_end', `bar_interval = '1d'`)).toEqual([
      '2024-07-02 13:30:00+00 2024-07-02 20:00:00+00',
    ])
  })

  test('ends early on half days, between two full hours too, and moves with summer time', async () => {
    // New York closed at 13:00 on 3 July 2024; Paris closes at 14:05 on Christmas Eve.
    await open([
      ['2024-07-03 16:59:59', 10],
      ['2024-07-03 17:00:00', 11],
      ['2024-11-04 14:29:59', 12],
      ['2024-11-04 14:30:00', 13],
    ])
    await add(
      [
        ['2024-12-24 13:00:00', 20],
        ['2024-12-24 13:04:59', 21],
        ['2024-12-24 13:05:00', 22],
      ],
      'equity:XPAR:P',
    )
    expect(await bars('date, open, close, bar_end', `bar_interval = '1d'`)).toEqual([
      '2024-07-03 10 10 2024-07-03 17:00:00+00',
      '2024-11-04 13 13 2024-11-04 21:00:00+00',
      '2024-12-24 20 21 2024-12-24 13:05:00+00',
    ])
  })

  test('has the date of the session where that begins on the day before', async () => {
    // Chicago opens on Sunday at 17:00 for Monday, the first of the month.
    await open(
      [
        ['2024-06-30 21:59:59', 1],
        ['2024-06-30 22:00:00', 50],
        ['2024-07-01 10:00:00', 60],
        ['2024-07-01 22:30:00', 70],
      ],
      'future:CMES:F',
    )
    expect(await bars('bar_interval, date, open, close, bar_start', `bar_calendar = 'CMES'`)).toEqual([
      '1d 2024-07-01 50 60 2024-06-30 22:00:00+00',
      '1d 2024-07-02 70 70 2024-07-01 22:00:00+00',
      '1mo 2024-07-01 50 70 2024-06-30 22:00:00+00',
      '1w 2024-07-01 50 70 2024-06-30 22:00:00+00',
    ])
    expect(await bars('bar_interval, date, open, close', `bar_calendar = 'UTC' AND bar_interval = '1mo'`)).toEqual([
      '1mo 2024-06-01 1 50',
      '1mo 2024-07-01 60 70',
    ])
  })

  test('is not there on holidays, nor for an instrument without a calendar', async () => {
    await open([['2024-07-04 15:00:00', 5]])
    await add([['2024-07-04 15:00:00', 6]], 'crypto:x:n')
    expect(await bars('instrument_id, bar_calendar, bar_interval, date, open', 'true')).toEqual([
      'crypto:x:n UTC 1mo 2024-07-01 6',
      'crypto:x:n UTC 1w 2024-07-01 6',
      'equity:XNYS:A UTC 1mo 2024-07-01 5',
      'equity:XNYS:A UTC 1w 2024-07-01 5',
    ])
  })

  test('of a market that never closes is that of the UTC day', async () => {
    await open([], 'crypto:x:b')
    const day = Date.UTC(2024, 1, 27)
    await add(
      Array.from({ length: 60 }, (_, at) => {
        const time = new Date(day + at * 5_000_000).toISOString().slice(0, 19)
        return [time.replace('T', ' '), 100 + ((at * 37) % 11), 1 + (at % 3)] as const
      }),
      'crypto:x:b',
    )
    const sessions = await bars(`${OHLC}, _known_at`, `bar_calendar = '24/7' AND bar_interval = '1d'`)
    const days = await lake.rows(`SELECT bar_start::DATE AS date, open, high, low, close, volume, trades, _known_at
      FROM gold.price_bars WHERE bar_interval = '1d' ORDER BY bar_start`)
    const lines = days.map(row =>
      Object.values(row)
        .join(' ')
        .replaceAll(/(\.\d*?)0+(?= |$)/g, '$1'),
    )
    expect(sessions).toEqual(lines.map(line => line.replaceAll(/\.(?= |$)/g, '')))
    expect(sessions).toHaveLength(4)
  })

  test('is formed from published hours, those that begin at the open too', async () => {
    await open([])
    await published('1h', '2024-07-02 13:30:00', flat(10))
    await published('1h', '2024-07-02 18:30:00', flat(12))
    await published('1h', '2024-07-02 19:30:00', flat(11))
    expect(await bars(OHLC, `bar_interval = '1d'`)).toEqual(['2024-07-02 10 12 10 11 3 -'])
  })

  test('is not formed where a published hour leads into it, unless bars of 5 minutes divide that', async () => {
    await open([])
    await published('1h', '2024-07-02 13:00:00', flat(10))
    await published('1h', '2024-07-02 14:00:00', flat(11))
    await published('1h', '2024-07-03 13:00:00', flat(12))
    await published('5m', '2024-07-03 13:35:00', flat(13))
    await published('1h', '2024-07-03 14:00:00', flat(14))
    expect(await bars(OHLC, `bar_interval = '1d'`)).toEqual(['2024-07-03 13 14 13 14 2 -'])
    expect(await bars('bar_calendar, days', `bar_interval = '1w'`)).toEqual(['UTC 2', 'XNYS 1'])
  })

  test('gives way to one that a provider published, which the week takes', async () => {
    await open([['2024-07-02 15:00:00', 1]])
    await published('1d', '2024-07-02 00:00:00', { open: 5, high: 9, low: 4, close: 6, volume: 7 })
    expect(await bars('bar_interval, open, high, low, close, volume, trades', `bar_calendar = 'XNYS'`)).toEqual([
      '1mo 5 9 4 6 7 -',
      '1w 5 9 4 6 7 -',
    ])
  })
})

describe('weeks and months', () => {
  const daily = async (days: readonly (readonly [string, number])[]): Promise<void> => {
    await open([])
    for (const [date, price] of days) await published('1d', `${date} 00:00:00`, { ...flat(price), quote_volume: price })
  }

  test('are from Monday and from the first, of published days alone too, over the turn of a year', async () => {
    await daily([
      ['2024-12-27', 1],
      ['2024-12-30', 7],
      ['2024-12-31', 2],
      ['2025-01-02', 5],
      ['2025-01-03', 3],
      ['2025-01-06', 9],
    ])
    expect(
      await bars(
        'bar_interval, date, open, high, low, close, vwap, first_date, last_date, days, expected_days',
        `bar_calendar = 'XNYS'`,
      ),
    ).toEqual([
      '1mo 2024-12-01 1 7 1 2 3.333333 2024-12-27 2024-12-31 3 21',
      '1mo 2025-01-01 5 9 3 9 5.666667 2025-01-02 2025-01-06 3 20',
      '1w 2024-12-23 1 1 1 1 1 2024-12-27 2024-12-27 1 4',
      '1w 2024-12-30 7 7 2 3 4.25 2024-12-30 2025-01-03 4 4',
      '1w 2025-01-06 9 9 9 9 9 2025-01-06 2025-01-06 1 4',
    ])
    expect(
      await bars(
        'bar_interval, date, bar_start, bar_end, expected_days',
        `bar_calendar = 'UTC' AND date >= '2024-12-30'`,
      ),
    ).toEqual([
      '1mo 2025-01-01 2025-01-01 00:00:00+00 2025-02-01 00:00:00+00 31',
      '1w 2024-12-30 2024-12-30 00:00:00+00 2025-01-06 00:00:00+00 7',
      '1w 2025-01-06 2025-01-06 00:00:00+00 2025-01-13 00:00:00+00 7',
    ])
    expect(
      await bars('date, bar_start, bar_end', `bar_calendar = 'XNYS' AND bar_interval = '1w' AND date = '2024-12-30'`),
    ).toEqual(['2024-12-30 2024-12-30 14:30:00+00 2025-01-03 21:00:00+00'])
  })

  test('of sessions leave out a day that is none', async () => {
    await daily([
      ['2024-07-03', 1],
      ['2024-07-04', 50],
      ['2024-07-05', 2],
    ])
    expect(await bars('bar_calendar, high, days', `bar_interval = '1w'`)).toEqual(['UTC 50 3', 'XNYS 2 2'])
  })

  test('do not know a volume that one of their days does not state, and are known when the last of them is', async () => {
    await open([['2024-07-02 15:00:00', 10, 4]])
    await published('1d', '2024-07-03 00:00:00', { open: 11, high: 11, low: 11, close: 11 })
    expect(await bars('volume, trades, vwap, _known_at', `bar_calendar = 'UTC' AND bar_interval = '1w'`)).toEqual([
      '- - - 2024-07-03 00:00:00+00',
    ])
  })

  test('take of two daily bars of one day the one that begins last, as returns_daily does', async () => {
    await daily([
      ['2024-07-01', 10],
      ['2024-07-02', 20],
    ])
    await published('1d', '2024-07-02 13:30:00', flat(30))
    expect(await bars('bar_calendar, high, close, volume, days', `bar_interval = '1w'`)).toEqual([
      'UTC 30 30 2 2',
      'XNYS 30 30 2 2',
    ])
  })

  test('average over days on which nothing was traded', async () => {
    await daily([
      ['2024-07-01', 10],
      ['2024-07-02', 20],
    ])
    await published('1d', '2024-07-03 00:00:00', { open: 12, high: 12, low: 12, close: 12, volume: 0 })
    expect(await bars('volume, vwap', `bar_calendar = 'UTC' AND bar_interval = '1w'`)).toEqual(['2 15'])
  })
})
