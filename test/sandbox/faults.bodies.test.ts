import { describe, expect, it } from 'vitest'
import type { Fault, PlainKind } from '../../src/sandbox/fault.js'
import type { ProviderName } from '../../src/sandbox/providers/all.js'
import { ask, FRED_KEY, fetched, simulator } from './asking.js'

const NBP = '/exchangerates/rates/A/USD/2026-11-16/2026-11-20'
const CHART = '/coins/bitcoin/market_chart?vs_currency=usd&days=2'
const GDP = `/series/observations?series_id=GDP&file_type=json&api_key=${FRED_KEY}&observation_start=2025-01-01`
const STOOQ = '/q/d/l/?s=aapl.us&d1=20261101&apikey=k'

/** What comes over HTTP while a fault is on, and what would come without it. */
async function both(provider: ProviderName, target: string, fault: Fault | PlainKind) {
  const faults = [typeof fault === 'string' ? { kind: fault } : fault]
  const { urlOf } = await simulator({ faults })
  const faulty = await fetched(`${urlOf(provider)}${target}`)
  return { faulty, whole: ask(provider, target).body }
}

const bodies = async (provider: ProviderName, target: string, fault: PlainKind): Promise<[string, string]> => {
  const { faulty, whole } = await both(provider, target, fault)
  expect(faulty.status).toBe(200)
  return [faulty.text, whole]
}

describe('a body that looks like an answer and is none', () => {
  it.each([
    ['nbp', NBP, '<!DOCTYPE html>'],
    ['stooq', STOOQ, '<!DOCTYPE html>'],
  ] as const)('a page in place of records: %s', async (provider, target, start) => {
    const { faulty } = await both(provider, target, 'html')
    expect([faulty.status, faulty.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(faulty.text.startsWith(start)).toBe(true)
  })

  it.each([
    ['coingecko', CHART, '{"status":{"error_code":429,"error_message":"You\'ve exceeded the Rate Limit.'],
    ['fred', GDP, '{"error_code":429,"error_message":"Too Many Requests.  Exceeded Rate Limit"}'],
    ['stooq', STOOQ, 'Exceeded the daily hits limit'],
    ['stooq-pl', STOOQ, 'Przekroczony dzienny limit wywolan'],
  ] as const)('an error with 200: %s', async (provider, target, start) => {
    const [faulty] = await bodies(provider, target, 'error')
    expect(faulty.startsWith(start)).toBe(true)
  })

  it('an empty body', async () => {
    expect(await bodies('coingecko', CHART, 'empty')).toEqual(['', expect.any(String)])
  })

  it('half a document, of the length that is stated', async () => {
    const [faulty, whole] = await bodies('coingecko', CHART, 'half-json')
    expect(whole.startsWith(faulty)).toBe(true)
    expect(Math.abs(faulty.length - whole.length / 2)).toBeLessThanOrEqual(1)
    expect(() => JSON.parse(faulty)).toThrow()
  })

  it.each([
    ['nbp', NBP, ':NaN'],
    ['coingecko', CHART, ',NaN]'],
    ['fred', GDP, '"value":NaN'],
    ['stooq', STOOQ, ',NaN\r\n'],
  ] as const)('NaN where a number was: %s', async (provider, target, token) => {
    const [faulty] = await bodies(provider, target, 'nan')
    expect(faulty).toContain(token)
    expect(faulty.split('NaN')).toHaveLength(2)
  })

  it.each([
    ['nbp', NBP],
    ['binance', '/klines?symbol=BTCUSDT&interval=1h&limit=3'],
  ] as const)('bytes that are not UTF-8 although it says so: %s', async (provider, target) => {
    const { faulty, whole } = await both(provider, target, 'wrong-charset')
    expect(faulty.headers['content-type']).toMatch(/utf-8/i)
    const decode = (): string => new TextDecoder('utf-8', { fatal: true }).decode(faulty.bytes)
    if (provider === 'nbp') {
      expect(decode).toThrow()
      expect(new TextDecoder('windows-1250').decode(faulty.bytes)).toBe(whole)
    } else expect(new TextDecoder('utf-16le').decode(faulty.bytes)).toBe(whole)
  })
})

describe('records that are not what they were', () => {
  it('some ids are dropped without a word', async () => {
    const [faulty] = await bodies('coingecko', '/simple/price?ids=bitcoin,ethereum&vs_currencies=usd', 'dropped-ids')
    expect(Object.keys(JSON.parse(faulty) as object)).toEqual(['ethereum'])
    const [table] = await bodies('nbp', '/exchangerates/tables/A/2026-11-20', 'dropped-ids')
    const codes = (body: string): string[] =>
      (JSON.parse(body) as { rates: { code: string }[] }[])[0]!.rates.map(({ code }) => code)
    const whole = codes(ask('nbp', '/exchangerates/tables/A/2026-11-20').body)
    expect(codes(table)).toEqual(whole.filter((_, at) => at % 2 === 1))
  })

  it('some come twice', async () => {
    const [json, whole] = await bodies('nbp', NBP, 'duplicates')
    const dates = (body: string): string[] =>
      (JSON.parse(body) as { rates: { effectiveDate: string }[] }).rates.map(rate => rate.effectiveDate)
    expect(dates(json).length).toBe(8)
    expect([...new Set(dates(json))]).toEqual(dates(whole))
    const [csv] = await bodies('stooq', STOOQ, 'duplicates')
    const lines = csv.trimEnd().split('\r\n')
    expect(new Set(lines).size).toBeLessThan(lines.length)
  })

  const names = (body: string): string[] => Object.keys((JSON.parse(body) as { rates: object[] }).rates[0]!)

  it.each([
    ['field-renamed', ['no', 'effectiveDate', 'mid_v2']],
    ['field-added', ['no', 'effectiveDate', 'mid', 'unexpected']],
    ['field-missing', ['no', 'effectiveDate']],
  ] as const)('%s in objects', async (kind, fields) => {
    expect(names((await bodies('nbp', NBP, kind))[0])).toEqual(fields)
  })

  it.each([
    ['field-renamed', 'Date,Open,High,Low,Close,Volume_v2'],
    ['field-added', 'Date,Open,High,Low,Close,Volume,unexpected'],
    ['field-missing', 'Date,Open,High,Low,Close'],
  ] as const)('%s in CSV', async (kind, header) => {
    expect((await bodies('stooq', STOOQ, kind))[0].split('\r\n')[0]).toBe(header)
  })

  it.each([
    ['field-renamed', ['prices', 'market_caps', 'total_volumes_v2']],
    ['field-added', ['prices', 'market_caps', 'total_volumes', 'unexpected']],
    ['field-missing', ['prices', 'market_caps']],
  ] as const)('%s in a chart', async (kind, fields) => {
    expect(Object.keys(JSON.parse((await bodies('coingecko', CHART, kind))[0]) as object)).toEqual(fields)
  })

  it('columns of rows without names change places', async () => {
    const target = '/klines?symbol=BTCUSDT&interval=1h&limit=1'
    const [faulty, whole] = await bodies('binance', target, 'field-renamed')
    const [[first], [before]] = [JSON.parse(faulty), JSON.parse(whole)] as [string[][], string[][]]
    expect([first![1], first![2]]).toEqual([before![2], before![1]])
  })

  it('history differs from what was said, and the shape does not', async () => {
    const [faulty, whole] = await bodies('fred', GDP, 'revised')
    const rows = (body: string) =>
      (JSON.parse(body) as { observations: { date: string; value: string }[] }).observations
    expect(rows(faulty).map(({ date }) => date)).toEqual(rows(whole).map(({ date }) => date))
    for (const [at, { value }] of rows(faulty).entries()) {
      expect(value).not.toBe(rows(whole)[at]!.value)
      expect(Math.abs(Number(value) / Number(rows(whole)[at]!.value) - 1)).toBeLessThan(0.05)
    }
  })

  it.each([
    ['nbp', NBP, '"code":"EUR"'],
    ['fred', `/series?series_id=GDP&file_type=json&api_key=${FRED_KEY}`, '"id":"CPIAUCSL"'],
    ['coingecko', '/simple/price?ids=bitcoin&vs_currencies=usd', '{"litecoin":'],
    ['coingecko', '/coins/markets?ids=litecoin&vs_currency=usd', '"id":"bitcoin"'],
    ['ecb', '/EXR/D.USD.EUR.SP00.A?format=csvdata&startPeriod=2026-11-20', 'EXR.D.GBP.EUR'],
    ['http', '/all/mine.json', '"series":"other"'],
  ] as const)('the answer is for another id: %s %s', async (provider, target, sign) => {
    const [faulty, whole] = await bodies(provider, target, 'other-id')
    expect(faulty).toContain(sign)
    expect(whole).not.toContain(sign)
  })

  it('of an error stay as they are', async () => {
    const { faulty } = await both('nbp', '/exchangerates/rates/A/USD/2026-11-22', 'duplicates')
    expect([faulty.status, faulty.text]).toEqual([404, '404 NotFound - Not Found - Brak danych'])
  })
})
