import fc from 'fast-check'
import { expect } from 'vitest'
import { slicesToRewrite } from '../../src/gold/touched.js'
import { type GoldLake, openGoldLake, type References, readModel } from './gold-lake.js'

/** What a model is computed over. */
export interface Sliced {
  readonly table: string
  /** The models that make what it reads, in order. */
  readonly before: readonly string[]
  /** Every table that it reads and the column of its time: only rows of the interval that a slice may read are seen. */
  readonly inputs: Readonly<Record<string, string>>
  /** SQL that fills the tables of silver for a seed. */
  readonly fill: (seed: number) => string
  readonly references?: References
  /** Columns that tell its rows apart. */
  readonly key: string
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

/** What each slice gave, compared with the same part of the whole, and the whole. */
async function digests(
  { table, before, inputs, fill, references, key, shows }: Sliced,
  seed: number,
  touched: readonly { start: number; end: number }[],
  threads: number,
): Promise<unknown[]> {
  const { sql, lookbackMs } = await readModel(table)
  const lake = await openGoldLake(threads, references)
  try {
    await lake.engine.run(fill(seed))
    for (const input of before) await lake.derive(input)
    for (const input of Object.keys(inputs)) {
      const [layer, name] = input.split('.')
      await lake.engine.run(`ALTER TABLE ${input} RENAME TO all_${name}`)
      await lake.engine.run(`CREATE VIEW ${input} AS FROM ${layer}.all_${name}`)
    }
    await lake.engine.run(`CREATE TABLE gold.at_once AS ${sql}`)
    const [shown] = await lake.rows(`SELECT count(*) FILTER (WHERE ${shows}) > 0 AS some FROM gold.at_once`)
    expect(shown).toEqual({ some: true })
    const found: unknown[] = []
    for (const { rewrite, read } of slicesToRewrite(touched, { grain: 'month', lookbackMs })) {
      for (const [input, time] of Object.entries(inputs)) {
        const [layer, name] = input.split('.')
        await lake.engine.run(
          `CREATE OR REPLACE VIEW ${input} AS FROM ${layer}.all_${name} WHERE ${within(time, read)}`,
        )
      }
      await lake.engine.run(`CREATE OR REPLACE TABLE gold.slice AS FROM (${sql}) WHERE ${within('date', rewrite)}`)
      const slice = await digest(lake, 'gold.slice', key)
      expect(slice).toEqual(await digest(lake, `(FROM gold.at_once WHERE ${within('date', rewrite)})`, key))
      found.push(slice)
    }
    return [...found, await digest(lake, 'gold.at_once', key)]
  } finally {
    lake.close()
  }
}

function within(column: string, { start, end }: { start: number; end: number }): string {
  return `epoch_ms(${column}::TIMESTAMPTZ) >= ${start} AND epoch_ms(${column}::TIMESTAMPTZ) < ${end}`
}

async function digest(lake: GoldLake, from: string, key: string): Promise<unknown> {
  const rows = await lake.rows(
    `SELECT count(*) AS n, md5(string_agg(t::VARCHAR, '|' ORDER BY ${key})) AS md5 FROM ${from} AS t`,
  )
  return rows[0]
}
