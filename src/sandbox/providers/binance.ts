import { type Answer, type Ask, json, type SimulatedProvider } from '../answer.js'
import { coinBySymbol } from '../coins.js'
import { currencyOf, inZloty } from '../currencies.js'
import { fixed, wholeText } from '../digits.js'
import type { Market } from '../market.js'
import { hashText, uniform } from '../noise.js'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** 1970-01-01 was a Thursday; weeks begin on Mondays. */
const FIRST_MONDAY_MS = 4 * DAY_MS
const MOST_BARS = 1000
const USUAL_BARS = 500
/** Trading began. */
const FIRST_MS = Date.UTC(2017, 7, 17, 4)

const INTERVALS: Readonly<Record<string, number>> = {
  '1s': SECOND_MS,
  '1m': MINUTE_MS,
  '3m': 3 * MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '2h': 2 * HOUR_MS,
  '4h': 4 * HOUR_MS,
  '6h': 6 * HOUR_MS,
  '8h': 8 * HOUR_MS,
  '12h': 12 * HOUR_MS,
  '1d': DAY_MS,
  '3d': 3 * DAY_MS,
  '1w': 7 * DAY_MS,
}

/** What coins are traded against, the longest first; the coin or currency whose price it has. */
const QUOTES = ['USDT', 'USDC', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY', 'PLN'] as const

/** Binance spot: klines, `ping` and `time`. Months (`1M`) are not imitated. */
export const binance: SimulatedProvider = { root: '/binance/api/v3', answer: answerTo }

function answerTo(ask: Ask): Answer {
  if (ask.path === '/ping') return json('{}')
  if (ask.path === '/time') return json({ serverTime: ask.nowMs })
  return ask.path === '/klines' ? klines(ask) : json({ code: -1000, msg: 'Path not found.' }, 404)
}

/** At most 1000 bars from `startTime` on, or the last before `endTime`; the newest is still open. Prices are texts. */
function klines({ query, market, nowMs }: Ask): Answer {
  const [symbol, interval] = [query.get('symbol'), query.get('interval')]
  if (symbol === null || symbol === '') return missing('symbol')
  if (interval === null || interval === '') return missing('interval')
  const step = INTERVALS[interval]
  if (step === undefined) return json({ code: -1120, msg: 'Invalid interval.' }, 400)
  const path = pathOf(market, symbol)
  if (path === undefined) return json({ code: -1121, msg: 'Invalid symbol.' }, 400)
  const limit = Math.min(MOST_BARS, Number(query.get('limit') ?? USUAL_BARS))
  const [start, end] = [query.get('startTime'), query.get('endTime')]
  if (!(limit >= 1) || Number.isNaN(Number(start)) || Number.isNaN(Number(end)))
    return json({ code: -1100, msg: 'Illegal characters found in a parameter.' }, 400)
  const offset = step === 7 * DAY_MS ? FIRST_MONDAY_MS : 0
  const newest = Math.floor((Math.min(nowMs, end === null ? nowMs : Number(end)) - offset) / step) * step + offset
  const asked =
    start === null ? newest - (limit - 1) * step : Math.ceil((Number(start) - offset) / step) * step + offset
  const first = Math.max(asked, Math.ceil((FIRST_MS - offset) / step) * step + offset)
  const rows: string[] = []
  const noise = hashText(`${market.seed}:${symbol}:${interval}`)
  for (let at = first; at <= newest && rows.length < limit; at += step)
    rows.push(row(market, path, noise, at, step, nowMs))
  const used = { 'x-mbx-used-weight': '2', 'x-mbx-used-weight-1m': '2' }
  return json(`[${rows.join()}]`, 200, { 'content-type': 'application/json;charset=UTF-8', ...used })
}

function row(
  market: Market,
  path: (ms: number) => number,
  noise: number,
  at: number,
  step: number,
  nowMs: number,
): string {
  const bar = market.bar(path, at, Math.min(at + step, nowMs))
  const decimals = bar.open >= 1 ? 2 : 8
  const zeros = '0'.repeat(8 - decimals)
  const price = (value: number): string => `"${fixed(value, decimals)}${zeros}"`
  const elapsed = Math.min(1, (nowMs - at) / step)
  const quoted = ((5_000_000 * step) / HOUR_MS) * elapsed * (0.5 + uniform(noise, Math.floor(at / SECOND_MS)))
  const volume = quoted / bar.close
  const share = 0.4 + 0.2 * uniform(noise, Math.floor(at / SECOND_MS), 1)
  const trades = Math.max(1, Math.round(quoted / 900))
  const prices = [bar.open, bar.high, bar.low, bar.close].map(price).join()
  const volumes = `"${fixed(volume * share, 5)}000","${fixed(quoted * share, 2)}000000"`
  return `[${wholeText(at)},${prices},"${fixed(volume, 5)}000",${wholeText(at + step - 1)},"${fixed(quoted, 2)}000000",${trades},${volumes},"0"]`
}

function pathOf(market: Market, symbol: string): ((ms: number) => number) | undefined {
  const quote = QUOTES.find(name => symbol.endsWith(name) && symbol !== name)
  if (quote === undefined || symbol !== symbol.toUpperCase()) return undefined
  const coin = coinBySymbol(symbol.slice(0, -quote.length))
  if (coin === undefined) return undefined
  const path = market.path(coin)
  const other = priceOfQuote(market, quote)
  return ms => path(ms) / other(ms)
}

/** In USD. */
function priceOfQuote(market: Market, quote: (typeof QUOTES)[number]): (ms: number) => number {
  if (quote === 'USDT' || quote === 'USDC') return () => 1
  const dollar = market.path(inZloty(currencyOf('USD')!))
  if (quote === 'PLN') return ms => 1 / dollar(ms)
  const currency = currencyOf(quote)
  if (currency === undefined) return market.path(coinBySymbol(quote)!)
  const other = market.path(inZloty(currency))
  return ms => other(ms) / dollar(ms)
}

function missing(name: string): Answer {
  return json({ code: -1102, msg: `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.` }, 400)
}
