import { hashText, shock, uniform } from './noise.js'
import { rememberedWalk, type Walk, walkOf } from './walk.js'

/** Something that has a price. */
export interface Quoted {
  /** Its name among all series: two with one name have one path. */
  readonly key: string
  /** The price round which the path swings. */
  readonly base: number
  /** Standard deviation of the daily log return, 0..1. */
  readonly volatility: number
  /** Those with one factor move together: half of the variance is the factor's. */
  readonly factor?: string
}

/** Prices are not rounded. Times are milliseconds since the epoch. */
export interface Bar {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/**
 * Prices as a function of (seed, series, time, revision) alone. Revision 0 is what providers said first; another one is what they say
 * after they changed their history.
 */
export interface Market {
  readonly seed: number
  readonly revision: number
  price(quoted: Quoted, ms: number): number
  /** A function for many instants of one series, best asked in order. */
  path(quoted: Quoted): (ms: number) => number
  /** A bar of `[startMs, endMs)`. */
  bar(path: (ms: number) => number, startMs: number, endMs: number): Bar
  /** A number in (0, 1) for a whole number, apart from the price. */
  chance(key: string, at: number): number
  /** The same market with another history. */
  revised(revision: number): Market
}

const DAY_MS = 86_400_000
const WALKS_KEPT = 30_000

export function openMarket(seed: number, revision = 0, walks = new Map<string, Walk>()): Market {
  const walk = (key: string, open: (hash: number) => Walk): Walk => {
    const known = walks.get(key)
    if (known !== undefined) return known
    if (walks.size >= WALKS_KEPT) walks.clear()
    const made = open(hashText(`${seed}:${key}`))
    walks.set(key, made)
    return made
  }
  const path = ({ key, base, volatility, factor }: Quoted): ((ms: number) => number) => {
    const own = walk(key, walkOf)
    const shared = factor === undefined ? undefined : walk(`factor:${factor}`, rememberedWalk)
    const scale = volatility * (shared === undefined ? 1 : Math.SQRT1_2)
    const revising = hashText(`${seed}:${key}:revision`)
    return ms => {
      const first = base * Math.exp(scale * (own(ms) + (shared === undefined ? 0 : shared(ms))))
      return revision === 0 ? first : first * (1 + 0.002 * shock(revising, revision, Math.floor(ms / DAY_MS)))
    }
  }
  return {
    seed,
    revision,
    path,
    price: (quoted, ms) => path(quoted)(ms),
    bar: barOf,
    chance: (key, at) => uniform(hashText(`${seed}:${key}`), at),
    revised: next => openMarket(seed, next, walks),
  }
}

/** Opens and closes at the path; its extremes are those of the path at quarters of the bar. */
function barOf(path: (ms: number) => number, startMs: number, endMs: number): Bar {
  const open = path(startMs)
  let [high, low] = [open, open]
  for (let quarter = 1; quarter < 4; quarter++) {
    const price = path(startMs + ((endMs - startMs) * quarter) / 4)
    high = Math.max(high, price)
    low = Math.min(low, price)
  }
  const close = path(endMs)
  return { open, high: Math.max(high, close), low: Math.min(low, close), close }
}
