import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { classify, type Expectation } from '../../../src/sources/answers/classify.js'
import type { AnswerRule } from '../../../src/sources/source.js'
import { recordedFolder } from '../../support/recorded.js'

const folder = recordedFolder()
const JSON_DUE: Expectation = { kind: 'json' }
const CSV_DUE: Expectation = { kind: 'csv', header: /^(Date|Data),/ }
const NBP: AnswerRule[] = [{ status: 404, body: /Brak danych/, meaning: 'empty', why: 'no table on these days' }]
const STOOQ: AnswerRule[] = [{ body: /^Przekroczony dzienny limit/, meaning: 'rate_limited', why: 'the daily limit' }]

describe('recorded errors', () => {
  it.each([
    ['coingecko/errors/422_coins_markets.json', 422, JSON_DUE, [], 'error'],
    ['coingecko/errors/422_coins_markets.json', 200, JSON_DUE, [], 'error'],
    ['coingecko/errors/429_rate_limit.json', 429, JSON_DUE, [], 'rate_limited'],
    ['coingecko/errors/429_rate_limit.json', 200, JSON_DUE, [], 'rate_limited'],
    ['coingecko/errors/500_ohlc.json', 500, JSON_DUE, [], 'unavailable'],
    ['coingecko/errors/500_ohlc.json', 200, JSON_DUE, [], 'unavailable'],
    ['nbp/errors/400_limit_93_dni.txt', 400, JSON_DUE, NBP, 'error'],
    ['nbp/errors/404_brak_danych.txt', 404, JSON_DUE, NBP, 'empty'],
    ['nbp/errors/404_brak_danych.txt', 404, JSON_DUE, [], 'error'],
    ['stooq/errors/200_daily_limit_pl.txt', 200, CSV_DUE, STOOQ, 'rate_limited'],
    ['stooq/errors/200_daily_limit_pl.txt', 200, CSV_DUE, [], 'mismatch'],
  ] as const)('%s with status %i has its meaning', (file, status, expects, rules, meaning) => {
    if (folder === undefined) return
    const body = readFileSync(join(folder, file))
    expect(classify({ status, headers: {}, body, end: 'whole' }, rules, expects).meaning).toBe(meaning)
  })
})

describe('recorded answers', () => {
  it.each([
    ['coingecko/market_chart_bitcoin_usd_90d_daily.json', JSON_DUE],
    ['coingecko/ohlc_bitcoin_usd_7d.json', JSON_DUE],
    ['coingecko/simple_price_multi_silent_drop.json', JSON_DUE],
    ['coingecko/coin_details_2024-04.json', JSON_DUE],
  ] as const)('%s holds records', (file, expects) => {
    if (folder === undefined) return
    const body = readFileSync(join(folder, file))
    expect(classify({ status: 200, headers: {}, body, end: 'whole' }, [], expects).meaning).toBe('data')
  })
})
