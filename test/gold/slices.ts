import { expect } from 'vitest'
import { cutKeys, inRangeSql } from '../../src/gold/key-ranges.js'
import { type Interval, slicesToRewrite } from '../../src/gold/touched.js'
import { type GoldLake, readModel } from './gold-lake.js'

/** A table that a model reads, as `silver.bars`, with the SQL of the moment of its rows. */
export type Inputs = Readonly<Record<string, string>>

/**
 * Computes a model at once and then, slice by slice, what changes in `touched` reach, from nothing but the rows that a run would read. Every
 * slice must equal its part of the whole, to the bit; so must, for a model with `series`, each range of them. Gives the digests of all, to
 * compare lakes with. The inputs become views.
 */
export async function expectSlicesEqual(
  lake: GoldLake,
  table: string,
  inputs: Inputs,
  touched: readonly Interval[],
  grain: 'day' | 'month' = 'month',
): Promise<unknown[]> {
  const { sql, partition, series, lookbackMs, lookaheadMs } = await readModel(table)
  for (const name of Object.keys(inputs)) {
    const [layer, dataset] = name.split('.')
    await lake.engine.run(`ALTER TABLE ${name} RENAME TO all_${dataset}`)
    await lake.engine.run(`CREATE VIEW ${name} AS FROM ${layer}.all_${dataset}`)
  }
  await lake.engine.run(`CREATE OR REPLACE TABLE work.at_once AS ${sql}`)
  const found = [await digest(lake, 'work.at_once')]
  if (series !== undefined) await expectRangesEqual(lake, sql, series)
  for (const { rewrite, read } of slicesToRewrite(touched, { grain, lookbackMs, lookaheadMs })) {
    for (const [name, moment] of Object.entries(inputs)) {
      const [layer, dataset] = name.split('.')
      await lake.engine.run(
        `CREATE OR REPLACE VIEW ${name} AS FROM ${layer}.all_${dataset} WHERE ${within(moment, read)}`,
      )
    }
    const own = within(partition, rewrite)
    await lake.engine.run(`CREATE OR REPLACE TABLE work.slice AS FROM (${sql}) WHERE ${own}`)
    const slice = await digest(lake, 'work.slice')
    expect(slice).toEqual(await digest(lake, `(FROM work.at_once WHERE ${own})`))
    found.push(slice)
  }
  return found
}

async function expectRangesEqual(lake: GoldLake, sql: string, series: string): Promise<void> {
  const rows = await lake.rows(`SELECT ${series} AS key, count(*) AS rows FROM work.at_once GROUP BY ALL ORDER BY ALL`)
  const keys = rows.map(row => ({ key: String(row['key']), rows: Number(row['rows']) }))
  const ranges = cutKeys(series, keys, 3)
  expect(ranges.length).toBeGreaterThan(1)
  for (const range of ranges) {
    const own = inRangeSql(range)
    expect(await digest(lake, `(FROM (${sql}) WHERE ${own})`)).toEqual(
      await digest(lake, `(FROM work.at_once WHERE ${own})`),
    )
  }
}

function within(moment: string, { start, end }: Interval): string {
  return `epoch_ms((${moment})::TIMESTAMPTZ) >= ${start} AND epoch_ms((${moment})::TIMESTAMPTZ) < ${end}`
}

async function digest(lake: GoldLake, from: string): Promise<unknown> {
  const [row] = await lake.rows(
    `SELECT count(*) AS n, md5(string_agg(t::VARCHAR, '|' ORDER BY t::VARCHAR)) AS md5 FROM (FROM ${from}) AS t`,
  )
  return row
}
