import { z } from 'zod'
import type { Provider } from '../source.js'

/** What the end of a symbol says of its prices; London's are pence. Shares of Warsaw, indices and pairs have no such end. */
const CURRENCY = `CASE
  WHEN (params->>'symbol') LIKE '%.uk' AND (params->>'currency') IN ('', 'GBP') THEN 'GBX'
  WHEN (params->>'currency') <> '' THEN params->>'currency'
  ELSE CASE regexp_extract(params->>'symbol', '\\.([a-z]+)$', 1) WHEN 'us' THEN 'USD' WHEN 'de' THEN 'EUR' WHEN 'jp' THEN 'JPY'
    WHEN 'hk' THEN 'HKD' WHEN 'hu' THEN 'HUF' END
END`

/** A cell by its English or its Polish name. */
const either = (english: string, polish: string): string => `coalesce("${english}", "${polish}")`

/**
 * Stooq: daily prices of shares, indices and currencies. It asks programs for a key that a person fetches; its page for browsers is
 * recognised, and never worked round. Files that a person has downloaded are read by the source `file`.
 */
export const stooq: Provider = {
  name: 'stooq',
  url: 'https://stooq.com',
  terms: {
    licence: 'Stooq terms of use: personal use',
    url: 'https://stooq.com/terms/',
    attribution: 'Source: Stooq',
    redistribution: 'no',
  },
  key: { setting: 'STOOQ_API_KEY', in: { query: 'apikey' }, required: true },
  // A day's limit is not stated.
  limits: { perSecond: 0.5, concurrency: 1 },
  // Every failure comes as a text with HTTP 200, in one of two languages.
  answers: [
    { body: /^\s*(No data|Brak danych)/i, meaning: 'empty', why: 'no session in the interval, or an unknown symbol' },
    {
      body: /^\s*(Exceeded the daily hits limit|Przekroczony dzienny limit)/i,
      meaning: 'rate_limited',
      why: 'the requests of the day are used up',
    },
    { body: /^\s*(Access denied|Odmowa dost)/i, meaning: 'refused', why: 'it refuses this address or key' },
    { status: 200, body: /^\s*$/, meaning: 'unavailable', why: 'an empty answer, which Stooq gives when it fails' },
  ],
  sources: {
    /** Prices as Stooq gives them, which are adjusted for dividends and splits: its past changes. */
    daily: {
      contract: 'bars',
      params: z.strictObject({
        symbol: z.string().regex(/^[a-z0-9^][a-z0-9^._-]*$/, 'a symbol in small letters such as pkn, aapl.us or ^spx'),
        /** Where the end of the symbol does not say it. */
        currency: z
          .string()
          .regex(/^([A-Z]{3}|[A-Z]{2}[a-z])$/, 'a currency code such as PLN')
          .optional(),
      }),
      asks: 'interval',
      grain: 'P1D',
      // Exchanges are closed for ten days at most, as Tokyo was in May 2019.
      longestSilence: 'P14D',
      path: '/q/d/l/',
      query: { s: '{symbol}', d1: '{start:yyyymmdd}', d2: '{end:last-yyyymmdd}', i: 'd' },
      body: {
        kind: 'csv',
        dialect: { delimiter: ',' },
        endsLines: true,
        header: /^(Date,Open,High,Low,Close|Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie)\b/,
        columns: [
          ...['Date', 'Open', 'High', 'Low', 'Close', 'Volume'],
          ...['Data', 'Otwarcie', 'Najwyzszy', 'Najnizszy', 'Zamkniecie', 'Wolumen'],
        ],
        fields: {
          // A symbol: instrument_aliases.csv says what it means.
          instrument_id: `params->>'symbol'`,
          bar_interval: `'1d'`,
          event_time: either('Date', 'Data'),
          open: either('Open', 'Otwarcie'),
          high: either('High', 'Najwyzszy'),
          low: either('Low', 'Najnizszy'),
          close: either('Close', 'Zamkniecie'),
          // Currencies and indices have no such column.
          volume: either('Volume', 'Wolumen'),
          currency: CURRENCY,
          source: `'stooq'`,
        },
      },
    },
  },
}
