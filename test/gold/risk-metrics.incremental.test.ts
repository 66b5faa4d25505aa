import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { slicesToRewrite } from '../../src/gold/touched.js'
import { type GoldLake, openGoldLake, readModel } from './gold-lake.js'

/** Random walks with gaps, in the shape of silver: a year with few and a year with many missing days. */
function history(seed: number, days: number): string {
  return `INSERT INTO silver.bars (instrument_id, bar_interval, event_time, close, _known_at)
    SELECT 'i' || k, '1d', make_timestamptz(1577836800000000 + d * 86400000000),
      (100 + k + (hash(d, k, ${seed}) % 4000) / 1000.0 + d % 97)::DECIMAL(38,18),
      make_timestamptz(1577836800000000 + d * 86400000000 + (hash(k, d, ${seed} + 1) % 900000000000)::BIGINT)
    FROM range(${days}) AS days(d), range(5) AS instruments(k)
    WHERE hash(d, ${seed}, k) % 10 < CASE WHEN (d // 200) % 2 = 0 THEN 9 ELSE 5 + k END`
}

const INPUTS = ['returns_daily', 'volatility']

const COLUMNS =
  'instrument_id, date, metric, window_observations, value, reason, method, observations, coverage, _known_at'

async function digest(lake: GoldLake, from: string): Promise<unknown> {
  return (
    await lake.rows(`SELECT count(*) AS n, md5(string_agg(row::VARCHAR, '|' ORDER BY instrument_id, date, metric)) AS md5
    FROM (SELECT *, (${COLUMNS}) AS row FROM ${from})`)
  )[0]
}

const ms = (date: string): number => Date.parse(date)

describe('risk_metrics', () => {
  test('recomputed slice by slice equals computed at once, to the bit, with one and two threads', async () => {
    const { sql, lookbackMs } = await readModel('risk_metrics')
    const change = fc.record({ start: fc.integer({ min: 0, max: 1500 }), days: fc.integer({ min: 1, max: 40 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1000 }),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (seed, changes) => {
          const found: unknown[] = []
          for (const threads of [1, 2]) {
            const lake = await openGoldLake(threads)
            try {
              await lake.engine.run(history(seed, 1600))
              for (const input of INPUTS) {
                await lake.derive(input)
                await lake.engine.run(`ALTER TABLE gold.${input} RENAME TO all_${input}`)
                await lake.engine.run(`CREATE VIEW gold.${input} AS FROM gold.all_${input}`)
              }
              await lake.engine.run(`CREATE TABLE gold.at_once AS ${sql}`)
              const touched = changes.map(({ start, days }) => ({
                start: ms('2020-01-01') + start * 86_400_000,
                end: ms('2020-01-01') + (start + days) * 86_400_000,
              }))
              for (const { rewrite, read } of slicesToRewrite(touched, { grain: 'month', lookbackMs })) {
                const within = (column: string, { start, end }: { start: number; end: number }): string =>
                  `epoch_ms(${column}) >= ${start} AND epoch_ms(${column}) < ${end}`
                for (const input of INPUTS)
                  await lake.engine.run(
                    `CREATE OR REPLACE VIEW gold.${input} AS FROM gold.all_${input} WHERE ${within('date::TIMESTAMPTZ', read)}`,
                  )
                await lake.engine.run(
                  `CREATE OR REPLACE TABLE gold.slice AS FROM (${sql}) WHERE ${within('date::TIMESTAMPTZ', rewrite)}`,
                )
                const whole = `(FROM gold.at_once WHERE ${within('date::TIMESTAMPTZ', rewrite)})`
                const slice = await digest(lake, 'gold.slice')
                expect(slice).toEqual(await digest(lake, whole))
                found.push(slice)
              }
              found.push(await digest(lake, 'gold.at_once'))
            } finally {
              lake.close()
            }
          }
          expect(found.slice(0, found.length / 2)).toEqual(found.slice(found.length / 2))
        },
      ),
      { numRuns: 4 },
    )
  })
})
