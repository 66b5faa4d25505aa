import { type Answer, type Ask, json, keyFits, type SimulatedProvider, sentKey } from '../answer.js'
import { type Coin, coinOf, dollarIn } from '../coins.js'
import { type ChartGrain, chartBody, fine } from './coingecko-chart.js'
import { coinsList, coinsMarkets, simplePrice } from './coingecko-lists.js'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const PUBLIC_REACH_DAYS = 365
/** Nothing is older. */
const FIRST_MS = Date.UTC(2013, 3, 28)

type Plan = 'public' | 'pro'

/** The public address: without a key, or with one in `x-cg-demo-api-key`. History of 365 days. */
export const coingecko: SimulatedProvider = { root: '/coingecko/api/v3', answer: ask => answerTo(ask, 'public') }

/** The address of those who pay: the key stands in `x-cg-pro-api-key`. */
export const coingeckoPro: SimulatedProvider = { root: '/coingecko-pro/api/v3', answer: ask => answerTo(ask, 'pro') }

function answerTo(ask: Ask, plan: Plan): Answer {
  const refusal = refused(ask, plan)
  if (refusal !== undefined) return refusal
  const [, first, second, third, fourth] = ask.path.split('/')
  if (ask.path === '/ping') return json({ gecko_says: '(V3) To the Moon!' })
  if (ask.path === '/coins/list') return cached(coinsList(ask), 300)
  if (ask.path === '/simple/price') return cached(simplePrice(ask), 30)
  if (ask.path === '/coins/markets') return cached(coinsMarkets(ask), 45)
  if (first !== 'coins' || third === undefined)
    return json({ error: 'Incorrect path. Please check https://www.coingecko.com/api/' }, 404)
  const coin = coinOf(second ?? '')
  if (coin === undefined) return json({ error: 'coin not found' }, 404)
  if (third === 'ohlc') return cached(ohlc(ask, coin, plan), 900)
  if (third !== 'market_chart')
    return json({ error: 'Incorrect path. Please check https://www.coingecko.com/api/' }, 404)
  return cached(fourth === 'range' ? chartOfRange(ask, coin, plan) : chartOfDays(ask, coin, plan), 30)
}

function refused(ask: Ask, plan: Plan): Answer | undefined {
  const [demo, pro] = [
    sentKey(ask, 'x-cg-demo-api-key', 'x_cg_demo_api_key'),
    sentKey(ask, 'x-cg-pro-api-key', 'x_cg_pro_api_key'),
  ]
  if (plan === 'public') {
    if (pro !== undefined)
      return coded(
        ask,
        400,
        10010,
        'If you are using Pro API key, please change your root URL from api.coingecko.com to pro-api.coingecko.com',
      )
    return demo === undefined || keyFits(ask, demo) ? undefined : missingKey(ask)
  }
  if (demo !== undefined && pro === undefined)
    return coded(
      ask,
      400,
      10011,
      'If you are using Demo API key, please change your root URL from pro-api.coingecko.com to api.coingecko.com',
    )
  return keyFits(ask, pro) ? undefined : missingKey(ask)
}

function missingKey(ask: Ask): Answer {
  return coded(ask, 401, 10002, 'API Key Missing. Please make sure you are using the right authentication method.')
}

function chartOfDays(ask: Ask, coin: Coin, plan: Plan): Answer {
  const days = ask.query.get('days')
  if (days === null || days === '') return json({ error: 'Missing parameter days' }, 422)
  const count = days === 'max' ? Number.POSITIVE_INFINITY : Number(days)
  if (Number.isNaN(count) || count <= 0) return json({ error: 'Invalid days' }, 422)
  const grain: ChartGrain = count <= 1 ? 'five-minutes' : count <= 90 ? 'hour' : 'day'
  return chart(ask, coin, plan, { fromMs: Math.max(FIRST_MS, ask.nowMs - count * DAY_MS), toMs: ask.nowMs, grain })
}

function chartOfRange(ask: Ask, coin: Coin, plan: Plan): Answer {
  const [from, to] = [ask.query.get('from'), ask.query.get('to')]
  if (from === null || to === null) return json({ error: `Missing parameter ${from === null ? 'from' : 'to'}` }, 422)
  const [fromMs, toMs] = [instant(from), instant(to)]
  if (Number.isNaN(fromMs) || Number.isNaN(toMs) || fromMs > toMs) return json({ error: 'Invalid date range' }, 422)
  const days = (toMs - fromMs) / DAY_MS
  const endsNow = toMs >= ask.nowMs - 5 * MINUTE_MS
  const grain: ChartGrain = days <= 1 && endsNow ? 'five-minutes' : days <= 90 ? 'hour' : 'day'
  return chart(ask, coin, plan, { fromMs, toMs, grain })
}

function chart(ask: Ask, coin: Coin, plan: Plan, span: { fromMs: number; toMs: number; grain: ChartGrain }): Answer {
  const vs = ask.query.get('vs_currency')
  if (vs === null || vs === '') return json({ error: 'Missing parameter vs_currency' }, 422)
  const forced = ask.query.get('interval')
  if (plan === 'public' && (forced === 'hourly' || forced === '5m')) return planTooSmall(ask)
  // A day more than the words say: a range may begin with the day in which the 365th ends.
  if (plan === 'public' && span.fromMs < ask.nowMs - (PUBLIC_REACH_DAYS + 1) * DAY_MS) return beyondReach(ask)
  const grain =
    forced === 'daily' ? 'day' : forced === 'hourly' ? 'hour' : forced === '5m' ? 'five-minutes' : span.grain
  const body = chartBody(ask.market, coin, vs, { ...span, grain }, ask.nowMs)
  return body === undefined ? json({ error: 'invalid vs_currency' }, 400) : json(body)
}

const OHLC_DAYS = ['1', '7', '14', '30', '90', '180', '365']

/** `[close time, open, high, low, close]`; the last candle is still open, and stamped with the time that it will close. */
function ohlc(ask: Ask, coin: Coin, plan: Plan): Answer {
  const { query, market, nowMs } = ask
  const [vs, days] = [query.get('vs_currency'), query.get('days')]
  if (vs === null || vs === '') return json({ error: 'Missing parameter vs_currency' }, 422)
  if (days === null || days === '') return json({ error: 'Missing parameter days' }, 422)
  if (query.get('interval') !== null && plan === 'public') return planTooSmall(ask)
  if (!OHLC_DAYS.includes(days)) return json({ error: 'Invalid days parameter' }, 422)
  const rate = dollarIn(market, vs)
  if (rate === undefined) return json({ error: 'invalid vs_currency' }, 400)
  const step = Number(days) <= 2 ? 30 * MINUTE_MS : Number(days) <= 30 ? 4 * HOUR_MS : 4 * DAY_MS
  const path = market.path(coin)
  const price = (ms: number): number => path(ms) * rate(ms)
  const rows: string[] = []
  const first = Math.ceil((nowMs - Number(days) * DAY_MS) / step) * step
  for (let start = first; start < nowMs; start += step) {
    const { open, high, low, close } = market.bar(price, start, Math.min(start + step, nowMs))
    rows.push(`[${start + step},${fine(open)},${fine(high)},${fine(low)},${fine(close)}]`)
  }
  return json(`[${rows.join()}]`)
}

function planTooSmall(ask: Ask): Answer {
  return coded(ask, 401, 10005, 'This request is limited to PRO API subscribers.')
}

function beyondReach(ask: Ask): Answer {
  const words =
    'Your request exceeds the allowed time range. Public API users are limited to querying historical data within the past 365 days. Upgrade to a paid plan to enjoy full historical data access: https://www.coingecko.com/en/api/pricing.'
  const status = {
    timestamp: new Date(ask.nowMs).toISOString().replace('Z', '+00:00'),
    error_code: 10012,
    error_message: words,
  }
  return json({ error: { status } }, 401)
}

function coded({ nowMs }: Ask, http: number, code: number, message: string): Answer {
  const timestamp = new Date(nowMs).toISOString().replace('Z', '+00:00')
  return json({ status: { timestamp, error_code: code, error_message: message } }, http)
}

/** Unix seconds or a date; answers have milliseconds. */
function instant(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
}

function cached(answer: Answer, seconds: number): Answer {
  if (answer.status !== 200) return answer
  return { ...answer, headers: { ...answer.headers, 'cache-control': `max-age=${seconds}, public, must-revalidate` } }
}
