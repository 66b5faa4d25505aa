import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import { sourceNamed, sourceNames } from '../../../src/sources/provider-list.js'
import { type ProviderName, type Simulator, startSimulator } from '../../../src/testing.js'
import { addressOf, NOON, openProviderRecords, type ProviderRecords } from './provider-records.js'

let simulator: Simulator
let records: ProviderRecords
beforeAll(async () => {
  simulator = await startSimulator({ clock: fixedClock(NOON) })
  records = await openProviderRecords()
})
afterAll(async () => {
  await records.close()
  await simulator.close()
})

const WEEK = ['2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'] as const
const BITCOIN = { id: 'bitcoin' }
const PARAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'nbp.rate': { code: 'USD' },
  'ecb.exchange_rates': { currency: 'USD' },
  'stooq.daily': { symbol: 'aapl.us' },
  ...Object.fromEntries(
    sourceNames()
      .filter(name => name.startsWith('binance.'))
      .map(name => [name, { symbol: 'BTCUSDT', quote: 'USDT' }]),
  ),
  ...Object.fromEntries(
    ['observations', 'all_vintages', 'vintage_dates', 'series'].map(name => [`fred.${name}`, { series: 'GDP' }]),
  ),
  ...Object.fromEntries(
    ['coingecko', 'coingecko-pro'].flatMap(name => [
      [`${name}.market_chart`, BITCOIN],
      [`${name}.ohlc`, BITCOIN],
      [`${name}.markets`, { ids: 'bitcoin,ethereum' }],
      [`${name}.simple_price`, { ids: 'bitcoin,ethereum' }],
    ]),
  ),
}
/** A quarter's GDP is said in the days after it. */
const INTERVALS: Readonly<Record<string, readonly [string, string]>> = {
  'fred.observations': ['2024-01-01T00:00:00Z', '2026-11-01T00:00:00Z'],
}

it.each(sourceNames())('%s has records in which no rule is broken, as the simulator answers', async name => {
  const { provider, source } = sourceNamed(name)!
  const params = PARAMS[name] ?? {}
  const interval = source.asks === 'interval' ? (INTERVALS[name] ?? WEEK) : undefined
  const times = interval && { startMs: Date.parse(interval[0]), endMs: Date.parse(interval[1]) }
  const url = new URL(
    addressOf(name, params, times).replace(provider.url, simulator.urlOf(provider.name as ProviderName)),
  )
  const headers: Record<string, string> = {}
  const place = provider.key?.in
  if (place !== undefined && 'query' in place) url.searchParams.set(place.query, 'abcdefghijklmnopqrstuvwxyz012345')
  if (place !== undefined && 'header' in place) headers[place.header] = 'CG-abcdefghijklmnopqrstuvwx'
  const response = await fetch(url, { headers })
  const body = Buffer.from(await response.arrayBuffer())
  expect(records.judge(name, response.status, body, response.headers.get('content-type') ?? '')).toMatchObject({
    meaning: 'data',
  })
  const rows = await records.conformed(name, [{ body, params, ...(interval && { interval }) }])
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.flatMap(row => row['_broken'] ?? [])).toEqual([])
})
