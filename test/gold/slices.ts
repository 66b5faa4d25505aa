import { expect } from 'vitest'
import { type Interval, slicesToRewrite } from '../../src/gold/touched.js'
import { type GoldLake, readModel } from './gold-lake.js'

/** A table that a model reads, as `silver.bars`, with the SQL of the moment of its rows. */
export type Inputs = Readonly<Record<string, string>>

/**
 * Computes a model at once and then, slice by slice, what changes in `touched` reach, from nothing but the rows that a run would read. Every
 * slice must equal its part of the whole, to the bit. Gives the digests of all, to compare lakes with. The inputs become views.
 */
export async function expectSlicesEqual(
  lake: GoldLake,
  table: string,
  inputs: Inputs,
  touched: readonly Interval[],
  grain: 'day' | 'month' = 'month',
): Promise<unknown[]> {
  const { sql, partition, lookbackMs, lookaheadMs } = await readModel(table)
  for (const name of Object.keys(inputs)) {
    const [layer, dataset] = name.split('.')
    await lake.engine.run(`ALTER TABLE ${name} RENAME TO all_${dataset}`)
    await lake.engine.run(`CREATE VIEW ${name} AS FROM ${layer}.all_${dataset}`)
  }
  await lake.engine.run(`CREATE OR REPLACE TABLE work.at_once AS ${sql}`)
  const found = [await digest(lake, 'work.at_once')]
  for (const { rewrite, read } of slicesToRewrite(touched, { grain, lookbackMs, lookaheadMs })) {
    for (const [name, moment] of Object.entries(inputs)) {
      const [layer, dataset] = name.split('.')
      await lake.engine.run(
        `CREATE OR REPLACE VIEW ${name} AS FROM ${layer}.all_${dataset} WHERE ${within(moment, read)}`,
      )
    }
    const own = within(`${partition}::TIMESTAMPTZ`, rewrite)
    await lake.engine.run(`CREATE OR REPLACE TABLE work.slice AS FROM (${sql}) WHERE ${own}`)
    const slice = await digest(lake, 'work.slice')
    expect(slice).toEqual(await digest(lake, `(FROM work.at_once WHERE ${own})`))
    found.push(slice)
  }
  return found
}

function within(moment: string, { start, end }: Interval): string {
  return `epoch_ms(${moment}) >= ${start} AND epoch_ms(${moment}) < ${end}`
}

async function digest(lake: GoldLake, from: string): Promise<unknown> {
  const [row] = await lake.rows(
    `SELECT count(*) AS n, md5(string_agg(t::VARCHAR, '|' ORDER BY t::VARCHAR)) AS md5 FROM (FROM ${from}) AS t`,
  )
  return row
}
