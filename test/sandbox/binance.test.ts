import { describe, expect, it } from 'vitest'
import { ask, askJson, NOW } from './asking.js'

type Kline = [number, string, string, string, string, string, number, string, number, string, string, string]
const HOUR = 3_600_000
const klines = (query: string): Kline[] => askJson('binance', `/klines?symbol=BTCUSDT&${query}`)

describe('klines', () => {
  it('are rows of twelve, decimals as texts of eight places, from open to a millisecond before the next', () => {
    const [first] = klines('interval=1h&limit=1&startTime=1795000000000')
    expect(first!.map(value => typeof value)).toEqual([
      'number',
      'string',
      'string',
      'string',
      'string',
      'string',
      'number',
      'string',
      'number',
      'string',
      'string',
      'string',
    ])
    for (const at of [1, 2, 3, 4, 5, 7, 9, 10]) expect(first![at]).toMatch(/^\d+\.\d{8}$/)
    expect(first![0] % HOUR).toBe(0)
    expect(first![6]).toBe(first![0] + HOUR - 1)
  })

  it('end with a bar that is still open', () => {
    const bars = klines('interval=1h')
    expect(bars).toHaveLength(500)
    expect(bars.at(-1)![0]).toBeLessThan(NOW)
    expect(bars.at(-1)![6]).toBeGreaterThan(NOW)
  })

  it('are at most a thousand, from startTime on', () => {
    const start = Date.parse('2026-09-01T00:30:00Z')
    const bars = klines(`interval=1h&limit=5000&startTime=${start}`)
    expect([bars.length, bars[0]![0]]).toEqual([1000, Date.parse('2026-09-01T01:00:00Z')])
    const last = klines(`interval=1h&limit=3&endTime=${start}`)
    expect(last.map(([at]) => at)).toEqual(
      ['2026-08-31T22:00Z', '2026-08-31T23:00Z', '2026-09-01T00:00Z'].map(Date.parse),
    )
  })

  it('of weeks begin on Mondays, and none before trading began', () => {
    expect(new Date(klines('interval=1w&limit=1&startTime=1790000000000')[0]![0]).getUTCDay()).toBe(1)
    expect(klines('interval=1d&limit=1&startTime=0')[0]![0]).toBe(Date.parse('2017-08-18'))
  })

  it('are none in the future', () => {
    expect(klines(`interval=1h&startTime=${NOW + HOUR}`)).toEqual([])
  })

  it('have the prices that CoinGecko has', () => {
    const { bitcoin } = askJson<{ bitcoin: { usd: number } }>(
      'coingecko',
      '/simple/price?ids=bitcoin&vs_currencies=usd',
    )
    expect(Math.abs(Number(klines('interval=1m&limit=1')[0]![4]) / bitcoin.usd - 1)).toBeLessThan(0.02)
  })
})

it.each([
  ['/klines?symbol=NOPEUSDT&interval=1h', -1121, 'Invalid symbol.'],
  ['/klines?symbol=btcusdt&interval=1h', -1121, 'Invalid symbol.'],
  ['/klines?symbol=BTCUSDT&interval=7h', -1120, 'Invalid interval.'],
  ['/klines?interval=1h', -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."],
])('refuses %s', (target, code, msg) => {
  const { status, body } = ask('binance', target)
  expect([status, JSON.parse(body)]).toEqual([400, { code, msg }])
})
