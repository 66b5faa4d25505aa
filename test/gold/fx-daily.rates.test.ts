import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type GoldLake, openGoldLake } from './gold-lake.js'

let lake: GoldLake
beforeEach(async () => {
  lake = await openGoldLake()
})
afterEach(() => lake.close())

type Fix = readonly [date: string, base: string, quote: string, mid: string | null, fixing?: string]

async function fix(source: string, rates: readonly Fix[]): Promise<void> {
  await lake.add(
    'silver.fx_rates',
    rates.map(([date, base, quote, mid, fixing = `${source}:A`]) => ({
      ...{ instrument_id: `fx:${source}:${base}${quote}`, event_time: `${date}T00:00:00Z`, fixing, mid, source },
      ...{ base_currency: base, quote_currency: quote, fixing_no: `${date}/${fixing}`, _known_at: `${date}T11:00:00Z` },
    })),
  )
}

async function rate(base: string, quote: string, date: string): Promise<Record<string, unknown> | undefined> {
  await lake.derive('fx_daily')
  const [row] = await lake.rows(
    `SELECT * FROM gold.fx_daily WHERE base_currency = '${base}' AND quote_currency = '${quote}' AND date = DATE '${date}'`,
  )
  return row
}

describe('the rate of a day', () => {
  test('is the published one, in its direction and exactly', async () => {
    await fix('nbp', [['2025-03-03', 'USD', 'PLN', '3.9876']])
    expect(await rate('USD', 'PLN', '2025-03-03')).toMatchObject({
      ...{ rate: 3.9876, path: 'published', base_leg: '3.987600000000000000', quote_leg: null, age_days: '0' },
      ...{ fixing_no: '2025-03-03/nbp:A', _known_at: '2025-03-03 11:00:00+00', source: 'nbp' },
    })
  })

  test('is carried over the days without one, with its age, and no further than it may', async () => {
    await fix('nbp', [
      ['2025-04-17', 'USD', 'PLN', '3.7'],
      ['2025-04-22', 'USD', 'PLN', '3.8'],
    ])
    expect(await rate('USD', 'PLN', '2025-04-21')).toMatchObject({ rate: 3.7, age_days: '4', rate_date: '2025-04-17' })
    expect(await rate('USD', 'PLN', '2025-04-22')).toMatchObject({ rate: 3.8, age_days: '0' })
    expect(await rate('USD', 'PLN', '2025-04-26')).toMatchObject({ age_days: '4' })
    expect(await rate('USD', 'PLN', '2025-04-27')).toBeUndefined()
  })

  test('of a weekly table lasts to the next one', async () => {
    await fix('nbp', [['2025-03-05', 'AFN', 'PLN', '0.05', 'nbp:B']])
    expect(await rate('AFN', 'PLN', '2025-03-13')).toMatchObject({ age_days: '8' })
    expect(await rate('AFN', 'PLN', '2025-03-14')).toBeUndefined()
  })

  test('ignores a fixing without a mid rate', async () => {
    await fix('nbp', [['2025-03-03', 'USD', 'PLN', null, 'nbp:C']])
    expect(await rate('USD', 'PLN', '2025-03-03')).toBeUndefined()
  })
})

describe('between two currencies of one source', () => {
  beforeEach(() =>
    fix('nbp', [
      ['2025-03-03', 'USD', 'PLN', '4'],
      ['2025-03-03', 'EUR', 'PLN', '5'],
      ['2025-03-03', 'CHF', 'PLN', '4.5'],
    ]),
  )

  test('is a cross of the two of that day through what they share', async () => {
    expect(await rate('EUR', 'USD', '2025-03-04')).toMatchObject({
      ...{ rate: 1.25, path: 'cross through PLN', base_leg: '5.000000000000000000', quote_leg: '4.000000000000000000' },
      ...{ fixing_no: '2025-03-03/nbp:A', age_days: '1' },
    })
    expect((await rate('CHF', 'EUR', '2025-03-03'))!['rate']).toBeCloseTo(0.9, 15)
  })

  test('is one over the published rate out of the pivot', async () => {
    expect(await rate('PLN', 'USD', '2025-03-03')).toMatchObject({ rate: 0.25, path: 'inverse of USD/PLN' })
  })

  test('AB × BC × CA is 1', async () => {
    const [ab, bc, ca] = [
      await rate('EUR', 'USD', '2025-03-03'),
      await rate('USD', 'PLN', '2025-03-03'),
      await rate('PLN', 'EUR', '2025-03-03'),
    ]
    expect(Number(ab!['rate']) * Number(bc!['rate']) * Number(ca!['rate'])).toBeCloseTo(1, 14)
  })

  test('never mixes days: the cross of a day needs both', async () => {
    await fix('nbp', [['2025-03-04', 'USD', 'PLN', '8']])
    expect(await rate('EUR', 'USD', '2025-03-04')).toMatchObject({ rate: 1.25, age_days: '1', rate_date: '2025-03-03' })
  })
})

test('a source that quotes from its pivot gives the same crosses', async () => {
  await fix('ecb', [
    ['2025-03-03', 'EUR', 'USD', '1.25'],
    ['2025-03-03', 'EUR', 'PLN', '5'],
    ['2025-03-03', 'EUR', 'JPY', '150'],
  ])
  expect(await rate('EUR', 'USD', '2025-03-03')).toMatchObject({ rate: 1.25, path: 'published' })
  expect(await rate('USD', 'PLN', '2025-03-03')).toMatchObject({ rate: 4, path: 'cross through EUR' })
  expect((await rate('JPY', 'EUR', '2025-03-03'))!['rate']).toBeCloseTo(1 / 150, 15)
  expect(await rate('EUR', 'JPY', '2025-03-03')).toMatchObject({ path: 'published' })
})

describe('prices_normalized', () => {
  const close = (instrument: string, currency: string | null, price: string, date = '2025-03-03') =>
    lake.add('gold.returns_daily', [
      { instrument_id: instrument, date, close: price, currency, _known_at: `${date}T21:00:00Z` },
    ])
  const values = async (where: string) => {
    await lake.derive('fx_daily')
    await lake.derive('prices_normalized')
    return lake.rows(`SELECT * FROM gold.prices_normalized WHERE ${where} ORDER BY ALL`)
  }
  beforeEach(() =>
    fix('nbp', [
      ['2025-02-28', 'USD', 'PLN', '4'],
      ['2025-03-03', 'USD', 'PLN', '4.1'],
      ['2025-03-03', 'GBP', 'PLN', '5'],
    ]),
  )

  test('takes the rate of the day for reporting and the one before for tax', async () => {
    await close('equity:XNYS:ACME', 'USD', '100')
    expect(await values(`currency = 'PLN' AND convention = 'reporting'`)).toMatchObject([
      {
        value: 409.99999999999994,
        rate: 4.1,
        rate_date: '2025-03-03',
        age_days: '0',
        path: 'published',
        source: 'nbp',
      },
    ])
    expect(await values(`currency = 'PLN' AND convention = 'tax'`)).toMatchObject([
      { value: 400, rate: 4, rate_date: '2025-02-28', age_days: '3', fixing_no: '2025-02-28/nbp:A' },
    ])
    expect(await values(`currency = 'PLN' AND convention = 'ecb'`)).toMatchObject([{ value: null, reason: 'no_rate' }])
    expect(await values(`currency = 'USD' AND convention = 'tax'`)).toMatchObject([
      { value: 100, rate: 1, source: null, age_days: null, path: 'same money', _known_at: '2025-03-03 21:00:00+00' },
    ])
  })

  test('counts pence as parts of their pound', async () => {
    await close('equity:XLON:TEA', 'GBX', '250')
    expect(await values(`currency = 'PLN' AND convention = 'reporting'`)).toMatchObject([
      { value: 12.5, rate: 5, path: '100 GBX are one GBP, published' },
    ])
  })

  test('never takes a stablecoin for its currency, nor guesses one', async () => {
    await close('crypto:x:btc', 'USDT', '100')
    await close('crypto:x:mixed', null, '100')
    const rows = await values(`convention = 'reporting'`)
    expect(rows.map(row => row['value'])).toEqual([null, null, null, null, null, null])
    expect([...new Set(rows.map(row => row['reason']))].sort()).toEqual(['no_currency', 'no_rate'])
  })
})
