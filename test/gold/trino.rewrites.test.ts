import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { transpile } from '../../scripts/trino/transpile.mjs'
import { readMacros } from '../../src/pipeline/project/macros.js'
import { type EmptyTables, openEmptyTables } from './trino-twins.js'

let tables: EmptyTables
beforeAll(async () => {
  tables = await openEmptyTables()
})
afterAll(() => tables.close())

/** A SELECT over silver.bars in Trino's SQL, without the casts around it, on one line. */
async function inTrino(sql: string): Promise<string> {
  const { engine, project } = tables
  await engine.run(`CREATE OR REPLACE VIEW gold.tried AS ${sql}`)
  const printed = await transpile(engine, { table: 'tried', sql }, await readMacros(project))
  const [, inner] = /^FROM \(\n([\s\S]*)\n\)\n$/m.exec(printed)!
  return inner!.replace(/\s+/g, ' ').trim()
}

/** Expressions over the columns of silver.bars. */
const EXPRESSIONS = [
  ['1 / 2', '1e0 / 2e0'],
  ['trades / 2', 'CAST(trades AS double) / 2e0'],
  ['trades // 2', 'trades / 2'],
  ['close - open', 'CAST(close - open AS decimal(38, 18))'],
  ['2 - (3 - trades)', '2 - (3 - trades)'],
  ['event_time::DATE', `CAST(event_time AT TIME ZONE 'UTC' AS date)`],
  [
    "event_time::DATE - DATE '1970-01-01'",
    `date_diff('day', DATE '1970-01-01', CAST(event_time AT TIME ZONE 'UTC' AS date))`,
  ],
  ['event_time::DATE + 3', `date_add('day', 3, CAST(event_time AT TIME ZONE 'UTC' AS date))`],
  ["trades || ' trades'", `CAST(trades AS varchar) || ' trades'`],
  ['greatest(high, close)', 'array_max(filter(ARRAY[high, close], x -> x IS NOT NULL))'],
  ['to_double(close)', 'CAST(close AS double)'],
  ["{'a': trades, 'b': close}.a", 'CAST(ROW(trades, close) AS row(a bigint, b decimal(38, 18))).a'],
  ['[trades, 1][1]', 'element_at(ARRAY[trades, 1], 1)'],
  ["instrument_id LIKE 'x%' AND trades IS NOT NULL", "instrument_id LIKE 'x%' AND trades IS NOT NULL"],
  [
    'count(*) FILTER (WHERE trades > 1) OVER (ORDER BY event_time ROWS 2 PRECEDING)',
    'count(CASE WHEN trades > 1 THEN 1 END) OVER (ORDER BY event_time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)',
  ],
  [
    'lag(close, 2 IGNORE NULLS) OVER (PARTITION BY instrument_id ORDER BY event_time)',
    'lag(close, 2) IGNORE NULLS OVER (PARTITION BY instrument_id ORDER BY event_time)',
  ],
  [
    'quantile_disc(trades, 0.5) OVER (ORDER BY event_time ROWS 2 PRECEDING)',
    'element_at(transform(ARRAY[array_sort(filter(array_agg(trades) OVER (ORDER BY event_time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), x -> x IS NOT NULL))], l -> element_at(l, greatest(CAST(ceil(CAST(0.5 AS double) * cardinality(l)) AS integer), 1))), 1)',
  ],
] as const

describe('an expression in the SQL of Trino', () => {
  test.each(EXPRESSIONS)('%s', async (ours, theirs) => {
    expect(await inTrino(`SELECT ${ours} AS x FROM silver.bars`)).toBe(`SELECT ${theirs} AS x FROM silver.bars`)
  })
})

const QUERIES = [
  [
    'a star without a column',
    'WITH t AS (SELECT 1 AS a, 2 AS b, 3 AS c) SELECT * EXCLUDE (b) FROM t',
    'WITH t AS ( SELECT 1 AS a, 2 AS b, 3 AS c ) SELECT a, c FROM t',
  ],
  [
    'USING as ON, with names that say where they are from',
    'SELECT instrument_id, b.mid FROM silver.bars AS a JOIN silver.fx_rates AS b USING (instrument_id)',
    'SELECT a.instrument_id, b.mid FROM silver.bars AS a JOIN silver.fx_rates AS b ON a.instrument_id = b.instrument_id',
  ],
  [
    'a name of the list that a later item uses',
    'SELECT trades AS a, a + 1 AS b FROM silver.bars',
    'SELECT trades AS a, trades + 1 AS b FROM silver.bars',
  ],
  [
    'QUALIFY as a subquery',
    'SELECT trades AS t FROM silver.bars QUALIFY row_number() OVER (ORDER BY event_time) = 1',
    'SELECT t FROM ( SELECT trades AS t, row_number() OVER (ORDER BY event_time) = 1 AS _qualified FROM silver.bars ) WHERE _qualified',
  ],
  [
    'a list that is unnested, beside columns',
    'SELECT trades AS t, unnest([1, 2]) AS n FROM silver.bars',
    'SELECT bars.trades AS t, unnested.n FROM silver.bars CROSS JOIN UNNEST(ARRAY[1, 2]) AS unnested (n)',
  ],
  [
    'a list that is unnested after its windows, as DuckDB does',
    'SELECT count(*) OVER () AS c, unnest([1, 2]) AS n FROM silver.bars',
    'SELECT computed.c, unnested.n AS n FROM ( SELECT count(*) OVER () AS c, ARRAY[1, 2] AS _list_1 FROM silver.bars ) AS computed CROSS JOIN UNNEST(computed._list_1) AS unnested (n)',
  ],
  [
    'an ASOF join as one with what lies between two rows',
    'SELECT b.mid AS m FROM silver.bars AS a ASOF LEFT JOIN silver.fx_rates AS b ON a.currency = b.base_currency AND a.event_time >= b.event_time',
    'SELECT b.mid AS m FROM silver.bars AS a LEFT JOIN ( SELECT *, lead(event_time) OVER (PARTITION BY base_currency ORDER BY event_time) AS _next FROM silver.fx_rates AS b WHERE event_time IS NOT NULL ) AS b ON a.currency = b.base_currency AND a.event_time >= b.event_time AND (b._next > a.event_time OR b._next IS NULL)',
  ],
  [
    'GROUP BY ALL as its expressions',
    'SELECT instrument_id, max(trades) AS m FROM silver.bars GROUP BY ALL',
    'SELECT instrument_id, max(trades) AS m FROM silver.bars GROUP BY instrument_id',
  ],
] as const

describe('a query in the SQL of Trino', () => {
  test.each(QUERIES)('has %s', async (_, ours, theirs) => {
    expect(await inTrino(ours)).toBe(theirs)
  })
})

describe('SQL that has no rule for Trino', () => {
  test.each([
    ['SELECT skewness(trades) AS x FROM silver.bars', '`skewness` has no rule'],
    ['SELECT event_time - _known_at AS x FROM silver.bars', 'difference of two times'],
    ["SELECT DATE '2024-01-01' + INTERVAL 1 DAY AS x", 'interval'],
    ["SELECT date_diff('month', DATE '2024-01-31', DATE '2024-02-01') AS x", 'in another way'],
    ["SELECT trades::FLOAT || '' AS x FROM silver.bars", 'FLOAT'],
    ['SELECT a.close AS x FROM silver.bars AS a ASOF JOIN silver.bars AS b ON a.event_time <= b.event_time', 'ASOF'],
    ['SELECT a.close AS x FROM silver.bars AS a FULL JOIN silver.bars AS b USING (close)', 'FULL join'],
    ['SELECT DISTINCT ON (trades) close AS x FROM silver.bars', 'DISTINCT ON'],
    ['SELECT instrument_id AS x FROM silver.bars GROUP BY ROLLUP (instrument_id)', 'several groupings'],
  ])('is refused: %s', async (sql, reason) => {
    await expect(inTrino(sql)).rejects.toThrow(reason)
    await expect(inTrino(sql)).rejects.toThrow('models/gold/tried.sql')
  })
})
