import { seededRandom } from '../../src/core/random.js'

/** Seeded choices for one lane. Two modes in a lane share it, so that they do not take the same rows. */
export interface Draw {
  /** A whole number of `[from, to)`. */
  int(from: number, to: number): number
  /** A number of `[from, to)`. */
  between(from: number, to: number): number
  pick<T>(from: readonly T[]): T
  chance(share: number): boolean
  /** The place of so many free rows in a row within `[from, to)`, which are then taken; undefined where there are none. */
  block(from: number, to: number, length: number): number | undefined
}

export function drawOf(seed: number): Draw {
  const random = seededRandom(seed)
  const taken = new Set<number>()
  const between = (from: number, to: number): number => from + random() * (to - from)
  const int = (from: number, to: number): number => Math.floor(between(from, to))
  return {
    int,
    between,
    pick: from => from[int(0, from.length)]!,
    chance: share => random() < share,
    block: (from, to, length) => {
      const rows = (at: number): number[] => Array.from({ length }, (_, step) => at + step)
      const free = Array.from({ length: Math.max(0, to - from - length + 1) }, (_, step) => from + step).filter(at =>
        rows(at).every(row => !taken.has(row)),
      )
      if (length === 0 || free.length === 0) return undefined
      const at = free[int(0, free.length)]!
      for (const row of rows(at)) taken.add(row)
      return at
    },
  }
}
