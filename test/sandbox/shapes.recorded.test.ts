import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ProviderName } from '../../src/sandbox/providers/all.js'
import { coingecko } from '../../src/sandbox/providers/coingecko.js'
import { errorAsSuccess, refusalOf } from '../../src/sandbox/refusals.js'
import { recordedFolder } from '../support/recorded.js'
import { ask, FRED_KEY, NOW, type Question } from './asking.js'

const folder = recordedFolder()

const read = (file: string): string => {
  const bytes = readFileSync(join(folder!, file))
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

/** Names in their order and types of values, of all elements of a list together. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return isRow(value) ? value.map(shapeOf) : merged(value.map(shapeOf))
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}

const LONGEST_ROW = 12

/** A list of values of a fixed order, as a point of a chart, and not a list of records. */
function isRow(list: readonly unknown[]): boolean {
  return (
    list.length > 1 && list.length <= LONGEST_ROW && list.every(value => typeof value !== 'object' || value === null)
  )
}

function merged(shapes: readonly unknown[]): unknown[] {
  return [...new Map(shapes.map(shape => [JSON.stringify(shape), shape])).values()]
}

const FRED = `file_type=json&api_key=${FRED_KEY}`

describe('answers have the shape of recorded ones', () => {
  it.each([
    ['nbp/api/cenyzlota_2026-09-28_2026-09-30.json', 'nbp', '/cenyzlota/2026-09-28/2026-09-30'],
    ['nbp/api/rates_A_USD_2026-09-28_2026-09-30.json', 'nbp', '/exchangerates/rates/A/USD/2026-09-28/2026-09-30'],
    ['nbp/api/rates_C_USD_2026-09-28_2026-09-30.json', 'nbp', '/exchangerates/rates/C/USD/2026-09-28/2026-09-30'],
    [
      'nbp/api/tables_A_2026-03-01_2026-03-05.json',
      'nbp',
      '/exchangerates/tables/A/2026-03-01/2026-03-05/?format=json',
    ],
    ['nbp/api/tables_B_2026-09-30.trimmed.json', 'nbp', '/exchangerates/tables/B/2026-09-30'],
    ['nbp/api/tables_C_2026-09-29_2026-09-30.trimmed.json', 'nbp', '/exchangerates/tables/C/2026-09-29/2026-09-30'],
    [
      'coingecko/market_chart_bitcoin_usd_1d_2021-05-15.json',
      'coingecko',
      '/coins/bitcoin/market_chart?days=1&vs_currency=usd',
    ],
    [
      'coingecko/market_chart_bitcoin_usd_90d_daily.json',
      'coingecko',
      '/coins/bitcoin/market_chart?days=90&interval=daily&vs_currency=usd',
    ],
    ['coingecko/ohlc_bitcoin_usd_7d.json', 'coingecko', '/coins/bitcoin/ohlc?days=7&vs_currency=usd'],
    ['coingecko/coins_list_2021-05.json.gz', 'coingecko', '/coins/list'],
    ['coingecko/coins_markets_bitcoin_usd.json', 'coingecko', '/coins/markets?ids=bitcoin&vs_currency=usd'],
    [
      'coingecko/simple_price_multi_silent_drop.json',
      'coingecko',
      '/simple/price?ids=bitcoin,%20ethereum&vs_currencies=usd',
    ],
    ['coingecko/errors/422_coins_markets.json', 'coingecko', '/coins/markets?ids=bitcoin'],
    [
      'fred/json/DEXUSEU_2026-03.json',
      'fred',
      `/series/observations?series_id=DEXUSEU&observation_start=2026-11-01&${FRED}`,
    ],
    ['fred/json/CPILFESL_observations.json', 'fred', `/series/observations?series_id=CPILFESL&${FRED}`],
    [
      'fred/json/GDP_all_releases.json',
      'fred',
      `/series/observations?series_id=GDP&realtime_start=1776-07-04&realtime_end=9999-12-31&${FRED}`,
    ],
    ['fred/json/GDP_vintagedates.json', 'fred', `/series/vintagedates?series_id=GDP&${FRED}`],
    ['fred/json/CPILFESL_series.json', 'fred', `/series?series_id=CPILFESL&${FRED}`],
  ] as const)('%s', (file, provider, target) => {
    if (folder === undefined) return
    const simulated = JSON.parse(ask(provider, target).body) as unknown
    // JSON text compares the order of names too.
    expect(JSON.stringify(shapeOf(simulated))).toBe(JSON.stringify(shapeOf(JSON.parse(read(file)))))
  })
})

describe('NBP', () => {
  it('numbers its tables as it did', () => {
    if (folder === undefined) return
    for (const table of ['A', 'C']) {
      const { rates } = JSON.parse(read(`nbp/api/rates_${table}_USD_2026-09-28_2026-09-30.json`)) as Numbered
      const simulated = JSON.parse(
        ask('nbp', `/exchangerates/rates/${table}/USD/2026-09-28/2026-09-30`).body,
      ) as Numbered
      expect(simulated.rates.map(days)).toEqual(rates.map(days))
    }
    const [recorded] = JSON.parse(read('nbp/api/tables_B_2026-09-30.trimmed.json')) as { no: string }[]
    expect(JSON.parse(ask('nbp', '/exchangerates/tables/B/2026-09-30').body)).toMatchObject([{ no: recorded!.no }])
  })

  it('lists the currencies that it did, in its order, with its decimals', () => {
    if (folder === undefined) return
    const recorded = read('nbp/api/tables_A_2026-03-01_2026-03-05.json')
    const simulated = ask('nbp', '/exchangerates/tables/A/2026-03-01/2026-03-05').body
    const currencies = (body: string): string[] =>
      [...body.matchAll(/"currency":"([^"]+)","code":"([A-Z]+)"/g)].map(([, name, code]) => `${code} ${name}`)
    expect(currencies(simulated)).toEqual(currencies(recorded))
    const decimals = (body: string): Set<number> =>
      new Set([...body.matchAll(/"mid":\d+\.(\d+)/g)].map(([, digits]) => digits!.length))
    expect([...decimals(simulated)].filter(count => count < 4 || count > 8)).toEqual([])
    expect([...decimals(recorded)].filter(count => count < 4 || count > 8)).toEqual([])
  })

  it.each([
    ['nbp/errors/400_limit_93_dni.txt', '/exchangerates/tables/A/2026-01-01/2026-06-01'],
    ['nbp/errors/404_brak_danych.txt', '/exchangerates/tables/A/2026-11-22'],
  ])('says no in the words of %s', (file, target) => {
    if (folder === undefined) return
    expect(ask('nbp', target).body).toBe(read(file).trimEnd())
  })
})

describe('CoinGecko', () => {
  it('refuses as it did, with what it said beside', () => {
    if (folder === undefined) return
    const recorded = JSON.parse(read('coingecko/errors/429_response_headers.json')) as {
      headers: Record<string, string>
    }
    const refused = refusalOf('coingecko', 429, 60)
    expect(refused.body).toBe(read('coingecko/errors/429_rate_limit.json').trimEnd())
    expect(errorAsSuccess('coingecko').body).toBe(refused.body)
    expect(refused.headers['content-type']).toBe(recorded.headers['content-type'])
    expect(refused.headers['retry-after']).toBe(recorded.headers['retry-after'])
  })

  it('drops the id that it dropped', () => {
    if (folder === undefined) return
    const asked = ask('coingecko', '/simple/price?ids=bitcoin,%20ethereum&vs_currencies=usd')
    const names = (body: string): string[] => Object.keys(JSON.parse(body) as object)
    expect(names(asked.body)).toEqual(names(read('coingecko/simple_price_multi_silent_drop.json')))
    expect(coingecko.root).toBe('/coingecko/api/v3')
  })
})

describe('Stooq', () => {
  it.each([
    ['stooq/full_2024-05/pkn_d.csv', 'pkn'],
    ['stooq/full_2024-05/usdpln_d.csv', 'usdpln'],
    ['stooq/full_2024-05/xaupln_d.csv', 'xaupln'],
    ['stooq/2021-01/wig_d.csv', 'wig'],
    ['stooq/2021-01/ndq_d.csv', '^ndq'],
  ])('has the header and the columns of %s', (file, symbol) => {
    if (folder === undefined) return
    const shape = (body: string) => {
      const [header, row] = body.split(/\r?\n/)
      return [
        header,
        row!
          .split(',')
          .map(cell => (/^\d{4}-\d\d-\d\d$/.test(cell) ? 'date' : /^\d+(\.\d+)?$/.test(cell) ? 'number' : cell)),
      ]
    }
    expect(shape(ask('stooq-pl', `/q/d/l/?s=${encodeURIComponent(symbol)}&i=d&apikey=k`).body)).toEqual(
      shape(read(file)),
    )
  })

  it('says that it was asked too often in its words', () => {
    if (folder === undefined) return
    expect(errorAsSuccess('stooq-pl').body).toBe(read('stooq/errors/200_daily_limit_pl.txt').trimEnd())
  })
})

describe('Binance', () => {
  it('has the columns of recorded klines', () => {
    if (folder === undefined) return
    const [header, row] = read('crypto/binance_futures_1m/ALGOUSDT-1m-2023-02.csv.gz').split('\n')
    const [bar] = JSON.parse(ask('binance', '/klines?symbol=ALGOUSDT&interval=1m&limit=2').body) as (
      | string
      | number
    )[][]
    expect(bar).toHaveLength(header!.split(',').length)
    const minute = (cells: readonly (string | number)[]): number => Number(cells[6]) - Number(cells[0])
    expect(minute(bar!)).toBe(minute(row!.split(',')))
  })
})

describe('the ECB', () => {
  it('quotes what it quoted, as far as it still does', () => {
    if (folder === undefined) return
    const [header] = read('ecb/eurofxref-hist_vintage-2019-12-23.csv.gz').split('\n')
    const question: Question = { now: NOW }
    const body = ask(
      'ecb' satisfies ProviderName,
      '/EXR/D..EUR.SP00.A?format=csvdata&startPeriod=2019-12-20&endPeriod=2019-12-20',
      question,
    ).body
    const codes = body
      .trimEnd()
      .split('\n')
      .slice(1)
      .map(row => row.split(',')[2]!)
    const recorded = header!.split(',')
    expect(codes.filter(code => !recorded.includes(code))).toEqual([])
    expect(codes.length).toBeGreaterThan(30)
  })
})

interface Numbered {
  readonly rates: readonly { no: string; effectiveDate: string }[]
}

function days({ no, effectiveDate }: { no: string; effectiveDate: string }): string {
  return `${no} ${effectiveDate}`
}
