import { currencyOf, inZloty, type ListedCurrency } from '../currencies.js'
import type { Market, Quoted } from '../market.js'
import { GOLD_OUNCE } from '../metals.js'
import { hashText, uniform } from '../noise.js'

/** Something on Stooq. */
export interface StooqSymbol {
  readonly name: string
  readonly kind: 'share' | 'index' | 'pair'
  /** MIC whose sessions have a bar; undefined: every weekday. */
  readonly mic: string | undefined
  path(market: Market): (ms: number) => number
  /** Typical units in a day; undefined where there is no column for it. */
  readonly volume: number | undefined
}

const MARKETS: Readonly<Record<string, string>> = { us: 'XNYS', uk: 'XLON', de: 'XETR', jp: 'XTKS', hk: 'XHKG' }

/** Name and level. Levels in London are in pence. */
const SHARES = `aapl.us 230,msft.us 430,nvda.us 140,ibm.us 220,jpm.us 240,ko.us 65,xom.us 115,vod.uk 72.5,hsba.uk 760,bp.uk 405,
sap.de 240,sie.de 195,7203.jp 2700,6758.jp 3100,700.hk 420,pkn 66.9,pko 61,pzu 48,kgh 140,cdr 190,acp 92,ccc 165,cps 13,ale 31`

const INDICES = 'spx XNYS 5800,ndq XNYS 18600,dax XETR 20000,nkx XTKS 38500,ukx XLON 8300'
/** Indices of Warsaw have no `^`. */
const WARSAW_INDICES = 'wig 82000,wig20 2300,mwig40 6100'

/** A symbol in lower case; `sim1` to `sim9999`, with or without the suffix of a market, are invented shares. */
export function stooqSymbol(name: string): StooqSymbol | undefined {
  return LISTED.get(name) ?? inventedShare(name) ?? pair(name)
}

const LISTED: ReadonlyMap<string, StooqSymbol> = new Map(
  [
    ...SHARES.split(/,\s*/).map(row => share(row.split(' ')[0]!, Number(row.split(' ')[1]))),
    ...INDICES.split(',').map(row => index(`^${row.split(' ')[0]}`, row.split(' ')[1]!, Number(row.split(' ')[2]))),
    ...WARSAW_INDICES.split(',').map(row => index(row.split(' ')[0]!, 'XWAR', Number(row.split(' ')[1]))),
  ].map(symbol => [symbol.name, symbol]),
)

function share(name: string, base: number): StooqSymbol {
  const quoted: Quoted = { key: `share:${name}`, base, volatility: 0.016, factor: 'share' }
  const mic = MARKETS[name.split('.')[1] ?? ''] ?? 'XWAR'
  return { name, kind: 'share', mic, path: market => market.path(quoted), volume: 2_000_000 }
}

function index(name: string, mic: string, base: number): StooqSymbol {
  const quoted: Quoted = { key: `index:${name}`, base, volatility: 0.01, factor: 'share' }
  return { name, kind: 'index', mic, path: market => market.path(quoted), volume: 1_900_000_000 }
}

function inventedShare(name: string): StooqSymbol | undefined {
  if (!/^sim[1-9]\d{0,3}(\.(us|uk|de|jp|hk))?$/.test(name)) return undefined
  return share(name, Number((5 + 500 * uniform(hashText(name), 0)).toFixed(2)))
}

/** `usdpln`, `xauusd`: the price of the first in the second. Per 100 where a yen stands against the złoty, as Stooq prints it. */
function pair(name: string): StooqSymbol | undefined {
  if (!/^[a-z]{6}$/.test(name)) return undefined
  const [base, quote] = [name.slice(0, 3), name.slice(3)]
  const [top, bottom] = [zlotyPath(base), zlotyPath(quote)]
  if (top === undefined || bottom === undefined || base === quote) return undefined
  const units = name === 'jpypln' ? 100 : 1
  const path = (market: Market): ((ms: number) => number) => {
    const [over, under] = [top(market), bottom(market)]
    return ms => (units * over(ms)) / under(ms)
  }
  return { name, kind: 'pair', mic: undefined, path, volume: undefined }
}

/** The price of one unit in PLN. */
function zlotyPath(code: string): ((market: Market) => (ms: number) => number) | undefined {
  if (code === 'pln') return () => () => 1
  const currency: ListedCurrency | undefined = currencyOf(code === 'xau' ? 'usd' : code)
  if (currency === undefined) return undefined
  return market => {
    const path = market.path(inZloty(currency))
    if (code !== 'xau') return path
    const gold = market.path(GOLD_OUNCE)
    return ms => gold(ms) * path(ms)
  }
}
