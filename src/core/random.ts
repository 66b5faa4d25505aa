/** A number in [0, 1). Passed in, so that a simulation can be repeated. */
export type Random = () => number

export const systemRandom: Random = () => Math.random()

/** Numbers that depend on the seed alone (mulberry32): for tests and simulations, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
