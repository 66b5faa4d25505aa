import { type Coin, dollarIn } from '../coins.js'
import { decimal, wholeText } from '../digits.js'
import type { Market } from '../market.js'
import { hashText, uniform } from '../noise.js'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** A finished day appears so long after its end. */
const DAY_DELAY_MS = 35 * MINUTE_MS

export type ChartGrain = 'five-minutes' | 'hour' | 'day'

export interface ChartSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly grain: ChartGrain
}

const STEP_MS: Readonly<Record<ChartGrain, number>> = { 'five-minutes': 5 * MINUTE_MS, hour: HOUR_MS, day: DAY_MS }
/** So late may a point be stamped, as a share of a step. Days are stamped exactly. */
const LATENESS: Readonly<Record<ChartGrain, number>> = { 'five-minutes': 0.3, hour: 0.07, day: 0 }

/**
 * The body of a market chart: prices, market values and volumes of the last 24 hours. Points lie in `[fromMs, toMs]`, stamped a little
 * after the grid; the last is "now" when the span reaches it. Undefined when the currency is not supported.
 */
export function chartBody(market: Market, coin: Coin, vs: string, span: ChartSpan, nowMs: number): string | undefined {
  const rate = dollarIn(market, vs)
  if (rate === undefined) return undefined
  const path = market.path(coin)
  const point = (ms: number): { price: number; volume: number } => {
    const price = path(ms) * rate(ms)
    return { price, volume: price * coin.supply * 0.03 * (0.5 + uniform(noise, Math.floor(ms / HOUR_MS))) }
  }
  const noise = hashText(`${market.seed}:${coin.id}:volume`)
  const jitter = hashText(`${market.seed}:${coin.id}:stamp`)
  const step = STEP_MS[span.grain]
  const late = LATENESS[span.grain] * step
  const until = Math.min(span.toMs, span.grain === 'day' ? nowMs - DAY_DELAY_MS : nowMs)
  let [prices, caps, volumes] = ['', '', '']
  const add = (ms: number, { price, volume }: { price: number; volume: number }): void => {
    const start = `${prices === '' ? '[' : ',['}${wholeText(ms)},`
    prices += `${start}${priceText(price)}]`
    caps += `${start}${decimal(price * coin.supply, 2)}]`
    volumes += `${start}${decimal(volume, 2)}]`
  }
  for (let at = Math.floor(span.fromMs / step) * step; at <= until; at += step) {
    const stamp = at + Math.floor(uniform(jitter, Math.floor(at / MINUTE_MS)) * late)
    if (stamp >= span.fromMs && stamp <= until) add(stamp, point(at))
  }
  // What is "now" is told in whole seconds.
  const last = Math.floor(nowMs / SECOND_MS) * SECOND_MS
  if (span.toMs >= last && span.fromMs <= last) add(last, point(last))
  return `{"prices":[${prices}],"market_caps":[${caps}],"total_volumes":[${volumes}]}`
}

/** More digits than a contract keeps, as CoinGecko gives. */
function priceText(price: number): string {
  return decimal(price, price < 1 ? 15 : 9)
}

/** As many digits as CoinGecko gives: more than a contract keeps. */
export function fine(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * FINE) / FINE || value
}

export function coarse(value: number): number {
  return Math.round(value * 100) / 100
}

const FINE = 1e10
