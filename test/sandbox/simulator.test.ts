import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { PROVIDER_NAMES } from '../../src/sandbox/providers/all.js'
import { startSimulator } from '../../src/sandbox/simulator.js'
import * as testing from '../../src/testing.js'
import { ask, FRED_KEY, fetched, NOW, simulator } from './asking.js'

const NBP = '/exchangerates/rates/A/USD/2026-11-16/2026-11-20'

const SAMPLES = [
  ['nbp', '/exchangerates/tables/A/2026-11-16/2026-11-20'],
  ['nbp', '/cenyzlota/last/5'],
  ['coingecko', '/coins/coin-77/market_chart?vs_currency=eur&days=12'],
  ['coingecko', '/coins/markets?vs_currency=usd&per_page=5'],
  ['fred', `/series/observations?series_id=SIM3&file_type=json&api_key=${FRED_KEY}`],
  ['stooq', '/q/d/l/?s=sim8.de&d1=20260101&apikey=k'],
  ['ecb', '/EXR/D.CHF.EUR.SP00.A?format=csvdata&startPeriod=2026-11-01'],
  ['binance', '/klines?symbol=C9USDT&interval=15m'],
  ['frankfurter', '/2026-11-01..2026-11-20'],
  ['http', '/cursor/x.json'],
] as const

describe('the simulator', () => {
  it('answers the same at any time of its life, in any order and in another process’s place', async () => {
    const [one, two] = [await simulator({ seed: 7 }), await simulator({ seed: 7 })]
    const answers = async (
      urlOf: typeof one.urlOf,
      samples: readonly (typeof SAMPLES)[number][],
    ): Promise<Map<string, string>> => {
      const found = new Map<string, string>()
      // A cursor's link names the port.
      for (const [provider, target] of samples) found.set(target, (await fetched(`${urlOf(provider)}${target}`)).text)
      return found
    }
    const first = await answers(one.urlOf, SAMPLES)
    expect([...(await answers(two.urlOf, SAMPLES.toReversed()))].toSorted()).toEqual([...first].toSorted())
    expect(await answers(one.urlOf, SAMPLES)).toEqual(first)
    for (const [provider, target] of SAMPLES) expect(ask(provider, target, { seed: 7 }).body).toBe(first.get(target))
    for (const [provider, target] of SAMPLES)
      expect(ask(provider, target, { seed: 8 }).body).not.toBe(first.get(target))
  })

  it('counts what it is asked, and remembers the last of it', async () => {
    const one = await simulator({ remember: 2, faults: [{ provider: 'ecb', kind: 'html' }] })
    await fetched(`${one.urlOf('nbp')}${NBP}`, { 'x-test': 'first' })
    await fetched(`${one.urlOf('binance')}/ping`, { 'x-test': 'second' })
    const before = one.requests
    await fetched(`${one.urlOf('ecb')}/data?x=1`, { 'x-test': 'third' })
    expect(before.total).toBe(2)
    const { total, byProvider, last } = one.requests
    expect(total).toBe(3)
    expect(byProvider).toMatchObject({ nbp: 1, binance: 1, ecb: 1, fred: 0 })
    expect(
      last.map(({ provider, target, faults, atMs, headers }) => [provider, target, faults, atMs, headers['x-test']]),
    ).toEqual([
      ['binance', '/ping', [], NOW, 'second'],
      ['ecb', '/data?x=1', ['html'], NOW, 'third'],
    ])
  })

  it('wants the keys that it was given', async () => {
    const { urlOf } = await simulator({ keys: { coingecko: 'mine' } })
    const status = async (key: string): Promise<number> =>
      (await fetched(`${urlOf('coingecko')}/ping`, { 'x-cg-demo-api-key': key })).status
    expect([await status('mine'), await status('other')]).toEqual([200, 401])
  })

  it('packs answers when it was told to, for those who take it', async () => {
    const { urlOf } = await simulator({ gzip: true })
    const [packed, plain] = [
      await fetched(`${urlOf('nbp')}${NBP}`, { 'accept-encoding': 'gzip' }),
      await fetched(`${urlOf('nbp')}${NBP}`),
    ]
    expect([packed.headers['content-encoding'], plain.headers['content-encoding']]).toEqual(['gzip', undefined])
    expect(gunzipSync(packed.bytes).toString()).toBe(plain.text)
  })

  it('answers conditional requests without a body', async () => {
    const { urlOf } = await simulator()
    const first = await fetched(`${urlOf('nbp')}${NBP}`)
    const again = await fetched(`${urlOf('nbp')}${NBP}`, { 'if-none-match': String(first.headers.etag) })
    expect([again.status, again.text, again.headers['content-length']]).toEqual([304, '', undefined])
  })

  it('says who answers where', async () => {
    const { url, urlOf } = await simulator()
    const { status, text } = await fetched(`${url}/nothing`)
    expect([status, (JSON.parse(text) as { providers: string[] }).providers]).toEqual([
      404,
      PROVIDER_NAMES.map(urlOf).toSorted(),
    ])
    const { status: beyond } = await fetched(`${urlOf('nbp')}x/exchangerates`)
    expect(beyond).toBe(404)
  })

  it('ends when it is closed, more than once too, and when its scope ends', async () => {
    let url = ''
    {
      await using one = await startSimulator()
      url = one.url
      await fetched(`${one.urlOf('binance')}/ping`)
      await one.close()
    }
    await expect(fetched(url)).rejects.toThrow()
  })

  it('does not start at a port that is taken', async () => {
    const { port } = await simulator()
    await expect(startSimulator({ port })).rejects.toMatchObject({
      code: 'SLUICE_ARGUMENT_INVALID',
      message: expect.stringContaining('Nothing was started.'),
    })
  })
})

it('sluice/testing has the names that it promises, and no others', () => {
  expect(Object.keys(testing).toSorted()).toEqual(['parseFault', 'startSimulator'])
})
