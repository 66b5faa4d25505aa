import { type Answer, type Ask, json } from '../answer.js'
import { COINS, type Coin, coinOf, dollarIn } from '../coins.js'
import { hashText, uniform } from '../noise.js'
import { coarse, fine } from './coingecko-chart.js'

const DAY_MS = 86_400_000
const MOST_PER_PAGE = 250

/** `/coins/list`: every coin. Symbols are not unique. */
export function coinsList({ query }: Ask): Answer {
  const platforms = query.get('include_platform') === 'true' ? { platforms: {} } : {}
  return json(COINS.map(({ id, symbol, name }) => ({ id, symbol, name, ...platforms })))
}

/** `/simple/price`: an id that is not known is not there, and so is one with a blank before it. */
export function simplePrice({ query, market, nowMs }: Ask): Answer {
  const [ids, currencies] = [query.get('ids'), query.get('vs_currencies')]
  if (ids === null || ids === '') return json({ error: 'Missing parameter ids' }, 422)
  if (currencies === null || currencies === '') return json({ error: 'Missing parameter vs_currencies' }, 422)
  const wants = (name: string): boolean => query.get(name) === 'true'
  const updatedMs = nowMs - 20_000
  const found: [string, Record<string, number>][] = []
  for (const coin of ids.split(',').map(coinOf)) {
    if (coin === undefined) continue
    const fields: Record<string, number> = {}
    for (const vs of currencies.split(',')) {
      const rate = dollarIn(market, vs)
      if (rate === undefined) continue
      const price = (ms: number): number => market.price(coin, ms) * rate(ms)
      const now = price(updatedMs)
      fields[vs] = fine(now)
      if (wants('include_market_cap')) fields[`${vs}_market_cap`] = now * coin.supply
      if (wants('include_24hr_vol')) fields[`${vs}_24h_vol`] = now * coin.supply * 0.03
      if (wants('include_24hr_change')) fields[`${vs}_24h_change`] = (now / price(updatedMs - DAY_MS) - 1) * 100
    }
    // Seconds here, where charts have milliseconds.
    if (wants('include_last_updated_at')) fields['last_updated_at'] = Math.floor(updatedMs / 1000)
    found.push([coin.id, fields])
  }
  return json(Object.fromEntries(found))
}

/** `/coins/markets`: a page of coins with their market. */
export function coinsMarkets(ask: Ask): Answer {
  const { query, market } = ask
  const vs = query.get('vs_currency')
  if (vs === null || vs === '') return json({ error: 'Missing parameter vs_currency' }, 422)
  const rate = dollarIn(market, vs)
  if (rate === undefined) return json({ error: 'invalid vs_currency' }, 400)
  const ids = query.get('ids')
  const coins = ids === null || ids === '' ? COINS : ids.split(',').flatMap(id => coinOf(id.trim()) ?? [])
  const size = Math.min(MOST_PER_PAGE, positive(query.get('per_page'), 100))
  const page = positive(query.get('page'), 1)
  return json(coins.slice((page - 1) * size, page * size).map(coin => marketOf(ask, coin, rate)))
}

function marketOf({ market, nowMs }: Ask, coin: Coin, rate: (ms: number) => number): Record<string, unknown> {
  const updatedMs = nowMs - 1000 - Math.floor(uniform(hashText(coin.id), Math.floor(nowMs / 60_000)) * 60_000)
  const path = market.path(coin)
  const price = (ms: number): number => path(ms) * rate(ms)
  const day = market.bar(price, updatedMs - DAY_MS, updatedMs)
  const change = day.close - day.open
  const cap = Math.round(day.close * coin.supply)
  const [high, low] = [fine(coin.base * rate(updatedMs) * 1.6), fine(coin.base * rate(updatedMs) * 0.2)]
  return {
    id: coin.id,
    symbol: coin.symbol,
    name: coin.name,
    image: `https://assets.coingecko.com/coins/images/${coin.rank ?? 0}/large/${coin.id}.png?1547033579`,
    current_price: fine(day.close),
    market_cap: coin.rank === null ? 0 : cap,
    market_cap_rank: coin.rank,
    fully_diluted_valuation: coin.maxSupply === null ? null : Math.round(day.close * coin.maxSupply),
    total_volume: Math.round(cap * 0.03),
    high_24h: fine(day.high),
    low_24h: fine(day.low),
    price_change_24h: fine(change),
    price_change_percentage_24h: fine((change / day.open) * 100),
    market_cap_change_24h: coarse(change * coin.supply),
    market_cap_change_percentage_24h: fine((change / day.open) * 100),
    circulating_supply: coin.supply,
    total_supply: coin.maxSupply,
    max_supply: coin.maxSupply,
    ath: high,
    ath_change_percentage: fine((day.close / high - 1) * 100),
    ath_date: '2025-10-06T18:57:42.558Z',
    atl: low,
    atl_change_percentage: fine((day.close / low - 1) * 100),
    atl_date: '2013-07-06T00:00:00.000Z',
    roi: null,
    last_updated: new Date(updatedMs).toISOString(),
  }
}

function positive(text: string | null, otherwise: number): number {
  const value = Number(text ?? '')
  return Number.isInteger(value) && value > 0 ? value : otherwise
}
