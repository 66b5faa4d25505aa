import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sourceNamed } from '../../../src/sources/provider-list.js'
import { addressOf, NOON, openProviderRecords, type ProviderRecords } from './provider-records.js'

let records: ProviderRecords
beforeAll(async () => {
  records = await openProviderRecords()
})
afterAll(() => records.close())

const CHART = 'coingecko.market_chart'
const BITCOIN = { id: 'bitcoin' }
const DAY = ['2026-11-28T00:00:00Z', '2026-11-29T00:00:00Z'] as const
const at = (iso: string): number => Date.parse(iso)

function chart(points: readonly (readonly [number, number | null])[]): string {
  return JSON.stringify({
    prices: points,
    market_caps: points.map(([ms], n) => [ms, n === 0 ? null : 1_800_000_000_000.5]),
    total_volumes: points.map(([ms]) => [ms, 29_096_603_418.89]),
  })
}

describe('a market chart', () => {
  it('is asked for in seconds, ninety days at most, so that its points are hourly', () => {
    const interval = { startMs: at(DAY[0]), endMs: at(DAY[1]) }
    expect(addressOf(CHART, BITCOIN, interval)).toBe(
      'https://api.coingecko.com/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd&from=1795824000&to=1795910400&precision=18',
    )
    expect(sourceNamed(CHART)!.source).toMatchObject({ longest: 'P90D', reach: 'P365D' })
    expect(sourceNamed('coingecko-pro.market_chart')!.source.reach).toBeUndefined()
  })

  it('gives prices at stamps in milliseconds, caps and rolling volumes beside them, and no size', async () => {
    const body = chart([
      [1795827899041, 77953.82550382407],
      [1795831499041, 0.00001234567890123],
    ])
    const rows = await records.conformed(CHART, [{ body, params: BITCOIN, interval: DAY }])
    expect(rows).toMatchObject([
      {
        instrument_id: 'crypto:coingecko:bitcoin',
        event_time: '2026-11-28 01:04:59.041+00',
        event_type: 'price',
        price: '77953.825503824070000000',
        currency: 'USD',
        source: 'coingecko',
      },
      { price: '0.000012345678901230' },
    ])
    expect(rows.map(row => [row['size'], row['_broken'], row['_open']])).toEqual([
      [undefined, undefined, false],
      [undefined, undefined, false],
    ])
    const [first, second] = await records.bronze(CHART, [{ body, params: BITCOIN, interval: DAY }])
    expect(JSON.parse(String(first!['_extra']))).toEqual({ volume_24h: '29096603418.89' })
    expect(JSON.parse(String(second!['_extra']))).toEqual({
      market_cap: '1800000000000.5',
      volume_24h: '29096603418.89',
    })
  })

  it('leaves the last point out where the answer reaches the present', async () => {
    const body = chart([
      [at('2026-11-29T11:00:03Z'), 1],
      [at('2026-11-29T11:59:58Z'), 2],
    ])
    const params = BITCOIN
    const open = ['2026-11-29T11:00:00Z', '2026-11-29T13:00:00Z'] as const
    expect(await records.bronze(CHART, [{ body, params, interval: open, receivedAtMs: NOON }])).toMatchObject([
      { price: '1' },
    ])
    expect(
      await records.bronze(CHART, [{ body, params, interval: open, receivedAtMs: NOON + 7_200_000 }]),
    ).toHaveLength(2)
    const only = chart([[at('2026-11-29T11:59:58Z'), 2]])
    expect(await records.bronze(CHART, [{ body: only, params, interval: open, receivedAtMs: NOON }])).toEqual([])
  })

  it('rejects stamps in seconds and points without a price', async () => {
    const body = chart([
      [1795827899, 1],
      [1795831499041, null],
    ])
    const rows = await records.conformed(CHART, [{ body, params: BITCOIN, interval: DAY }])
    expect(rows.map(row => row['_broken'])).toEqual([['type:event_time'], ['price_event_has_price']])
  })

  it('gives a cap only to the point whose stamp it has', async () => {
    const body = JSON.stringify({ prices: [[1795827899041, 1]], market_caps: [[1795827800000, 5]], total_volumes: [] })
    const [row] = await records.bronze(CHART, [{ body, params: BITCOIN, interval: DAY }])
    expect(row!['_extra']).toBeUndefined()
  })

  it('keeps the answers of many pipes apart, each in its order', async () => {
    const answers = Array.from({ length: 1000 }, (_, n) => ({
      body: chart([
        [1795827899041, n],
        [1795827890000, n + 0.5],
      ]),
      params: { id: `coin-${n}` },
      interval: DAY,
    }))
    const rows = await records.bronze(CHART, answers)
    const expected = answers.flatMap((_, n) => [`coin-${n} ${n}`, `coin-${n} ${n}.5`])
    expect(rows.map(row => `${String(row['instrument_id']).split(':')[2]} ${row['price']}`)).toEqual(expected)
  })
})

describe('ohlc', () => {
  const params = { id: 'bitcoin', days: '7' }
  const close = at('2026-11-29T08:00:00Z')

  it('has bars by their start, though they are stamped by their end, without a volume', async () => {
    const body = JSON.stringify([[close, 76769.0, 76889.0, 76744.0, 76818.0]])
    const [row] = await records.conformed('coingecko.ohlc', [{ body, params }])
    expect(row).toMatchObject({
      bar_interval: '4h',
      event_time: '2026-11-29 04:00:00+00',
      high: '76889.000000000000000000',
    })
    expect([row!['volume'], row!['_broken'], row!['_open']]).toEqual([undefined, undefined, false])
    const half = JSON.stringify([[close, 1, 1, 1, 1]])
    expect(await records.bronze('coingecko.ohlc', [{ body: half, params: { id: 'bitcoin' } }])).toMatchObject([
      { bar_interval: '30m', event_time: '2026-11-29 07:30:00' },
    ])
  })

  it('does not take a bar that is not over for one', async () => {
    const bars = (...stamps: readonly number[]) => JSON.stringify(stamps.map(stamp => [stamp, 1, 1, 1, 1]))
    const body = bars(NOON, at('2026-11-29T16:00:00Z'), NOON - 7000)
    const rows = await records.conformed('coingecko.ohlc', [{ body, params }])
    expect(rows.map(row => [row['event_time'], row['_open']])).toEqual([
      ['2026-11-29 08:00:00+00', false],
      ['2026-11-29 12:00:00+00', true],
    ])
  })

  it('is not offered for spans whose bars are of four days', () => {
    expect(() => addressOf('coingecko.ohlc', { id: 'bitcoin', days: '90' })).toThrow()
  })
})

describe('prices of several coins', () => {
  const body = `{"bitcoin":{"usd":76975,"usd_market_cap":1542226908349.8406,"usd_24h_vol":29096603418.89,"last_updated_at":1795952258},"dead-coin":{}}`

  it('have their time in seconds', async () => {
    const [row] = await records.conformed('coingecko.simple_price', [{ body, params: { ids: 'bitcoin' } }])
    expect(row).toMatchObject({
      instrument_id: 'crypto:coingecko:bitcoin',
      event_id: 'simple:usd',
      event_time: '2026-11-29 11:37:38+00',
      price: '76975.000000000000000000',
    })
    const [raw] = await records.bronze('coingecko.simple_price', [{ body, params: { ids: 'bitcoin' } }])
    expect(JSON.parse(String(raw!['_extra']))).toEqual({
      market_cap: '1542226908349.8406',
      volume_24h: '29096603418.89',
    })
  })

  it('are rejected for each id and currency that was asked for and did not come', async () => {
    const params = { ids: 'bitcoin,dead-coin,no-coin', vs_currencies: 'usd,eur' }
    const rows = await records.conformed('coingecko.simple_price', [{ body, params }])
    expect(rows.map(row => [row['instrument_id'], row['currency'], row['_broken']])).toEqual([
      ['crypto:coingecko:bitcoin', 'USD', undefined],
      ['crypto:coingecko:bitcoin', 'EUR', ['price_event_has_price']],
      ['crypto:coingecko:dead-coin', 'USD', ['price_event_has_price']],
      ['crypto:coingecko:dead-coin', 'EUR', ['price_event_has_price']],
      ['crypto:coingecko:no-coin', 'USD', ['price_event_has_price']],
      ['crypto:coingecko:no-coin', 'EUR', ['price_event_has_price']],
    ])
  })

  it('and the list of markets say the same of a missing coin', async () => {
    const coin = {
      id: 'bitcoin',
      symbol: 'btc',
      current_price: 49053,
      max_supply: null,
      roi: null,
      total_volume: 61679663434,
    }
    const list = JSON.stringify([{ ...coin, last_updated: '2026-11-29T11:59:43.867Z' }])
    const rows = await records.conformed('coingecko.markets', [{ body: list, params: { ids: 'bitcoin,no-coin' } }])
    expect(rows).toMatchObject([
      { instrument_id: 'crypto:coingecko:bitcoin', event_time: '2026-11-29 11:59:43.867+00', event_id: 'markets:usd' },
      {
        instrument_id: 'crypto:coingecko:no-coin',
        event_time: '2026-11-29 12:00:00+00',
        _broken: ['price_event_has_price'],
      },
    ])
    const [raw] = await records.bronze('coingecko.markets', [{ body: list, params: { ids: 'bitcoin' } }])
    expect(JSON.parse(String(raw!['_extra']))).toEqual({ symbol: 'btc', total_volume: 61679663434 })
  })
})

describe('the list of coins', () => {
  it('tells coins of one symbol apart by their ids', async () => {
    const body = '[{"id":"bitcoin","symbol":"btc","name":"Bitcoin"},{"id":"batcat","symbol":"btc","name":"Batcat"}]'
    const rows = await records.conformed('coingecko.coins_list', [{ body }])
    expect(rows).toMatchObject([
      { instrument_id: 'crypto:coingecko:bitcoin', symbol: 'btc', asset_class: 'crypto' },
      { instrument_id: 'crypto:coingecko:batcat', symbol: 'btc' },
    ])
    expect(rows.map(row => row['_broken'])).toEqual([undefined, undefined])
  })
})

describe('answers of CoinGecko', () => {
  const status = (error_code: number) => JSON.stringify({ status: { error_code, error_message: 'no' } })

  it.each([
    [429, status(429), 'rate_limited'],
    [200, status(429), 'rate_limited'],
    [401, JSON.stringify({ error: JSON.parse(status(10012)) }), 'refused'],
    [400, JSON.stringify({ error: JSON.parse(status(10011)) }), 'refused'],
    [401, status(10002), 'refused'],
    [403, status(1020), 'blocked'],
    [404, '{"error":"coin not found"}', 'error'],
    [422, '{"error":"Missing parameter vs_currency"}', 'error'],
    [500, '{"status":500,"error":"Internal Server Error"}', 'unavailable'],
    [200, '{}', 'error'],
    [200, '{"prices":[],"market_caps":[],"total_volumes":[]}', 'empty'],
    [200, '{"prices":[[1,2]],"market_caps":[],"total_volumes":[]}', 'data'],
    [200, '<!DOCTYPE html><html>', 'blocked'],
    [200, '{"prices":[[1795827899041,', 'truncated'],
    [200, '{"prices":[[1795827899041,NaN]]}', 'mismatch'],
  ] as const)('%i %s', (code, body, meaning) => {
    expect(records.judge('coingecko.simple_price', code, body).meaning).toBe(meaning)
    expect(records.judge('coingecko-pro.simple_price', code, body).meaning).toBe(meaning)
  })

  it('cost a credit only where they succeed, and keys go to the host that they are for', () => {
    const { provider: demo } = sourceNamed(CHART)!
    const { provider: pro } = sourceNamed('coingecko-pro.market_chart')!
    expect([200, 429, 500].map(code => demo.limits.creditsOf!(code))).toEqual([1, 0, 0])
    expect([demo.url, demo.key]).toEqual([
      'https://api.coingecko.com/api/v3',
      { setting: 'COINGECKO_API_KEY', in: { header: 'x-cg-demo-api-key' }, required: false },
    ])
    expect([pro.url, pro.key]).toEqual([
      'https://pro-api.coingecko.com/api/v3',
      { setting: 'COINGECKO_PRO_API_KEY', in: { header: 'x-cg-pro-api-key' }, required: true },
    ])
  })
})
