import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sourceNamed } from '../../../src/sources/provider-list.js'
import { recordedFolder } from '../../support/recorded.js'
import { addressOf, NOON, openProviderRecords, type ProviderRecords } from './provider-records.js'

let records: ProviderRecords
beforeAll(async () => {
  records = await openProviderRecords()
})
afterAll(() => records.close())

const HOURS = 'binance.klines_1h'
const HOUR_MS = 3_600_000
const BITCOIN = { symbol: 'BTCUSDT', quote: 'USDT' }
const interval = ['2026-11-29T10:00:00Z', '2026-11-29T13:00:00Z'] as const

/** A bar as Binance writes it. */
function kline(startMs: number, lengthMs = HOUR_MS, changed: Readonly<Record<number, unknown>> = {}): unknown[] {
  const prices = ['90930.01000000', '90990.50000000', '90810.00000000', '90900.10000000']
  const sums = ['1203.55100000', startMs + lengthMs - 1, '109412345.67890123', 210_345]
  const bar = [startMs, ...prices, ...sums, '600.10000000', '54555000.00000001', '0']
  return bar.map((value, at) => changed[at] ?? value)
}

const bodyOf = (...bars: readonly unknown[][]): string => JSON.stringify(bars)

describe('klines', () => {
  it('are asked for in milliseconds, to the last moment of the interval, as many as come at once', () => {
    const [startMs, endMs] = interval.map(Date.parse) as [number, number]
    expect(addressOf(HOURS, BITCOIN, { startMs, endMs })).toBe(
      'https://data-api.binance.vision/api/v3/klines?symbol=BTCUSDT&interval=1h&startTime=1795946400000&endTime=1795957199999&limit=1000',
    )
    expect(sourceNamed(HOURS)!.source.headers).toEqual({ 'X-MBX-TIME-UNIT': 'MILLISECOND' })
  })

  it('are bars by their start, exact, with what the contract has no field for beside them', async () => {
    const answers = [{ body: bodyOf(kline(NOON - HOUR_MS)), params: BITCOIN, interval }]
    expect(await records.conformed(HOURS, answers)).toMatchObject([
      {
        instrument_id: 'crypto:binance:BTCUSDT',
        bar_interval: '1h',
        event_time: '2026-11-29 11:00:00+00',
        open: '90930.010000000000000000',
        high: '90990.500000000000000000',
        low: '90810.000000000000000000',
        close: '90900.100000000000000000',
        volume: '1203.551000000000000000',
        quote_volume: '109412345.678901230000000000',
        trades: '210345',
        currency: 'USDT',
        source: 'binance',
        _open: false,
      },
    ])
    const [raw] = await records.bronze(HOURS, answers)
    expect(raw).toMatchObject({ open: '90930.01000000', quote_volume: '109412345.67890123' })
    expect(JSON.parse(String(raw!['_extra']))).toEqual({
      taker_buy_volume: '600.10000000',
      taker_buy_quote_volume: '54555000.00000001',
    })
  })

  it.each([
    ['1m', 60_000],
    ['5m', 300_000],
    ['1h', HOUR_MS],
    ['1d', 24 * HOUR_MS],
  ] as const)('of %s are open while they last', async (length, lengthMs) => {
    const last = Math.floor(NOON / lengthMs) * lengthMs + (lengthMs > HOUR_MS ? 0 : -lengthMs)
    const body = bodyOf(kline(last, lengthMs), kline(last + lengthMs, lengthMs))
    const received = [last + lengthMs - 1, last + lengthMs]
    const answers = received.map(receivedAtMs => ({ body, params: BITCOIN, receivedAtMs }))
    const rows = await records.conformed(`binance.klines_${length}`, answers)
    expect(rows.map(row => [row['bar_interval'], row['_open']])).toEqual(
      [true, true, false, true].map(open => [length, open]),
    )
  })

  it('have the instrument that a pipe names', async () => {
    const params = { ...BITCOIN, instrument: 'crypto:coingecko:bitcoin' }
    const rows = await records.bronze(HOURS, [{ body: bodyOf(kline(NOON)), params, interval }])
    expect(rows).toMatchObject([{ instrument_id: 'crypto:coingecko:bitcoin' }])
  })

  it('keep the answers of many pipes apart, each in its order', async () => {
    const pairs = Array.from({ length: 500 }, (_, n) => `C${n}USDT`)
    const answers = pairs.map(symbol => ({
      body: bodyOf(kline(NOON - 2 * HOUR_MS), kline(NOON - HOUR_MS)),
      params: { symbol, quote: 'USDT' },
      interval,
    }))
    const rows = await records.bronze(HOURS, answers)
    expect(rows.map(row => `${row['instrument_id']} ${row['event_time']}`)).toEqual(
      pairs.flatMap(pair => [10, 11].map(hour => `crypto:binance:${pair} 2026-11-29 ${hour}:00:00`)),
    )
  })

  it('that make no sense are rejected for what is wrong with each', async () => {
    const changes = [{ 0: (NOON - HOUR_MS) * 1000 }, { 0: 'soon' }, { 2: '1.0' }, { 4: '0' }, { 1: 'NaN' }, { 8: -1 }]
    const body = bodyOf(...changes.map(change => kline(NOON - HOUR_MS, HOUR_MS, change)), [NOON - HOUR_MS])
    const rows = await records.conformed(HOURS, [{ body, params: BITCOIN, interval }])
    expect(rows.map(row => row['_broken'])).toEqual([
      ['type:event_time'],
      ['type:event_time'],
      ['high_is_highest', 'low_is_lowest', 'value_per_unit'],
      ['prices_positive', 'low_is_lowest'],
      ['type:open'],
      ['trades_not_negative'],
      ['required:open', 'required:high', 'required:low', 'required:close'],
    ])
  })

  it('of an archive of Binance keep the contract, a thousand at once', async () => {
    const folder = recordedFolder()
    if (folder === undefined) return
    const archive = readFileSync(join(folder, 'crypto/binance_futures_1m/ALGOUSDT-1m-2025-02.csv.gz'))
    const lines = gunzipSync(archive).toString().trim().split('\n').slice(1, 1001)
    const bars = lines.map(line => line.split(',').map((cell, at) => ([0, 6, 8].includes(at) ? Number(cell) : cell)))
    const params = { symbol: 'ALGOUSDT', quote: 'USDT' }
    const rows = await records.conformed('binance.klines_1m', [{ body: bodyOf(...bars), params }])
    expect(rows).toHaveLength(1000)
    expect(rows.filter(row => row['_broken'] !== undefined || row['_open'] === true)).toEqual([])
    expect(rows[0]).toMatchObject({
      event_time: '2025-02-01 00:00:00+00',
      close: '0.378800000000000000',
      volume: '434592.500000000000000000',
      quote_volume: '164695.830810000000000000',
      trades: '558',
    })
    expect(rows.at(-1)).toMatchObject({ event_time: '2025-02-01 16:39:00+00' })
  })
})

describe('parameters', () => {
  const check = (params: object) => sourceNamed(HOURS)!.source.params.safeParse(params)

  it('are a pair and what it is priced in, which must be its end', () => {
    expect(check(BITCOIN).success).toBe(true)
    expect(check({ symbol: 'ETHBTC', quote: 'BTC' }).success).toBe(true)
    const { error } = check({ symbol: 'BTCUSDT', quote: 'USD' })
    expect(error?.issues).toMatchObject([{ path: ['quote'], message: 'the symbol does not end with it' }])
  })

  it.each([
    [{ symbol: 'BTCUSDT' }],
    [{ symbol: 'btcusdt', quote: 'USDT' }],
    [{ symbol: 'BTC/USDT', quote: 'USDT' }],
    [{ symbol: 'USDT', quote: 'USDT' }],
    [{ ...BITCOIN, instrument: 'bitcoin' }],
    [{ ...BITCOIN, interval: '1h' }],
  ])('%j are refused', params => {
    expect(check(params).success).toBe(false)
  })
})

describe('answers of Binance', () => {
  const error = (code: number, msg = 'no') => JSON.stringify({ code, msg })

  it.each([
    [200, bodyOf(kline(NOON)), 'data'],
    [200, '[]', 'empty'],
    [200, '{}', 'mismatch'],
    [400, error(-1121, 'Invalid symbol.'), 'error'],
    [400, error(-1100, 'Illegal characters found in a parameter.'), 'error'],
    [404, error(-1000, 'Path not found.'), 'error'],
    [200, error(-1121, 'Invalid symbol.'), 'error'],
    [429, error(-1003, 'Too many requests.'), 'rate_limited'],
    [418, error(-1003, 'Way too much request weight used; IP banned until 1795953600000.'), 'rate_limited'],
    [200, error(-1003, 'Too many requests.'), 'rate_limited'],
    [403, '<html><head><title>403 Forbidden</title></head></html>', 'blocked'],
    [403, error(-2015), 'refused'],
    [451, error(0, 'Service unavailable from a restricted location.'), 'refused'],
    [500, error(-1000, 'An unknown error occurred while processing the request.'), 'unavailable'],
    [503, '', 'unavailable'],
    [200, '<!DOCTYPE html><html>', 'blocked'],
    [200, '[[1795953600000,"90930.01', 'truncated'],
    [200, '', 'truncated'],
    [200, '[[1795953600000,NaN]]', 'mismatch'],
    [200, Buffer.from('[["\xb3"]]', 'latin1'), 'mismatch'],
  ] as const)('%i %s', (status, body, meaning) => {
    const page = typeof body === 'string' && body.startsWith('<')
    expect(records.judge(HOURS, status, body, page ? 'text/html' : undefined).meaning).toBe(meaning)
  })

  it('say in its words what was wrong', () => {
    expect(records.judge(HOURS, 400, error(-1121, 'Invalid symbol.')).why).toBe('HTTP 400: Invalid symbol.')
  })
})
