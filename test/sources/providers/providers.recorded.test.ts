import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordedFolder } from '../../support/recorded.js'
import { openProviderRecords, type ProviderRecords } from './provider-records.js'

const folder = recordedFolder()
let records: ProviderRecords
beforeAll(async () => {
  records = await openProviderRecords()
})
afterAll(() => records.close())

function bodyOf(file: string): Buffer {
  const bytes = readFileSync(join(folder!, file))
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes
}

interface Recording {
  readonly source: string
  readonly file: string
  readonly params?: Readonly<Record<string, string>>
  readonly interval?: readonly [string, string]
  readonly receivedAt?: string
  readonly rows: number
  /** Rows that break a rule, by the rules. */
  readonly broken?: Readonly<Record<string, number>>
  readonly open?: number
  readonly unreadable?: number
  readonly first?: object
  readonly last?: object
}

const BITCOIN = { id: 'bitcoin' }
const CHART_DAY = {
  interval: ['2021-05-14T14:00:00Z', '2021-05-15T15:00:00Z'],
  receivedAt: '2021-05-15T14:40:00Z',
} as const

const RECORDINGS: readonly Recording[] = [
  {
    source: 'nbp.rates',
    file: 'nbp/api/tables_A_2026-03-01_2026-03-05.json',
    rows: 128,
    first: { event_time: '2026-03-02 00:00:00+00', quote_currency: 'PLN', _known_at: '2026-03-02 11:15:00+00' },
  },
  { source: 'nbp.rates', file: 'nbp/api/tables_A_2023-03-01_2023-03-02.trimmed.json', rows: 6 },
  { source: 'nbp.rates', file: 'nbp/api/tables_B_2026-09-30.trimmed.json', params: { table: 'B' }, rows: 3 },
  {
    source: 'nbp.rates',
    file: 'nbp/api/tables_C_2026-09-29_2026-09-30.trimmed.json',
    params: { table: 'C' },
    rows: 6,
    first: { quoted_on: '2026-09-28', event_time: '2026-09-29 00:00:00+00', _known_at: '2026-09-29 06:15:00+00' },
  },
  { source: 'nbp.rate', file: 'nbp/api/rates_A_USD_2026-09-28_2026-09-30.json', params: { code: 'USD' }, rows: 3 },
  { source: 'nbp.rate', file: 'nbp/api/rates_A_USD_last3_2026-10-01.json', params: { code: 'USD' }, rows: 3 },
  {
    source: 'nbp.rate',
    file: 'nbp/api/rates_C_USD_2026-09-28_2026-09-30.json',
    params: { code: 'USD', table: 'C' },
    rows: 3,
  },
  { source: 'nbp.gold', file: 'nbp/api/cenyzlota_2023-03-01_2023-03-03.json', rows: 3, first: { currency: 'PLN' } },
  { source: 'nbp.gold', file: 'nbp/api/cenyzlota_2026-09-28_2026-09-30.json', rows: 3 },
  { source: 'nbp.gold', file: 'nbp/api/cenyzlota_last3_2026-10-02.json', rows: 3 },
  {
    source: 'coingecko.market_chart',
    file: 'coingecko/market_chart_bitcoin_usd_1d_2021-05-15.json',
    params: BITCOIN,
    ...CHART_DAY,
    // The last of 288 is "now", and lies before the one before it.
    rows: 287,
    last: { event_time: '2021-05-15 14:39:54.955+00' },
  },
  {
    source: 'coingecko.market_chart',
    file: 'coingecko/market_chart_bitcoin_usd_90d_daily.json',
    params: BITCOIN,
    interval: ['2021-02-15T00:00:00Z', '2021-05-16T00:00:00Z'],
    receivedAt: '2021-05-15T14:40:00Z',
    rows: 90,
    first: { price: '48607.874522484500000000', event_time: '2021-02-15 00:00:00+00' },
    last: { event_time: '2021-05-15 00:00:00+00' },
  },
  {
    source: 'coingecko.market_chart',
    file: 'coingecko/market_chart_2024-04.trimmed.json',
    params: BITCOIN,
    interval: ['2024-03-31T00:00:00Z', '2024-04-02T00:00:00Z'],
    receivedAt: '2024-04-01T15:01:23Z',
    rows: 2,
  },
  {
    source: 'coingecko.ohlc',
    file: 'coingecko/ohlc_bitcoin_usd_7d.json',
    params: { ...BITCOIN, days: '7' },
    receivedAt: '2021-05-15T15:59:50Z',
    rows: 42,
    open: 1,
    first: { event_time: '2021-05-08 16:00:00+00', bar_interval: '4h', open: '57945.790000000000000000' },
  },
  {
    source: 'coingecko.markets',
    file: 'coingecko/coins_markets_bitcoin_usd.json',
    params: { ids: 'bitcoin' },
    rows: 1,
  },
  {
    source: 'coingecko.markets',
    file: 'coingecko/coins_markets_2024-04.trimmed.json',
    params: { ids: 'bitcoin' },
    rows: 1,
  },
  {
    source: 'coingecko.markets',
    file: 'coingecko/coins_markets_bitcoin_ethereum_in_eth.json',
    params: { ids: 'bitcoin,ethereum,cardano', vs_currency: 'eth' },
    rows: 3,
    broken: { price_event_has_price: 1 },
  },
  {
    source: 'coingecko.simple_price',
    file: 'coingecko/simple_price_multi_silent_drop.json',
    params: { ids: 'bitcoin,ethereum' },
    rows: 2,
    broken: { price_event_has_price: 1 },
    first: { price: '49357.000000000000000000' },
  },
  {
    source: 'coingecko.simple_price',
    file: 'coingecko/simple_price_multi_currency_silent_drop.json',
    params: { ids: 'bitcoin,ethereum,cardano', vs_currencies: 'usd,eur,pln' },
    rows: 9,
    broken: { price_event_has_price: 8 },
  },
  { source: 'coingecko.coins_list', file: 'coingecko/coins_list_2021-05.json.gz', rows: 7248 },
  {
    source: 'fred.all_vintages',
    file: 'fred/json/GDP_all_releases.json',
    params: { series: 'GDP' },
    rows: 3199,
    first: { value: '199.700000000000000000', known_from: '1992-12-23 06:00:00+00', vintage_date: '1992-12-22' },
  },
  {
    source: 'fred.all_vintages',
    file: 'fred/json/CPILFESL_observations.json',
    params: { series: 'CPILFESL' },
    rows: 813,
  },
  { source: 'fred.all_vintages', file: 'fred/json/DEXUSEU_2026-03.json', params: { series: 'DEXUSEU' }, rows: 10 },
  { source: 'fred.vintage_dates', file: 'fred/json/GDP_vintagedates.json', params: { series: 'GDP' }, rows: 393 },
  {
    source: 'fred.series',
    file: 'fred/json/CPILFESL_series.json',
    params: { series: 'CPILFESL' },
    rows: 1,
    first: { instrument_id: 'macro:fred:CPILFESL', valid_from: '1957-01-01' },
  },
  ...['acp', 'ccc', 'cdr', 'cps', 'kgh', 'pgn', 'pkn', 'pko', 'pzu'].map(symbol => ({
    source: 'stooq.daily',
    file: `stooq/gpw_2022-08/${symbol}_d.csv`,
    params: { symbol, currency: 'PLN' },
    rows: 751,
  })),
  {
    source: 'stooq.daily',
    file: 'stooq/full_2024-05/eurpln_d.csv',
    params: { symbol: 'eurpln', currency: 'PLN' },
    rows: 8897,
  },
  {
    source: 'stooq.daily',
    file: 'stooq/2021-01/wig_d.csv',
    params: { symbol: 'wig', currency: 'PLN' },
    rows: 2751,
    unreadable: 3,
  },
  {
    source: 'stooq.daily',
    file: 'stooq/2021-01/hg.csv',
    params: { symbol: 'hg.f', currency: 'USX' },
    rows: 2823,
    unreadable: 3,
  },
  {
    source: 'stooq.daily',
    file: 'stooq/2021-01/ndq_d.csv',
    params: { symbol: '^ndq', currency: 'USD' },
    rows: 2777,
    broken: { low_is_lowest: 1 },
  },
  {
    source: 'stooq.daily',
    file: 'stooq/full_2024-05/spx_d.csv.gz',
    params: { symbol: '^spx', currency: 'USD' },
    rows: 39203,
  },
]

describe('recorded answers', () => {
  it.each(RECORDINGS)('$file become records of $source', async recording => {
    if (folder === undefined) return
    const { source, file, params = {}, interval, receivedAt = '2026-11-29T12:00:00Z' } = recording
    const body = bodyOf(file)
    expect(records.judge(source, 200, body, 'text/plain').meaning).toBe('data')
    const answer = { body, params, receivedAtMs: Date.parse(receivedAt), ...(interval && { interval }) }
    const rows = await records.conformed(source, [answer])
    const rules = rows.flatMap(row => (row['_broken'] ?? []) as string[])
    const counts = Object.fromEntries([...new Set(rules)].map(rule => [rule, rules.filter(one => one === rule).length]))
    expect(rows).toHaveLength(recording.rows)
    expect(counts).toEqual(recording.broken ?? {})
    expect(rows.filter(row => row['_open'] === true)).toHaveLength(recording.open ?? 0)
    if (recording.first !== undefined) expect(rows[0]).toMatchObject(recording.first)
    if (recording.last !== undefined) expect(rows.at(-1)).toMatchObject(recording.last)
    const bronze = await records.bronze(source, [answer])
    expect(bronze.filter(row => row['_raw'] !== undefined)).toHaveLength(recording.unreadable ?? 0)
  })

  it('of GDP are the same in pieces that cut the real-time periods', async () => {
    if (folder === undefined) return
    const whole = bodyOf('fred/json/GDP_all_releases.json')
    const { observations } = JSON.parse(whole.toString()) as { observations: Record<string, string>[] }
    const edges = ['1991-01-01', '1996-06-15', '2001-11-16', '2001-11-17', '2013-01-30', '2024-12-01']
    const pieces = edges.slice(1).map((end, at) => piece(observations, edges[at]!, end))
    const params = { series: 'GDP' }
    const said = (rows: readonly Record<string, unknown>[]) =>
      rows.map(row => `${row['event_time']} ${row['vintage_date']} ${row['value'] ?? '-'}`).sort()
    const cut = await records.conformed(
      'fred.observations',
      pieces.map(part => ({ ...part, params })),
    )
    expect(said(cut)).toEqual(said(await records.conformed('fred.all_vintages', [{ body: whole, params }])))
  })
})

/** What FRED answers for the real-time period of an interval and the day before it. */
function piece(observations: readonly Record<string, string>[], start: string, end: string) {
  const before = (day: string): string => new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
  const [from, to] = [before(start), before(end)]
  const inside = observations.filter(
    ({ realtime_start, realtime_end }) => realtime_start! <= to && realtime_end! >= from,
  )
  const cut = inside.map(one => ({
    ...one,
    realtime_start: later(one['realtime_start']!, from),
    realtime_end: earlier(one['realtime_end']!, to),
  }))
  return { body: JSON.stringify({ observations: cut }), interval: [start, end] as const }
}

function later(one: string, other: string): string {
  return [one, other].sort()[1]!
}

function earlier(one: string, other: string): string {
  return [one, other].sort()[0]!
}

describe('recorded failures', () => {
  it.each([
    ['coingecko.markets', 'coingecko/errors/422_coins_markets.json', 422, 'error'],
    ['coingecko.market_chart', 'coingecko/errors/429_rate_limit.json', 429, 'rate_limited'],
    ['coingecko.market_chart', 'coingecko/errors/429_rate_limit.json', 200, 'rate_limited'],
    ['coingecko.ohlc', 'coingecko/errors/500_ohlc.json', 500, 'unavailable'],
    ['nbp.rates', 'nbp/errors/400_limit_93_dni.txt', 400, 'error'],
    ['nbp.rates', 'nbp/errors/404_brak_danych.txt', 404, 'empty'],
    ['stooq.daily', 'stooq/errors/200_daily_limit_pl.txt', 200, 'rate_limited'],
  ] as const)('%s: %s with status %i', (source, file, status, meaning) => {
    if (folder === undefined) return
    expect(records.judge(source, status, bodyOf(file), 'text/plain').meaning).toBe(meaning)
  })
})
