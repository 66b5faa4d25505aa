import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSmallSql, type SmallSql } from './small-sql.js'

let small: SmallSql
beforeAll(async () => {
  small = await openSmallSql()
})
afterAll(() => small.close())

/** Tables as relations of the columns k, t, v, w and s. Numbers are multiples of a half, so that sums have no order. */
const BASES = [
  'SELECT id AS k, day AS t, close AS v, open AS w, money AS s FROM silver.bars',
  'SELECT id AS k, day AS t, day + 0.5 AS v, 1.0 AS w, note AS s FROM gold.events',
  'SELECT id AS k, since AS t, since * 2.0 AS v, 4.5 AS w, sector AS s FROM silver.facts',
]

/** What makes such a relation of others, a and b. Whatever picks a row has a whole order. */
const STEPS = [
  'SELECT k, t, v * 2 AS v, w, s FROM a',
  "SELECT k, t, CASE WHEN s = 'USD' THEN v ELSE w END AS v, w, s FROM a",
  'SELECT k, t, v, lag(w) OVER (PARTITION BY k ORDER BY t, v, w, s) AS w, s FROM a',
  'SELECT k, t, v, sum(w) OVER (PARTITION BY s ORDER BY t RANGE 1 PRECEDING) AS w, s FROM a',
  'SELECT k, max(t) AS t, sum(v) AS v, max_by(w, 100 * t + w) AS w, min(s) AS s FROM a GROUP BY k',
  'SELECT k, t, sum(v) FILTER (WHERE w > 2) AS v, count(*)::DOUBLE AS w, max(s) AS s FROM a GROUP BY ALL',
  'SELECT k, t, v + w AS v, v AS w, s FROM a WHERE v > 2',
  'SELECT a.k, a.t, b.v, a.w, b.s FROM a LEFT JOIN b USING (k)',
  'SELECT k, a.t, coalesce(g.v, a.v) AS v, a.w, a.s FROM a LEFT JOIN (SELECT k, max(v) AS v FROM b GROUP BY k) AS g USING (k)',
  'SELECT k, a.t, a.v, f.w, a.s FROM a LEFT JOIN (SELECT * FROM b QUALIFY row_number() OVER (PARTITION BY k ORDER BY t, v, w, s) = 1) AS f USING (k)',
  'SELECT a.k, a.t, a.v, g.v AS w, a.s FROM a LEFT JOIN (SELECT k, t, sum(v) AS v FROM b GROUP BY k, t) AS g ON g.k = a.k AND g.t = a.t + 1',
  'SELECT a.k, a.t, g.v, a.w, a.s FROM a ASOF LEFT JOIN (SELECT k, t, min(v) AS v FROM b GROUP BY ALL) AS g ON g.k = a.k AND a.t >= g.t',
  'SELECT a.k, a.t, a.v, b.w, a.s FROM a JOIN b ON a.k = b.k AND a.t <= b.t',
  'SELECT k, coalesce(a.t, b.t) AS t, a.v, b.w, coalesce(a.s, b.s) AS s FROM a FULL JOIN b USING (k)',
  'SELECT k, a.t, b.v, b.w, b.s FROM a RIGHT JOIN b USING (k)',
  'SELECT * FROM a SEMI JOIN b USING (s)',
  'SELECT a.* FROM a ANTI JOIN b ON a.s = b.s AND a.w = b.w',
  'SELECT * FROM a UNION ALL SELECT * FROM b',
  'SELECT k, t, v, w, s FROM a UNION SELECT k, t, w, v, s FROM b',
  'SELECT * FROM a EXCEPT SELECT * FROM b',
  'SELECT * FROM a INTERSECT SELECT * FROM b',
  'SELECT DISTINCT k, t, w AS v, w, s FROM a',
  'SELECT * REPLACE (w AS v) FROM a',
  'SELECT * EXCLUDE (v, w), w AS v, v AS w FROM a',
  'SELECT k, t, (SELECT max(v) FROM b WHERE b.k = a.k) AS v, w, s FROM a',
  'SELECT k, t, (SELECT count(*) FROM b WHERE b.s = a.s)::DOUBLE AS v, w, s FROM a',
  'SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.s = a.s AND b.w > 1)',
  'SELECT * FROM a WHERE w IN (SELECT v FROM b)',
  "SELECT k, t, p.x AS v, (p).y AS w, s FROM (SELECT k, t, s, {'x': v, 'y': w} AS p FROM a)",
  "SELECT k, t, p.x AS v, p.y AS w, s FROM (SELECT k, t, s, lag({'x': w, 'y': v}) OVER (ORDER BY k, t, v, w, s) AS p FROM a)",
  "SELECT k, m.t AS t, m.v AS v, m.w AS w, m.s AS s FROM (SELECT k, max_by({'t': t, 'v': v, 'w': w, 's': s}, 100 * t + 10 * v + w) AS m FROM a GROUP BY k)",
  "SELECT k, t, m.v AS v, w, m.n AS s FROM (SELECT k, t, w, unnest([{'n': 'one', 'v': v}, {'n': 'two', 'v': w}]) AS m FROM a)",
  'SELECT k, t, unnest(range(greatest(0, least(w, 3))::BIGINT))::DOUBLE AS v, v AS w, s FROM a',
  "SELECT k, t, list_sum(list_transform(l, lambda e: e.v)) AS v, len(list_filter(l, lambda e: e.w > 2))::DOUBLE AS w, s FROM (SELECT k, t, min(s) AS s, list({'v': v, 'w': w} ORDER BY v, w) AS l FROM a GROUP BY k, t)",
  'SELECT * FROM a QUALIFY row_number() OVER (PARTITION BY k ORDER BY t, v, w, s) = 1',
  'SELECT * FROM a ORDER BY v, k, t, w, s LIMIT 4',
  'SELECT DISTINCT ON (s) * FROM a ORDER BY w, v, k, t, s',
  'SELECT k, t, v * 2 AS d, d + w AS v, w, s FROM a WHERE d > 3',
  'SELECT k, t, change(v, k, 100 * t + 10 * v + w) AS v, pair(v, w).second AS w, s FROM a',
  'SELECT k, t, whole(v) AS v, doubled(max(w)) AS w, min(s) AS s FROM a GROUP BY k, t HAVING count(*) > 1 OR max(v) > 4',
  'SELECT b.k, a.t, a.v, b.w, a.s FROM a, LATERAL (SELECT k, max(w) AS w FROM b WHERE b.t <= a.t GROUP BY k) AS b',
  'WITH a AS (SELECT * REPLACE (v + 1 AS v) FROM a), b AS (SELECT * FROM a) SELECT * FROM b',
]

/** A step over two of the relations before it. */
const step = fc.record({ sql: fc.nat(STEPS.length - 1), a: fc.nat(99), b: fc.nat(99) })

function composed(steps: readonly { readonly sql: number; readonly a: number; readonly b: number }[]): string {
  const ctes = BASES.map((sql, at) => `r${at} AS (${sql})`)
  for (const { sql, a, b } of steps) {
    const [left, right] = [a, b].map(of => `r${of % ctes.length}`)
    ctes.push(
      `r${ctes.length} AS (WITH a AS (SELECT * FROM ${left}), b AS (SELECT * FROM ${right}) SELECT * FROM (${STEPS[sql]}))`,
    )
  }
  return `WITH ${ctes.join(', ')} SELECT * FROM r${ctes.length - 1}`
}

const RUNS = 20

test('no column of whatever SQL changes with an input that is not in its lineage', async () => {
  let ran = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async steps => {
      const judged = await small.judge(composed(steps), ['k', 't', 'v', 'w', 's'])
      ran += judged.ran
      expect(judged.broken).toEqual([])
    }),
    { numRuns: RUNS },
  )
  expect(ran).toBeGreaterThan(RUNS / 2)
}, 120_000)

test.each(STEPS)('runs: %s', async sql => {
  const { ran } = await small.judge(composed([{ sql: STEPS.indexOf(sql), a: 0, b: 1 }]), ['k', 't', 'v', 'w', 's'])
  expect(ran).toBe(1)
})
