import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listInputs } from '../../../src/gold/lineage/inputs.js'
import { openSmallSql, type SmallSql } from './small-sql.js'

let small: SmallSql
beforeAll(async () => {
  small = await openSmallSql()
})
afterAll(() => small.close())

/** Each column of a SELECT as one text: `bars.close IDENTITY, bars.day SORT`; `rows` is what decides which rows there are. */
const lineage = (sql: string, ...columns: string[]) => small.lineage(sql, columns)

/** The same of one column `x`. */
async function of(sql: string): Promise<string | undefined> {
  return (await lineage(sql, 'x'))['x']
}

describe('expressions', () => {
  test.each([
    ['a column as it is', 'SELECT close AS x FROM silver.bars', 'bars.close IDENTITY'],
    ['a qualified one', 'SELECT silver.bars.close AS x FROM silver.bars', 'bars.close IDENTITY'],
    ['a constant', 'SELECT 1 AS x FROM silver.bars', ''],
    [
      'a computation',
      'SELECT close / open AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    ['a cast', 'SELECT close::DOUBLE AS x FROM silver.bars', 'bars.close TRANSFORMATION'],
    [
      'CASE',
      "SELECT CASE WHEN money = 'USD' THEN close ELSE open + 1 END AS x FROM silver.bars",
      'bars.close IDENTITY, bars.money CONDITIONAL, bars.open TRANSFORMATION',
    ],
    ['CASE of a value', "SELECT CASE money WHEN 'a' THEN 1 ELSE 2 END AS x FROM silver.bars", 'bars.money CONDITIONAL'],
    [
      'coalesce',
      'SELECT coalesce(close, open, 0) AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    [
      'BETWEEN, IN and AND',
      'SELECT close BETWEEN open AND 5 AND money IN (id) AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.id TRANSFORMATION, bars.money TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    ['a name that is nowhere', 'SELECT clsoe AS x FROM silver.bars', 'unknown: nothing is called clsoe'],
    [
      'a table without a contract',
      'SELECT v AS x FROM silver.strange',
      'unknown: the columns of silver.strange are not known',
    ],
    [
      'a name that two tables have',
      'SELECT day AS x FROM silver.bars, gold.events',
      'events.day IDENTITY, bars.day IDENTITY, unknown: day can be one of several columns',
    ],
    [
      'a row as a whole',
      'SELECT b AS x FROM (SELECT close, open FROM silver.bars) AS b',
      'bars.close IDENTITY, bars.open IDENTITY',
    ],
  ])('of %s', async (_, sql, expected) => {
    expect(await of(sql)).toBe(expected)
  })

  test.each([
    ['aggregates', 'SELECT sum(close) AS x FROM silver.bars GROUP BY id', 'bars.close AGGREGATION'],
    [
      'those with a filter and an order',
      'SELECT list(close ORDER BY day) FILTER (WHERE open > 0) AS x FROM silver.bars',
      'bars.close AGGREGATION, bars.day SORT, bars.open FILTER',
    ],
    ['those that pick', 'SELECT max_by(close, day) AS x FROM silver.bars', 'bars.close AGGREGATION, bars.day SORT'],
    ['counted rows', 'SELECT count(*) AS x FROM silver.bars WHERE open > 0', 'bars.* AGGREGATION'],
    [
      'windows',
      'SELECT sum(close) OVER (PARTITION BY id ORDER BY day ROWS 4 PRECEDING) AS x FROM silver.bars',
      'bars.close AGGREGATION, bars.day WINDOW, bars.id WINDOW',
    ],
    [
      'named windows',
      'SELECT lag(close) OVER w AS x FROM silver.bars WINDOW w AS (PARTITION BY id ORDER BY day)',
      'bars.close TRANSFORMATION, bars.day WINDOW, bars.id WINDOW',
    ],
    [
      'row numbers',
      'SELECT row_number() OVER (ORDER BY day) AS x FROM silver.bars',
      'bars.* AGGREGATION, bars.day WINDOW',
    ],
    [
      'windows with a filter and a default',
      'SELECT lag(close, 1, open) OVER (ORDER BY day) AS x, FROM silver.bars',
      'bars.close TRANSFORMATION, bars.day WINDOW, bars.open IDENTITY',
    ],
  ])('of %s', async (_, sql, expected) => {
    expect(await of(sql)).toBe(expected)
  })
})

describe('structs and lists', () => {
  const packed = "SELECT id, {'c': close, 'o': open + 1} AS s FROM silver.bars"

  test.each([
    ['a field', `SELECT s.c AS x FROM (${packed})`, 'bars.close IDENTITY'],
    ['a field in parentheses', `SELECT (s).o AS x FROM (${packed})`, 'bars.open TRANSFORMATION'],
    ['a field by its text', `SELECT s['c'] AS x FROM (${packed})`, 'bars.close IDENTITY'],
    ["a field of a table's struct", `SELECT t.s.c AS x FROM (${packed}) AS t`, 'bars.close IDENTITY'],
    [
      'a whole struct',
      `SELECT to_json(s) AS x FROM (${packed})`,
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    [
      'a field that the struct lacks',
      `SELECT s.z AS x FROM (${packed})`,
      'bars.close IDENTITY, bars.open TRANSFORMATION, unknown: the struct has no field z',
    ],
    [
      'a field of a row before',
      `SELECT (lag(s) OVER (ORDER BY id)).c AS x FROM (${packed})`,
      'bars.close TRANSFORMATION, bars.id WINDOW',
    ],
    [
      'a field of the row that max_by picks',
      `SELECT max_by(s, id).c AS x FROM (${packed})`,
      'bars.close AGGREGATION, bars.id SORT',
    ],
    [
      'a field of one of two structs',
      `SELECT CASE WHEN id = 'a' THEN s ELSE {'c': 0, 'o': 1} END.c AS x FROM (${packed})`,
      'bars.close IDENTITY, bars.id CONDITIONAL',
    ],
    ['all fields', `SELECT c AS x FROM (SELECT s.* FROM (${packed}))`, 'bars.close IDENTITY'],
    [
      'structs that are unnested',
      `SELECT m.v AS x FROM (SELECT unnest([{'k': 'a', 'v': close}, {'k': 'b', 'v': open}]) AS m FROM silver.bars)`,
      'bars.close IDENTITY, bars.open IDENTITY',
    ],
    [
      'their other field',
      `SELECT m.k AS x FROM (SELECT unnest([{'k': 'a', 'v': close}, {'k': 'b', 'v': open}]) AS m FROM silver.bars)`,
      '',
    ],
    [
      'columns that unnest makes',
      `SELECT k || v AS x FROM (SELECT unnest([{'k': 'a', 'v': close}], recursive := true) FROM silver.bars)`,
      'bars.close TRANSFORMATION',
    ],
    [
      'an element',
      'SELECT [close, open][1] AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    [
      'a lambda',
      "SELECT list_transform(list_filter(l, lambda e: e.d > day), lambda e: e.c) AS x FROM (SELECT day, list({'d': day, 'c': close}) AS l FROM silver.bars GROUP BY ALL)",
      'bars.close AGGREGATION, bars.day CONDITIONAL',
    ],
    [
      'an element that a lambda chose',
      'SELECT list_filter([close, 1], lambda e: e > open)[1] AS x FROM silver.bars',
      'bars.close TRANSFORMATION+CONDITIONAL, bars.open CONDITIONAL',
    ],
    [
      'a list comprehension',
      'SELECT [2 * e FOR e IN [close, open] IF e > 1] AS x FROM silver.bars',
      'bars.close TRANSFORMATION+CONDITIONAL, bars.open TRANSFORMATION+CONDITIONAL',
    ],
    [
      'another function with a lambda',
      'SELECT list_reduce([close, 1], lambda a, b: a + b + open) AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
  ])('give %s', async (_, sql, expected) => {
    expect(await of(sql)).toBe(expected)
  })

  test('decide rows by the length of an unnested list, unless that is written down', async () => {
    const rows = async (list: string) => (await lineage(`SELECT unnest(${list}) AS x FROM silver.bars`, 'x'))['rows']
    expect(await rows('[close, open]')).toBe('bars.* IDENTITY')
    expect(await rows('range(open::BIGINT)')).toBe('bars.* IDENTITY, bars.open FILTER')
    expect(await rows('list_filter([close], lambda e: e > open)')).toBe(
      'bars.* IDENTITY, bars.close CONDITIONAL, bars.open CONDITIONAL',
    )
  })
})

describe('macros', () => {
  test.each([
    ['are expanded', 'SELECT doubled(close) AS x FROM silver.bars', 'bars.close TRANSFORMATION'],
    [
      'call others',
      'SELECT change(close, id, day) AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.day WINDOW, bars.id WINDOW',
    ],
    ['take defaults', 'SELECT scaled(close) AS x FROM silver.bars', 'bars.close TRANSFORMATION'],
    [
      'take parameters by name',
      'SELECT scaled(close, factor := open) AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    ['make structs', 'SELECT pair(close, open).second AS x FROM silver.bars', 'bars.open IDENTITY'],
    [
      'aggregate',
      'SELECT whole(close) AS x FROM silver.bars',
      'bars.* CONDITIONAL, bars.close AGGREGATION+CONDITIONAL',
    ],
  ])('%s', async (_, sql, expected) => {
    expect(await of(sql)).toBe(expected)
  })

  test('count as aggregates for GROUP BY ALL', async () => {
    expect(await lineage('SELECT id, whole(close) AS x FROM silver.bars GROUP BY ALL')).toEqual({
      rows: 'bars.* AGGREGATION, bars.id GROUP_BY',
    })
  })
})

describe('FROM', () => {
  test.each([
    ['a CTE', 'WITH a AS (SELECT close AS c FROM silver.bars) SELECT c AS x FROM a', 'bars.close IDENTITY'],
    [
      'a CTE with named columns',
      'WITH a(c) AS (SELECT close FROM silver.bars) SELECT c AS x FROM a',
      'bars.close IDENTITY',
    ],
    [
      'a CTE named as its table',
      'WITH bars AS (SELECT open AS close FROM silver.bars) SELECT close AS x FROM bars',
      'bars.open IDENTITY',
    ],
    [
      'a CTE that hides another',
      'WITH a AS (SELECT close AS c FROM silver.bars), b AS (WITH a AS (SELECT open AS c FROM silver.bars) SELECT c FROM a) SELECT a.c + b.c AS x FROM a, b',
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    [
      'a CTE read twice',
      'WITH a AS (SELECT id, close FROM silver.bars) SELECT p.close - q.close AS x FROM a AS p, a AS q',
      'bars.close TRANSFORMATION',
    ],
    [
      'a recursive CTE',
      'WITH RECURSIVE r AS (SELECT close AS c, open AS o, 0 AS n FROM silver.bars UNION ALL SELECT o, c + 1, n + 1 FROM r WHERE n < 3) SELECT c AS x FROM r',
      'bars.close IDENTITY+TRANSFORMATION, bars.open IDENTITY+TRANSFORMATION',
    ],
    ['VALUES', "SELECT b AS x FROM (VALUES ('k', 1)) AS v(a, b)", ''],
    ['a reference table', 'SELECT parts AS x FROM reference.units', 'units.parts IDENTITY'],
    [
      'unnest',
      'SELECT e AS x FROM silver.bars, unnest([close, open]) AS u(e)',
      'bars.close IDENTITY, bars.open IDENTITY',
    ],
    [
      'a lateral subquery',
      'SELECT d AS x FROM silver.bars AS b, (SELECT b.close * 2 AS d)',
      'bars.close TRANSFORMATION',
    ],
    [
      'the second of two columns of a name',
      'SELECT v_1 AS x FROM (SELECT close AS v, open AS v FROM silver.bars)',
      'bars.open IDENTITY',
    ],
    [
      'a table function that nobody knows',
      'SELECT v AS x FROM strange(1)',
      'unknown: what strange gives is not understood',
    ],
    [
      'PIVOT',
      'SELECT * FROM (PIVOT silver.bars ON money IN (1) USING sum(close))',
      'unknown: what pivot gives is not understood',
    ],
  ])('reads %s', async (_, sql, expected) => {
    expect(await of(sql)).toBe(expected)
  })

  test.each([
    ['USING takes the left side', 'SELECT id AS x FROM silver.bars JOIN gold.events USING (id)', 'bars.id IDENTITY'],
    [
      'USING takes both sides of a full join',
      'SELECT id AS x FROM silver.bars FULL JOIN gold.events USING (id)',
      'events.id IDENTITY, bars.id IDENTITY',
    ],
    [
      'USING takes the right side of a right join',
      'SELECT id AS x FROM silver.bars RIGHT JOIN gold.events USING (id)',
      'events.id IDENTITY',
    ],
    ['NATURAL finds the names', 'SELECT day AS x FROM silver.bars NATURAL JOIN gold.events', 'bars.day IDENTITY'],
    [
      'a positional join is not understood',
      'SELECT note AS x FROM silver.bars POSITIONAL JOIN gold.events',
      'events.note IDENTITY, unknown: a positional join pairs rows by their order',
    ],
    [
      'what it joins by is a matter of the joined columns',
      'SELECT sector AS x FROM silver.bars AS b LEFT JOIN silver.facts AS f ON f.id = b.id',
      'bars.id JOIN, facts.* JOIN, facts.id JOIN, facts.sector IDENTITY',
    ],
    [
      'so it is when it finds the newest',
      'SELECT note AS x FROM silver.bars AS b ASOF LEFT JOIN gold.events AS e ON e.id = b.id AND b.day >= e.day',
      'events.* JOIN, events.day JOIN, events.id JOIN, events.note IDENTITY, bars.day JOIN, bars.id JOIN',
    ],
  ])('joins: %s', async (_, sql, expected) => {
    expect(await of(sql)).toBe(expected)
  })

  test.each([
    [
      'an inner join',
      'JOIN gold.events AS o ON o.id = b.id',
      'events.* IDENTITY, events.id JOIN, bars.* IDENTITY, bars.id JOIN',
    ],
    [
      'a left join that finds one at most',
      'LEFT JOIN silver.facts AS o ON o.id = b.id AND o.since < b.day',
      'bars.* IDENTITY',
    ],
    ['one by USING', 'LEFT JOIN silver.facts AS o USING (id)', 'bars.* IDENTITY'],
    [
      'a left join that may find several',
      'LEFT JOIN gold.events AS o ON o.id = b.id',
      'events.* IDENTITY, events.id JOIN, bars.* IDENTITY, bars.id JOIN',
    ],
    ['one by a part of the key', 'LEFT JOIN silver.bars AS o ON o.id = b.id', 'bars.* IDENTITY, bars.id JOIN'],
    [
      'one by the key of both',
      'LEFT JOIN silver.facts AS o ON o.id = o.sector',
      'bars.* IDENTITY, facts.* IDENTITY, facts.id JOIN, facts.sector JOIN',
    ],
    [
      'one to a group',
      'LEFT JOIN (SELECT id AS k, max(note) AS n FROM gold.events GROUP BY id) AS o ON o.k = b.id',
      'bars.* IDENTITY',
    ],
    [
      'one to the first of each',
      'LEFT JOIN (SELECT * FROM gold.events QUALIFY row_number() OVER (PARTITION BY id ORDER BY day) = 1) AS o ON o.id = b.id',
      'bars.* IDENTITY',
    ],
    ['one to distinct rows', 'LEFT JOIN (SELECT DISTINCT id FROM gold.events) AS o ON o.id = b.id', 'bars.* IDENTITY'],
    [
      'one to a group that was joined again',
      'LEFT JOIN (SELECT f.id AS k, day AS d FROM silver.facts AS f JOIN silver.bars AS i ON i.id = f.id) AS o ON o.k = b.id AND o.d = b.day',
      'bars.* IDENTITY',
    ],
    [
      'a semi join',
      'SEMI JOIN gold.events AS o ON o.id = b.id',
      'events.* IDENTITY, events.id JOIN, bars.* IDENTITY, bars.id JOIN',
    ],
    ['a cross join', 'CROSS JOIN reference.units AS o', 'units.* IDENTITY, bars.* IDENTITY'],
  ])('rows of %s', async (_, join, expected) => {
    const { rows } = await lineage(`SELECT 1 AS x FROM silver.bars AS b ${join}`)
    expect(rows!.split(', ').sort()).toEqual(expected.split(', ').sort())
  })
})

describe('SELECT', () => {
  test.each([
    ['*', 'SELECT close AS x FROM (SELECT * FROM silver.bars)', 'bars.close IDENTITY'],
    ['t.*', 'SELECT note AS x FROM (SELECT e.* FROM silver.bars, gold.events AS e)', 'events.note IDENTITY'],
    [
      'EXCLUDE',
      'SELECT close AS x FROM (SELECT * EXCLUDE (close) FROM silver.bars)',
      'unknown: nothing is called close',
    ],
    [
      'EXCLUDE of one table',
      'SELECT day AS x FROM (SELECT * EXCLUDE (e.day, e.id) FROM silver.bars, gold.events AS e)',
      'bars.day IDENTITY',
    ],
    [
      'REPLACE',
      'SELECT close AS x FROM (SELECT * REPLACE (open + 1 AS close) FROM silver.bars)',
      'bars.open TRANSFORMATION',
    ],
    ['RENAME', 'SELECT c AS x FROM (SELECT * RENAME (close AS c) FROM silver.bars)', 'bars.close IDENTITY'],
    ['* of USING', 'SELECT id AS x FROM (SELECT * FROM silver.bars JOIN silver.facts USING (id))', 'bars.id IDENTITY'],
    ['COLUMNS', "SELECT close AS x FROM (SELECT COLUMNS('cl.*') FROM silver.bars)", 'bars.close IDENTITY'],
    [
      'expressions of COLUMNS',
      'SELECT max(COLUMNS(*)) FROM silver.bars',
      'unknown: an expression of COLUMNS(…) or * is not understood',
    ],
    [
      '* of a table that nobody knows',
      'SELECT * FROM silver.strange',
      'unknown: the columns of silver.strange are not known',
    ],
    [
      'aliases of the same SELECT',
      'SELECT close * 2 AS twice, twice + open AS x FROM silver.bars',
      'bars.close TRANSFORMATION, bars.open TRANSFORMATION',
    ],
    ['columns before aliases', 'SELECT open AS close, close AS x FROM silver.bars', 'bars.close IDENTITY'],
    [
      'UNION ALL by position',
      'SELECT close AS x, 1 AS y FROM silver.bars UNION ALL SELECT parts, 2 FROM reference.units',
      'units.parts IDENTITY, bars.close IDENTITY',
    ],
    [
      'UNION ALL BY NAME',
      'SELECT close AS x, 1 AS y FROM silver.bars UNION ALL BY NAME SELECT 2 AS y, parts AS x FROM reference.units',
      'units.parts IDENTITY, bars.close IDENTITY',
    ],
    [
      'UNION with a table that nobody knows',
      'SELECT close AS x FROM silver.bars UNION ALL SELECT * FROM silver.strange',
      'bars.close TRANSFORMATION, unknown: the columns of silver.strange are not known',
    ],
    ['EXCEPT', 'SELECT close AS x FROM silver.bars EXCEPT SELECT parts FROM reference.units', 'bars.close IDENTITY'],
    [
      'a scalar subquery',
      'SELECT (SELECT max(parts) FROM reference.units WHERE code = b.money) AS x FROM silver.bars AS b',
      'units.* FILTER, units.code FILTER, units.parts AGGREGATION, bars.money FILTER',
    ],
    [
      'EXISTS',
      'SELECT EXISTS (SELECT 1 FROM reference.units WHERE code = money) AS x FROM silver.bars',
      'units.* FILTER, units.code FILTER, bars.money FILTER',
    ],
    [
      'IN of a subquery',
      'SELECT money IN (SELECT code FROM reference.units) AS x FROM silver.bars',
      'units.* FILTER, units.code TRANSFORMATION, bars.money TRANSFORMATION',
    ],
    ['a column that is not there', 'SELECT 1 AS y', 'unknown: the SELECT does not give it'],
    ['SQL that cannot be read', 'SELECT FROM FROM', expect.stringContaining('unknown: the SQL cannot be parsed')],
  ])('reads %s', async (_, sql, expected) => {
    expect(await of(sql)).toEqual(expected)
  })

  test.each([
    ['WHERE', 'SELECT 1 FROM silver.bars WHERE close > 0', 'bars.* IDENTITY, bars.close FILTER'],
    [
      'WHERE of an alias',
      'SELECT close + open AS s FROM silver.bars WHERE s > 0',
      'bars.* IDENTITY, bars.close FILTER, bars.open FILTER',
    ],
    ['GROUP BY a column', 'SELECT id FROM silver.bars GROUP BY id', 'bars.* AGGREGATION, bars.id GROUP_BY'],
    ['GROUP BY an alias', 'SELECT open + 1 AS k FROM silver.bars GROUP BY k', 'bars.* AGGREGATION, bars.open GROUP_BY'],
    ['GROUP BY a place', 'SELECT open + 1 AS k FROM silver.bars GROUP BY 1', 'bars.* AGGREGATION, bars.open GROUP_BY'],
    [
      'GROUP BY ALL',
      'SELECT open + 1 AS k, sum(close) FROM silver.bars GROUP BY ALL',
      'bars.* AGGREGATION, bars.open GROUP_BY',
    ],
    [
      'GROUP BY ROLLUP',
      'SELECT count(*) FROM silver.bars GROUP BY ROLLUP (id, day)',
      'bars.* AGGREGATION, bars.day GROUP_BY, bars.id GROUP_BY',
    ],
    [
      'HAVING',
      'SELECT id FROM silver.bars GROUP BY id HAVING sum(close) > 1',
      'bars.* AGGREGATION, bars.close FILTER, bars.id GROUP_BY',
    ],
    [
      'HAVING of an alias or a column',
      'SELECT id, max(open) AS close FROM silver.bars GROUP BY id HAVING close > 1',
      'bars.* AGGREGATION, bars.close FILTER, bars.id GROUP_BY, bars.open FILTER',
    ],
    [
      'QUALIFY',
      'SELECT id FROM silver.bars QUALIFY row_number() OVER (PARTITION BY id ORDER BY open) = 1',
      'bars.* IDENTITY+FILTER, bars.id WINDOW, bars.open WINDOW',
    ],
    ['DISTINCT', 'SELECT DISTINCT money FROM silver.bars', 'bars.* IDENTITY, bars.money GROUP_BY'],
    [
      'DISTINCT ON',
      'SELECT DISTINCT ON (money) close FROM silver.bars ORDER BY open',
      'bars.* IDENTITY, bars.money GROUP_BY, bars.open SORT',
    ],
    [
      'UNION',
      'SELECT close FROM silver.bars UNION SELECT parts FROM reference.units',
      'units.* IDENTITY, units.parts GROUP_BY, bars.* IDENTITY, bars.close GROUP_BY',
    ],
    [
      'EXCEPT',
      'SELECT close FROM silver.bars EXCEPT SELECT parts FROM reference.units',
      'units.* FILTER, units.parts FILTER, bars.* IDENTITY, bars.close FILTER',
    ],
    [
      'LIMIT after ORDER BY',
      'SELECT close FROM silver.bars ORDER BY open, close LIMIT 3',
      'bars.* IDENTITY, bars.close SORT, bars.open SORT',
    ],
    ['ORDER BY alone, which changes no table', 'SELECT close FROM silver.bars ORDER BY open', 'bars.* IDENTITY'],
    [
      'a subquery in WHERE',
      'SELECT 1 FROM silver.bars WHERE id IN (SELECT id FROM gold.events WHERE note = money)',
      'events.* FILTER, events.id FILTER, events.note FILTER, bars.* IDENTITY, bars.id FILTER, bars.money FILTER',
    ],
    [
      'a WITH in a subquery',
      'SELECT 1 FROM silver.bars WHERE EXISTS (WITH e AS (SELECT id FROM gold.events) SELECT 1 FROM e)',
      'events.* FILTER, bars.* IDENTITY',
    ],
  ])('rows by %s', async (_, sql, expected) => {
    const { rows } = await lineage(sql)
    expect(rows!.split(', ').sort()).toEqual(expected.split(', ').sort())
  })

  test('keeps the ways of a column through CTEs: the strongest direct one, and each indirect one', async () => {
    const sql = `WITH a AS (SELECT id, close * 2 AS c, open AS o FROM silver.bars), b AS (SELECT id, sum(c) AS s, max_by(c, o) AS l FROM a GROUP BY id)
      SELECT CASE WHEN s > 0 THEN l END AS x FROM b`
    expect(await of(sql)).toBe('bars.close AGGREGATION+CONDITIONAL, bars.open SORT')
  })
})

test('inputs are listed in order of tables and columns', () => {
  expect(
    listInputs(
      new Map([
        ['b\nx', 1],
        ['a\ny', 2],
        ['a\nx', 256],
      ]),
    ).map(({ table, column }) => table + column),
  ).toEqual(['ax', 'ay', 'bx'])
})

test('every SELECT of these tests keeps its word when the values of an input column change', async () => {
  const { ran, broken } = await small.brokenPromises()
  expect(broken).toEqual([])
  expect(ran).toBeGreaterThan(90)
}, 120_000)
