import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addDailyBars, type GoldLake, openGoldLake } from './gold-lake.js'

const INSTRUMENTS = `instrument_id,calendar
equity:XNYS:ACME,XNYS
equity:XLON:TEA,XLON
`

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake(2, { instruments: INSTRUMENTS })
})
afterEach(() => lake.close())

const ACME = 'equity:XNYS:ACME'
const KNOWN = '2024-01-01T00:00:00Z'

async function newest(): Promise<Record<string, unknown>> {
  await lake.derive('returns_daily')
  const [row] = await lake.rows('SELECT * FROM gold.returns_daily ORDER BY date DESC LIMIT 1')
  return row!
}

const action = (rest: Record<string, string>) =>
  lake.add('silver.corporate_actions', [
    { instrument_id: ACME, ex_date: '2024-03-05', action_id: 'a', _known_at: KNOWN, currency: 'USD', ...rest },
  ])

describe('the return to a day', () => {
  test('is that of two closes, and crosses nothing over a weekend', async () => {
    await addDailyBars(lake, ACME, ['100', '110'], ['2024-03-01', '2024-03-04'])
    expect(await newest()).toMatchObject({
      ...{ simple_return: 0.1, log_return: Math.log(1.1), total_return: 0.1, crossed: null, reason: null },
      ...{ days: '3', sessions: '1', comparable_factor: 1, previous_close: '100.000000000000000000' },
      ...{ previous_date: '2024-03-01', basis: 'published' },
    })
  })

  test('of a 2:1 split counts shares as they are now, and says so', async () => {
    await addDailyBars(lake, ACME, ['100', '51'], ['2024-03-04', '2024-03-05'])
    await action({ action_type: 'split', ratio: '2' })
    const row = await newest()
    expect(row).toMatchObject({ crossed: 'split', comparable_factor: 0.5, close: '51.000000000000000000' })
    expect(row['simple_return']).toBeCloseTo(0.02, 12)
    expect(row['total_return']).toBe(row['simple_return'])
  })

  test('leaves a dividend to the total return', async () => {
    await addDailyBars(lake, ACME, ['100', '99'], ['2024-03-04', '2024-03-05'])
    await action({ action_type: 'cash_dividend', amount: '1.5' })
    await action({ action_type: 'special_dividend', amount: '0.5', action_id: 'b' })
    const row = await newest()
    expect(row).toMatchObject({ crossed: 'distribution', simple_return: -0.01 })
    expect(row['total_return']).toBeCloseTo(99 / 98 - 1, 12)
  })

  test('counts an action of a holiday to the close after it, once', async () => {
    await addDailyBars(lake, ACME, ['100', '50', '50'], ['2024-03-01', '2024-03-06', '2024-03-07'])
    await action({ action_type: 'split', ratio: '2' })
    await lake.derive('returns_daily')
    const rows = await lake.rows('SELECT date, crossed, simple_return FROM gold.returns_daily ORDER BY date')
    expect(rows.map(row => [row['crossed'], row['simple_return']])).toEqual([
      [null, null],
      ['split,gap', 0],
      [null, 0],
    ])
  })

  test('forgets a cancelled split, known when it was cancelled', async () => {
    await addDailyBars(lake, ACME, ['100', '101'], ['2024-03-04', '2024-03-05'])
    await action({ action_type: 'split', ratio: '2', status: 'cancelled', _known_at: '2024-03-20T00:00:00Z' })
    expect(await newest()).toMatchObject({ crossed: null, simple_return: 0.01, _known_at: '2024-03-20 00:00:00+00' })
  })

  test('takes a dividend in pence out of a price in pounds, and says what it cannot compare', async () => {
    const bars = (currency: string, day: string, close: string) =>
      lake.add('silver.bars', [
        {
          instrument_id: 'equity:XLON:TEA',
          bar_interval: '1d',
          event_time: `${day}T00:00:00Z`,
          close,
          currency,
          _known_at: KNOWN,
        },
      ])
    await bars('GBP', '2024-03-04', '10')
    await bars('GBP', '2024-03-05', '10')
    const pence = { instrument_id: 'equity:XLON:TEA', action_type: 'cash_dividend', amount: '50', currency: 'GBX' }
    await action(pence)
    expect((await newest())['total_return']).toBeCloseTo(10 / 9.5 - 1, 12)
    await action({ ...pence, currency: 'EUR', action_id: 'b' })
    expect(await newest()).toMatchObject({
      ...{ simple_return: 0, total_return: null, reason: null, total_return_reason: 'unknown_distribution' },
      crossed: 'distribution',
    })
  })
})

describe('a change of currency', () => {
  const step = async (
    from: string,
    to: string,
    dates: readonly [string, string],
    closes: readonly [string, string],
  ) => {
    for (const [at, currency] of [from, to].entries())
      await lake.add('silver.bars', [
        {
          instrument_id: 'equity:a:b',
          bar_interval: '1d',
          event_time: `${dates[at]}T00:00:00Z`,
          close: closes[at]!,
          currency,
          _known_at: KNOWN,
        },
      ])
    return newest()
  }

  test('from pence to pounds is one of the unit', async () => {
    const row = await step('GBX', 'GBP', ['2024-03-04', '2024-03-05'], ['500', '5.5'])
    expect(row).toMatchObject({ crossed: 'unit', comparable_factor: 0.01 })
    expect(row['simple_return']).toBeCloseTo(0.1, 12)
  })

  test('by a redenomination divides by its factor', async () => {
    const row = await step('PLZ', 'PLN', ['1994-12-30', '1995-01-02'], ['20000', '2.2'])
    expect(row).toMatchObject({ crossed: 'redenomination', comparable_factor: 0.0001 })
    expect(row['simple_return']).toBeCloseTo(0.1, 12)
  })

  test('to other money has no return', async () => {
    const row = await step('USD', 'EUR', ['2024-03-04', '2024-03-05'], ['5', '5'])
    expect(row).toMatchObject({
      crossed: 'currency',
      reason: 'other_currency',
      simple_return: null,
      total_return: null,
    })
  })
})

describe('without a return', () => {
  test.each([
    ['no close lies in the 14 days before', ['5', '5'], ['2024-03-01', '2024-03-16'], 'no_previous_close'],
    ['a price is not positive', ['-36.98', '10'], ['2024-03-04', '2024-03-05'], 'non_positive_price'],
  ])('because %s', async (_, closes, dates, reason) => {
    await addDailyBars(lake, ACME, closes, dates)
    expect(await newest()).toMatchObject({ reason, total_return_reason: reason, simple_return: null, log_return: null })
  })

  test('because the ratio of a split is not known', async () => {
    await addDailyBars(lake, ACME, ['100', '51'], ['2024-03-04', '2024-03-05'])
    await action({ action_type: 'split' })
    expect(await newest()).toMatchObject({ reason: 'unknown_split', simple_return: null })
  })
})

test('of two published bars of one day the later one counts, and before the formed one', async () => {
  const bar = (event_time: string, close: string) => ({
    instrument_id: ACME,
    bar_interval: '1d',
    event_time,
    close,
    currency: 'USD',
    _known_at: KNOWN,
  })
  await lake.add('silver.bars', [bar('2024-03-05T00:00:00Z', '1'), bar('2024-03-05T05:00:00Z', '2')])
  await lake.add('gold.price_bars', [
    {
      instrument_id: ACME,
      bar_interval: '1d',
      bar_start: '2024-03-05T06:00:00Z',
      close: '3',
      currency: 'USD',
      _known_at: KNOWN,
    },
  ])
  await lake.derive('bars_daily')
  expect(await newest()).toMatchObject({ close: '2.000000000000000000', basis: 'published' })
})
