import { currencyOf, inZloty } from './currencies.js'
import type { Market, Quoted } from './market.js'
import { hashText, uniform } from './noise.js'

/** A coin of CoinGecko's list; Binance trades it by its symbol. */
export interface Coin extends Quoted {
  readonly id: string
  /** Lower case; several coins may share one. */
  readonly symbol: string
  readonly name: string
  /** In circulation, in coins. */
  readonly supply: number
  readonly maxSupply: number | null
  /** Place by market value; null for those that have none. */
  readonly rank: number | null
}

/** Invented coins, `coin-1` and so on: enough for a project with thousands of pipes. */
const INVENTED = 10_000

/** Id, symbol, name, price in USD, supply, largest supply. */
const KNOWN = `
bitcoin btc Bitcoin 88000 19900000 21000000
ethereum eth Ethereum 2950 120700000 -
tether usdt Tether 1 138000000000 -
ripple xrp XRP 2.1 58000000000 100000000000
binancecoin bnb BNB 610 139000000 200000000
solana sol Solana 125 540000000 -
usd-coin usdc USDC 1 60000000000 -
dogecoin doge Dogecoin 0.17 149000000000 -
cardano ada Cardano 0.66 36000000000 45000000000
tron trx TRON 0.23 95000000000 -
chainlink link Chainlink 13.8 657000000 1000000000
litecoin ltc Litecoin 83 76000000 84000000
polkadot dot Polkadot 4.1 1560000000 -
shiba-inu shib Shiba-Inu 0.0000127 589000000000000 -
monero xmr Monero 210 18400000 -
stellar xlm Stellar 0.26 31000000000 50000000000
bitcoin-cash bch Bitcoin-Cash 310 19900000 21000000
algorand algo Algorand 0.19 8600000000 10000000000
`

const STABLE = new Set(['tether', 'usd-coin'])

const named: Coin[] = KNOWN.trim()
  .split('\n')
  .map((row, at) => {
    const [id = '', symbol = '', name = '', price, supply, most] = row.split(' ')
    return {
      id,
      symbol,
      name: name.replaceAll('-', ' '),
      key: `coin:${id}`,
      base: Number(price),
      volatility: STABLE.has(id) ? 0.0004 : 0.034,
      factor: STABLE.has(id) ? 'stable' : 'crypto',
      supply: Number(supply),
      maxSupply: most === '-' ? null : Number(most),
      rank: at + 1,
    }
  })

/** Every coin, in the order of their ranks. */
export const COINS: readonly Coin[] = [
  ...named,
  ...Array.from({ length: INVENTED }, (_, at) => inventedCoin(at + 1)),
  ...named.map(bridgedCoin),
]

const BY_ID: ReadonlyMap<string, Coin> = new Map(COINS.map(coin => [coin.id, coin]))
// The first with a symbol keeps it.
const BY_SYMBOL: ReadonlyMap<string, Coin> = new Map(COINS.toReversed().map(coin => [coin.symbol, coin]))

export function coinOf(id: string): Coin | undefined {
  return BY_ID.get(id)
}

export function coinBySymbol(symbol: string): Coin | undefined {
  return BY_SYMBOL.get(symbol.toLowerCase())
}

/**
 * The price of a dollar in a currency or coin of `vs_currency`, as a function of time; undefined for one that is not supported.
 */
export function dollarIn(market: Market, vs: string): ((ms: number) => number) | undefined {
  if (vs === 'usd') return () => 1
  const coin = ['btc', 'eth', 'bnb', 'ltc'].includes(vs) ? coinBySymbol(vs) : undefined
  if (coin !== undefined) {
    const path = market.path(coin)
    return ms => 1 / path(ms)
  }
  const dollar = market.path(inZloty(currencyOf('USD')!))
  if (vs === 'pln') return dollar
  const currency = currencyOf(vs)
  if (currency === undefined || currency.table !== 'A' || currency.until !== undefined) return undefined
  const other = market.path(inZloty(currency))
  return ms => dollar(ms) / other(ms)
}

function inventedCoin(number: number): Coin {
  const id = `coin-${number}`
  const hash = hashText(id)
  return {
    id,
    symbol: `c${number}`,
    name: `Coin ${number}`,
    key: `coin:${id}`,
    base: Number((10 ** (uniform(hash, 1) * 6 - 3)).toPrecision(3)),
    volatility: 0.03 + 0.03 * uniform(hash, 2),
    factor: 'crypto',
    supply: Math.round(10 ** (6 + uniform(hash, 3) * 4)),
    maxSupply: null,
    rank: number % 97 === 0 ? null : named.length + number,
  }
}

/** Another coin with the symbol of a known one: symbols name nothing. */
function bridgedCoin(coin: Coin): Coin {
  const id = `bridged-${coin.id}`
  return {
    ...coin,
    id,
    key: `coin:${id}`,
    name: `Bridged ${coin.name}`,
    supply: Math.round(coin.supply / 1000),
    rank: null,
  }
}
