import { shock } from './noise.js'

/** Widths of the tents, as powers of two of an hour: from 56 seconds to 341 days, after which the path is back at zero. */
const FINEST = -6
const COARSEST = 13
const LEVELS = COARSEST - FINEST + 1
const HOURS_OF_DAY = 24
const HOUR_MS = 3_600_000

/** From the widest level to the narrowest. A division by a power of two is exact, and so is a multiplication. */
const PER_HOUR = Float64Array.from({ length: LEVELS }, (_, at) => 2 ** (at - COARSEST))
/** Half of the standard deviation that makes increments over a day vary by 1. */
const SCALE = Float64Array.from({ length: LEVELS }, (_, at) => 0.5 * Math.sqrt(2 ** (COARSEST - at) / HOURS_OF_DAY))

/** Quarters of an hour that a walk of many series remembers: four years. */
const REMEMBERED = 2 ** 17
const QUARTER_MS = HOUR_MS / 4

/** The level of a path at an instant (milliseconds since the epoch). Increments over a day have variance near 1. */
export type Walk = (ms: number) => number

/**
 * A random walk in closed form: a sum of tents, each with its own random height (midpoint displacement). So the level of an instant
 * does not depend on the interval that it is asked for in. Heights are kept while the next instant lies below the same tent: instants
 * in order are cheap.
 */
export function walkOf(hash: number): Walk {
  const tents = new Float64Array(LEVELS).fill(Number.NaN)
  const heights = new Float64Array(LEVELS)
  return ms => {
    const hours = ms / HOUR_MS
    let sum = 0
    for (let at = 0; at < LEVELS; at++) {
      const place = hours * PER_HOUR[at]!
      const tent = Math.floor(place)
      const within = place - tent
      // The foot of a tent is the foot of all narrower ones.
      if (within === 0) break
      if (tents[at] !== tent) {
        tents[at] = tent
        heights[at] = shock(hash, at, tent) * SCALE[at]!
      }
      sum += (1 - Math.abs(2 * within - 1)) * heights[at]!
    }
    return sum
  }
}

/** The same walk, for one that many series share: whole quarters of an hour are computed once. */
export function rememberedWalk(hash: number): Walk {
  const walk = walkOf(hash)
  const quarters = new Int32Array(REMEMBERED).fill(-1)
  const levels = new Float64Array(REMEMBERED)
  return ms => {
    const quarter = ms / QUARTER_MS
    if (!Number.isInteger(quarter) || quarter < 0) return walk(ms)
    const at = quarter % REMEMBERED
    if (quarters[at] !== quarter) {
      quarters[at] = quarter
      levels[at] = walk(ms)
    }
    return levels[at]!
  }
}
