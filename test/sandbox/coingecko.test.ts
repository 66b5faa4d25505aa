import { describe, expect, it } from 'vitest'
import { ask, askJson, NOW } from './asking.js'

type Point = [number, number]
interface Chart {
  readonly prices: Point[]
  readonly market_caps: Point[]
  readonly total_volumes: Point[]
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const chart = (query: string): Chart => askJson('coingecko', `/coins/bitcoin/market_chart${query}`)
const steps = (points: readonly Point[]): number[] => points.slice(1, -1).map(([at], before) => at - points[before]![0])
const range = (from: number, to: number): string => `/range?vs_currency=usd&from=${from / 1000}&to=${to / 1000}`

describe('a market chart', () => {
  it.each([
    ['?vs_currency=usd&days=1', 288, 5 * MINUTE],
    ['?vs_currency=usd&days=2', 48, HOUR],
    ['?vs_currency=usd&days=90', 90 * 24, HOUR],
    ['?vs_currency=usd&days=91', 91, DAY],
    ['?vs_currency=usd&days=90&interval=daily', 90, DAY],
  ])('has the grain of its length: %s', (query, points, grain) => {
    const { prices } = chart(query)
    expect(Math.abs(prices.length - 1 - points)).toBeLessThanOrEqual(1)
    const typical = steps(prices).toSorted((a, b) => a - b)[Math.floor(points / 2)]!
    expect(typical / grain).toBeGreaterThan(0.85)
    expect(typical / grain).toBeLessThan(1.15)
  })

  it('stamps points off the grid, the last of all with now, and days exactly', () => {
    const hours = chart('?vs_currency=usd&days=3').prices
    expect(hours.slice(0, -1).filter(([at]) => at % HOUR === 0).length).toBeLessThan(3)
    expect(hours.at(-1)![0]).toBe(NOW)
    const days = chart('?vs_currency=usd&days=300').prices
    expect(days.slice(0, -1).every(([at]) => at % DAY === 0)).toBe(true)
    expect(days.at(-1)![0]).toBe(NOW)
  })

  it('has the three lists with the same times, all in milliseconds', () => {
    const { prices, market_caps, total_volumes } = chart('?vs_currency=usd&days=2')
    const times = prices.map(([at]) => at)
    expect(market_caps.map(([at]) => at)).toEqual(times)
    expect(total_volumes.map(([at]) => at)).toEqual(times)
    expect(times.toSorted((a, b) => a - b)).toEqual(times)
    expect(times[0]).toBeGreaterThan(NOW - 2 * DAY - HOUR)
  })

  it('of a range takes seconds and ends where it is told', () => {
    const [from, to] = [Date.parse('2026-10-01T00:00:00Z'), Date.parse('2026-10-13T12:00:00Z')]
    const { prices } = chart(range(from, to))
    expect(prices).toHaveLength(300)
    expect(prices[0]![0]).toBeGreaterThanOrEqual(from)
    expect(prices.at(-1)![0]).toBeLessThan(to)
    const { prices: again } = chart(`/range?vs_currency=usd&from=2026-10-01&to=2026-10-13T12:00:00Z`)
    expect(again).toEqual(prices)
  })

  it('of a day has five minutes only when it ends now', () => {
    expect(chart(range(NOW - DAY, NOW)).prices.length).toBeGreaterThan(280)
    expect(chart(range(NOW - 3 * DAY, NOW - 2 * DAY)).prices.length).toBeLessThan(26)
  })

  it('says the same of a time, whatever range it stands in', () => {
    const wide = new Map(chart(range(NOW - 20 * DAY, NOW - 2 * DAY)).prices)
    for (const [at, price] of chart(range(NOW - 10 * DAY, NOW - 5 * DAY)).prices) expect(wide.get(at)).toBe(price)
  })

  it('has a finished day from 00:35 on', () => {
    const last = (now: string): number =>
      askJson<Chart>('coingecko', '/coins/bitcoin/market_chart?vs_currency=usd&days=200', {
        now: Date.parse(now),
      }).prices.at(-2)![0]
    expect(last('2026-11-22T00:34:00Z')).toBe(Date.parse('2026-11-21'))
    expect(last('2026-11-22T00:35:00Z')).toBe(Date.parse('2026-11-22'))
  })
})

describe('what CoinGecko refuses', () => {
  it.each([
    ['/coins/nothing/market_chart?vs_currency=usd&days=1', 404, '{"error":"coin not found"}'],
    ['/coins/bitcoin/market_chart?days=1', 422, '{"error":"Missing parameter vs_currency"}'],
    ['/coins/bitcoin/market_chart?vs_currency=usd', 422, '{"error":"Missing parameter days"}'],
    ['/coins/bitcoin/market_chart?vs_currency=zzz&days=1', 400, '{"error":"invalid vs_currency"}'],
    ['/coins/markets', 422, '{"error":"Missing parameter vs_currency"}'],
    ['/coins/bitcoin/ohlc?vs_currency=usd&days=2', 422, '{"error":"Invalid days parameter"}'],
  ])('%s', (target, status, body) => {
    const answer = ask('coingecko', target)
    expect([answer.status, answer.body]).toEqual([status, body])
  })

  const code = (body: string): number => Number(/"error_code":(\d+)/.exec(body)?.[1])
  const old = `/coins/bitcoin/market_chart${range(NOW - 400 * DAY, NOW - 390 * DAY)}`

  it('history beyond 365 days, without a plan', () => {
    const answer = ask('coingecko', old)
    expect([answer.status, code(answer.body)]).toEqual([401, 10012])
    expect(JSON.parse(answer.body)).toHaveProperty('error.status.error_message')
    expect(ask('coingecko', '/coins/bitcoin/market_chart?vs_currency=usd&days=max').status).toBe(401)
    expect(ask('coingecko-pro', old, { headers: { 'x-cg-pro-api-key': 'k' } }).status).toBe(200)
  })

  it.each([
    ['coingecko', { 'x-cg-pro-api-key': 'k' }, undefined, 400, 10010],
    ['coingecko-pro', { 'x-cg-demo-api-key': 'k' }, undefined, 400, 10011],
    ['coingecko-pro', {}, undefined, 401, 10002],
    ['coingecko', { 'x-cg-demo-api-key': 'wrong' }, 'right', 401, 10002],
  ] as const)('a key that does not belong: %s with %o', (provider, headers, key, status, expected) => {
    const answer = ask(provider, '/ping', { headers, ...(key === undefined ? {} : { key }) })
    expect([answer.status, code(answer.body)]).toEqual([status, expected])
  })

  it('nothing to one with the right key, or none where none is needed', () => {
    expect(ask('coingecko', '/ping', { headers: { 'x-cg-demo-api-key': 'right' }, key: 'right' }).status).toBe(200)
    expect(ask('coingecko', '/ping?x_cg_demo_api_key=right', { key: 'right' }).status).toBe(200)
    expect(ask('coingecko', '/ping', { key: 'right' }).status).toBe(200)
  })

  it('a grain that only plans have', () => {
    const answer = ask('coingecko', '/coins/bitcoin/market_chart?vs_currency=usd&days=30&interval=hourly')
    expect([answer.status, code(answer.body)]).toEqual([401, 10005])
  })
})

describe('the simple price', () => {
  it('leaves ids out that it does not know, without a word', () => {
    const price = askJson<Record<string, unknown>>(
      'coingecko',
      '/simple/price?ids=bitcoin,nothing,%20ethereum&vs_currencies=usd',
    )
    expect(Object.keys(price)).toEqual(['bitcoin'])
  })

  it('tells the time in seconds, and what else was asked for', () => {
    const flags = 'include_market_cap=true&include_24hr_vol=true&include_24hr_change=true&include_last_updated_at=true'
    const { bitcoin } = askJson<{ bitcoin: Record<string, number> }>(
      'coingecko',
      `/simple/price?ids=bitcoin&vs_currencies=usd&${flags}`,
    )
    expect(Object.keys(bitcoin)).toEqual(['usd', 'usd_market_cap', 'usd_24h_vol', 'usd_24h_change', 'last_updated_at'])
    expect(bitcoin['last_updated_at']).toBeLessThan(NOW / 1000 + 1)
  })
})

describe('candles', () => {
  it.each([
    [1, 48, HOUR / 2],
    [7, 42, 4 * HOUR],
    [90, 22, 4 * DAY],
  ])('of %d days are stamped with their close, the last with one to come', (days, count, step) => {
    const candles = askJson<number[][]>('coingecko', `/coins/bitcoin/ohlc?vs_currency=usd&days=${days}`)
    expect(Math.abs(candles.length - count)).toBeLessThanOrEqual(1)
    expect(candles.every(([at]) => at! % step === 0)).toBe(true)
    expect(candles.at(-1)![0]).toBeGreaterThan(NOW)
    for (const [, open, high, low, close] of candles) {
      expect(high).toBeGreaterThanOrEqual(Math.max(open!, close!))
      expect(low).toBeLessThanOrEqual(Math.min(open!, close!))
    }
  })
})

describe('lists', () => {
  it('have coins that share a symbol, and each id once', () => {
    const coins = askJson<{ id: string; symbol: string }[]>('coingecko', '/coins/list')
    expect(new Set(coins.map(({ id }) => id)).size).toBe(coins.length)
    expect(coins.filter(({ symbol }) => symbol === 'btc').map(({ id }) => id)).toEqual(['bitcoin', 'bridged-bitcoin'])
  })

  it('of markets come in pages, with what is null for real', () => {
    const page = (query: string) =>
      askJson<Record<string, unknown>[]>('coingecko', `/coins/markets?vs_currency=pln${query}`)
    expect(page('').length).toBe(100)
    expect(page('&per_page=1000').length).toBe(250)
    expect(page('&per_page=2&page=2').map(({ id }) => id)).toEqual(['tether', 'ripple'])
    expect(page('&ids=ethereum')[0]).toMatchObject({ max_supply: null, fully_diluted_valuation: null, roi: null })
    expect(page('&ids=bridged-bitcoin')[0]).toMatchObject({ market_cap_rank: null })
  })
})
