import { z } from 'zod'
import type { Provider, Source } from '../source.js'

const MARKET = /^[A-Z0-9_.-]{2,20}$/
const CURRENCY = /^[A-Z0-9]{2,10}$/
const INSTRUMENT = /^[a-z]+:[^:\s]+:\S+$/

const params = z
  .strictObject({
    symbol: z.string().regex(MARKET, 'a pair such as BTCUSDT').describe('the pair, as Binance writes it'),
    quote: z.string().regex(CURRENCY, 'a code such as USDT').describe('what the pair is priced in: its last letters'),
    instrument: z
      .string()
      .regex(INSTRUMENT, 'an id such as crypto:binance:BTCUSDT')
      .optional()
      .describe('its id in the lake; crypto:binance:SYMBOL unless said otherwise'),
  })
  // An answer names no currency: prices in USDT would become prices in USD without a trace.
  .refine(({ symbol, quote }) => symbol !== quote && symbol.endsWith(quote), {
    path: ['quote'],
    error: 'the symbol does not end with it',
  })

/**
 * Binance: bars of its spot market, without a key, from the host that has public data alone.
 * Each answer lists bars, the oldest first: start in ms, four prices and the volume as texts, end in ms, quote volume, trades. It
 * does not say of which pair they are.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
 */
export const binance: Provider = {
  name: 'binance',
  url: 'https://data-api.binance.vision/api/v3',
  terms: {
    licence: 'terms of use of Binance; read them before passing bars on',
    url: 'https://www.binance.com/en/terms',
    redistribution: 'ask',
  },
  // An address may use a weight of 6000 a minute, and bars weigh 2: this is a fifth of it.
  limits: { perSecond: 10, burst: 10, concurrency: 4 },
  answers: [
    { status: 418, meaning: 'rate_limited', why: 'banned for having asked on after a 429' },
    { body: /^\s*\{\s*"code"\s*:\s*-1003\b/, meaning: 'rate_limited', why: 'too many requests (-1003)' },
    // Nothing is `[]`.
    { status: 200, body: /^\s*(\{\s*\}|null)\s*$/, meaning: 'mismatch', why: 'not a list of bars' },
  ],
  // The longest interval is that of 1000 bars, the most that come at once.
  sources: {
    klines_1m: klines('1m', 'PT1M', 'PT1000M'),
    klines_5m: klines('5m', 'PT5M', 'PT5000M'),
    klines_1h: klines('1h', 'PT1H', 'PT1000H'),
    klines_1d: klines('1d', 'P1D', 'P1000D'),
  },
}

/** No calendar: `[]` is the answer for times before a pair was listed and while trading stood still, which was never for days. */
function klines(interval: string, grain: string, longest: string): Source {
  return {
    contract: 'bars',
    params,
    asks: 'interval',
    // Of its first pairs; others came later, which `first_day` of a pipe says.
    since: '2017-07-14',
    grain,
    longest,
    longestSilence: 'P3D',
    path: '/klines',
    query: {
      symbol: '{symbol}',
      interval,
      startTime: '{start:ms}',
      // A bar that starts at `endTime` is in the answer.
      endTime: '{end:last-ms}',
      limit: '1000',
    },
    headers: { 'X-MBX-TIME-UNIT': 'MILLISECOND' },
    body: {
      kind: 'json',
      each: { bar: `body->'$[*]'` },
      fields: {
        instrument_id: `coalesce(nullif(params->>'instrument', ''), 'crypto:binance:' || (params->>'symbol'))`,
        bar_interval: `'${interval}'`,
        event_time: `coalesce(TRY(epoch_ms(TRY_CAST(bar->>'$[0]' AS BIGINT)))::VARCHAR, bar->>'$[0]')`,
        open: `bar->>'$[1]'`,
        high: `bar->>'$[2]'`,
        low: `bar->>'$[3]'`,
        close: `bar->>'$[4]'`,
        volume: `bar->>'$[5]'`,
        quote_volume: `bar->>'$[7]'`,
        trades: `bar->>'$[8]'`,
        currency: `params->>'quote'`,
        source: `'binance'`,
        taker_buy_volume: `bar->>'$[9]'`,
        taker_buy_quote_volume: `bar->>'$[10]'`,
      },
    },
  }
}
