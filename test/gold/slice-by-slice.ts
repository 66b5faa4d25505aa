import fc from 'fast-check'
import { expect } from 'vitest'
import type { Interval } from '../../src/gold/touched.js'
import { openGoldLake, type References } from './gold-lake.js'
import { expectSlicesEqual, type Inputs } from './slices.js'

/** What a model is computed over. */
export interface Sliced {
  readonly table: string
  /** The models that make what it reads, in order. */
  readonly before: readonly string[]
  /** Every table that it reads and the column of its time: only rows of the interval that a slice may read are seen. */
  readonly inputs: Inputs
  /** SQL that fills the tables of silver for a seed. */
  readonly fill: (seed: number) => string
  readonly references?: References
  /** What some of its rows must be, or nothing was shown. */
  readonly shows: string
  /** Of the days that may change: the first, and how many follow. */
  readonly first: string
  readonly days: number
  readonly runs: number
}

const ms = (date: string): number => Date.parse(date)
const DAY = 86_400_000

/** A model computed for random changes slice by slice gives the rows, to the bit, that it gives at once; with one thread and with two. */
export async function expectSlicesToEqualWhole(sliced: Sliced): Promise<void> {
  const change = fc.record({
    start: fc.integer({ min: 0, max: sliced.days }),
    length: fc.integer({ min: 1, max: 40 }),
  })
  const changes = fc.array(change, { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1000 }), changes, async (seed, found) => {
      const touched = found.map(({ start, length }) => ({
        start: ms(sliced.first) + start * DAY,
        end: ms(sliced.first) + (start + length) * DAY,
      }))
      const [one, two] = [await digests(sliced, seed, touched, 1), await digests(sliced, seed, touched, 2)]
      expect(one).toEqual(two)
    }),
    { numRuns: sliced.runs },
  )
}

/** What all of it and each slice gave. */
async function digests(
  { table, before, inputs, fill, references, shows }: Sliced,
  seed: number,
  touched: readonly Interval[],
  threads: number,
): Promise<unknown[]> {
  const lake = await openGoldLake(threads, references)
  try {
    await lake.engine.run(fill(seed))
    for (const input of before) await lake.derive(input)
    const found = await expectSlicesEqual(lake, table, inputs, touched)
    const [shown] = await lake.rows(`SELECT count(*) FILTER (WHERE ${shows}) > 0 AS some FROM work.at_once`)
    expect(shown).toEqual({ some: true })
    return found
  } finally {
    lake.close()
  }
}
