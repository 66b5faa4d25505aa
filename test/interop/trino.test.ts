import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { transpile } from '../../scripts/trino/transpile.mjs'
import { blocksOf } from '../docs/markdown.js'
import { type GoldLake, openGoldLake, shippedMacros } from '../gold/gold-lake.js'
import { orderedModels } from '../gold/trino-twins.js'
import { fillFixture, REFERENCES, SESSIONS } from './trino-fixture.js'
import { startTrino, type Trino, trinoFolder } from './trino-server.js'
import { columnsOf, copyTable, ourRows, type TableColumn, theirRows } from './trino-tables.js'

const folder = trinoFolder()
if (folder === undefined) console.warn('INTEROP NOT RUN: no SLUICE_TRINO, so no Trino has run our models')

/** Decimals that passed through a double, which two engines divide alike to 15 digits only. */
const THROUGH_DOUBLES = ['vwap', 'turnover']

/** What models of other projects may say, with what the two engines do differently unless it is printed by a rule. */
const EXPRESSIONS = [
  'greatest(NULL, 2, 1), least(3, NULL), greatest(NULL::DOUBLE, NULL)',
  '1 / 4, 5 // 2, -5 // 2, 5 // nullif(0, 0), 7 % 4, -7 % 4, 2 - (3 - 4)',
  `0.1::DOUBLE || '', 2.5e-6 || '', (1e0 / 3) || '', (123456.75::DOUBLE)::VARCHAR, 1e17::VARCHAR, 0::DOUBLE || '', (0 - 20e0) || ''`,
  `DATE '2024-02-28' + 2, DATE '2024-03-01' - DATE '2024-02-28', last_day(DATE '2024-02-01'), isodow(DATE '2024-03-03')`,
  `TIMESTAMPTZ '2024-03-01 00:00:00+00' - INTERVAL 1 MICROSECOND, TIMESTAMPTZ '2024-03-01 00:00:00+00' + INTERVAL 30 HOUR`,
  `epoch_us(TIMESTAMPTZ '2024-03-01 00:00:00.000123+00'), make_timestamptz(1709251200000123), (TIMESTAMPTZ '2024-03-01 23:30:00-05')::DATE`,
  `list_aggregate([1, NULL, 4], 'avg'), list_aggregate([1, 2, 4], 'var_pop'), list_aggregate([2, NULL, 4], 'product'), list_sum([NULL]::INTEGER[])`,
  `list_aggregate([1, 2, 3, 4][2:3], 'sum'), list_aggregate([1, 2, 3][-2:3], 'sum'), list_aggregate([1, 2, 3][0:2], 'sum'), [1, 2][5]`,
  `concat_ws(', ', 'a', NULL, 'b'), 'a' || NULL, length('abc'), len([1, 2]), 'abc' LIKE 'a%', 'a.c' GLOB 'a.?', 'abc' GLOB 'a.?'`,
  `list_aggregate(list_transform(list_filter([1, 2, 3], lambda x: x > 1), lambda x: x * 10), 'sum'), list_inner_product([1e0, 2e0], [3e0, 4e0])`,
  '1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, CASE WHEN NULL THEN 1 ELSE 2 END, 2 IN (1, 2), 1.5 * 2.25, pow(0.94, 3)',
] as const

const AGGREGATES = [
  'quantile_cont(n, 0.3), quantile_disc(n, 0.3), median(n), avg(n), sum(n), count(n), count(*)',
  'arg_max(t, n), arg_min(t, n), first(t ORDER BY n DESC), last(t ORDER BY t), any_value(7)',
  `list_aggregate(list(n ORDER BY n), 'max'), sum(n) FILTER (WHERE n > 2), bool_or(n > 2), stddev_samp(n), corr(n, m), regr_slope(n, m)`,
  'max(n, 2)[2], sum_known(n), sum_known(m)',
] as const

const models = await orderedModels()

describe.skipIf(folder === undefined)('Trino, over the tables that DuckDB has', () => {
  let lake: GoldLake
  let trino: Trino

  beforeAll(async () => {
    lake = await openGoldLake(2, REFERENCES)
    await fillFixture(lake)
    for (const { table } of models) await lake.derive(table)
    trino = await startTrino(folder!)
    for (const schema of ['silver', 'gold', 'reference']) await trino.rows(`CREATE SCHEMA lake.${schema}`)
    for (const table of await inputs())
      await copyTable(lake, trino, table, table === 'silver.calendar_sessions' ? SESSIONS : undefined)
    await keepVersions()
  })
  afterAll(() => {
    trino?.close()
    lake?.close()
  })

  it('has the functions that the list of the generator says', async () => {
    const rows = await trino.rows('SHOW FUNCTIONS')
    const listed = readFileSync(new URL('../../scripts/trino/functions.txt', import.meta.url), 'utf8')
    const names = new Set(rows.map(([name]) => String(name)))
    expect(listed.split('\n').filter(name => name !== '' && !name.startsWith('#') && !names.has(name))).toEqual([])
  })

  it.each(EXPRESSIONS)('gives what DuckDB gives for %s', async list => {
    await expectSame(`SELECT ${named(list)}`)
  })

  it.each(AGGREGATES)('gives what DuckDB gives for %s', async list => {
    const rows = `(VALUES (1, 10.5, 'a'), (2, 9.25, 'b'), (5, 3, NULL), (NULL, 1, 'c')) AS v(n, m, t)`
    await expectSame(`SELECT ${named(list)} FROM ${rows}`)
  })

  async function expectSame(sql: string): Promise<void> {
    await lake.engine.run(`CREATE OR REPLACE VIEW gold.tried AS ${sql}`)
    const columns = await columnsOf(lake, 'gold.tried')
    const printed = await transpile(lake.engine, { table: 'tried', sql }, shippedMacros())
    const [ours, theirs] = [await ourRows(lake, 'gold.tried', columns), await theirRows(trino, `(${printed})`, columns)]
    expect(differences(ours, theirs, columns), printed).toEqual([])
  }

  // Each reads what the ones before it made in Trino.
  it.each(models)('makes the rows of $table that DuckDB makes', async ({ table }) => {
    const sql = readFileSync(new URL(`../../models/trino/${table}.sql`, import.meta.url), 'utf8')
    await trino.rows(`CREATE TABLE gold.${table} AS ${sql}`)
    const columns = await columnsOf(lake, `gold.${table}`)
    const ours = await ourRows(lake, `gold.${table}`, columns)
    expect(differences(ours, await theirRows(trino, `gold.${table}`, columns), columns)).toEqual([])
    expect(emptyColumns(ours, columns)).toEqual([])
  })

  /** Makes a view of `silver.corporate_actions` as the guide does, over a table that has an older version of a dividend. */
  async function keepVersions(): Promise<void> {
    const columns = await columnsOf(lake, 'silver.corporate_actions')
    const older = columns.map(({ name }) => {
      if (name === 'amount') return 'CAST(3 * amount AS decimal(38, 18))'
      return name === '_known_at' ? `_known_at - INTERVAL '1' DAY` : name
    })
    const [view] = blocksOf('docs/guides/run-on-trino.md').filter(({ argument }) => argument === 'newest-version')
    await trino.rows('DROP TABLE silver.corporate_actions_versions')
    await trino.rows('ALTER TABLE silver.corporate_actions RENAME TO silver.corporate_actions_versions')
    await trino.rows(
      `INSERT INTO silver.corporate_actions_versions SELECT ${older.join(', ')} FROM silver.corporate_actions_versions WHERE action_id = 'd1'`,
    )
    await trino.rows(view!.text)
  }

  async function inputs(): Promise<string[]> {
    const rows = await lake.rows(
      `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables WHERE table_schema IN ('silver', 'reference') ORDER BY 1`,
    )
    return rows.map(({ name }) => String(name))
  }
})

/** The expressions of a list, each with a name. */
function named(list: string): string {
  let depth = 0
  const items = ['']
  for (const [token] of list.matchAll(/'[^']*'|[\s\S]/g)) {
    if (/^[([]$/.test(token)) depth++
    if (/^[)\]]$/.test(token)) depth--
    if (token === ',' && depth === 0) items.push('')
    else items[items.length - 1] += token
  }
  return items.map((item, at) => `${item} AS x${at}`).join(', ')
}

/** Columns about which the rows prove nothing. */
function emptyColumns(rows: readonly (readonly unknown[])[], columns: readonly TableColumn[]): string[] {
  return columns.filter((_, at) => rows.every(row => row[at] === null)).map(({ name }) => name)
}

/** The first rows that one engine has and the other does not: texts are the same, doubles to nine digits. */
function differences(ours: unknown[][], theirs: unknown[][], columns: readonly TableColumn[]): unknown[] {
  const exact = columns.map(({ name, type }) => type !== 'DOUBLE' && !THROUGH_DOUBLES.includes(name))
  const keyOf = (row: readonly unknown[]): string => JSON.stringify(row.filter((_, at) => exact[at]))
  const sorted = (rows: unknown[][]) =>
    rows.map(row => ({ row, key: keyOf(row) })).sort((a, b) => (a.key < b.key ? -1 : 1))
  const [a, b] = [sorted(ours), sorted(theirs)]
  if (a.length !== b.length) return [`${a.length} rows of DuckDB and ${b.length} of Trino`]
  return a
    .map(({ row, key }, at) => {
      if (key !== b[at]!.key) return { ours: key, theirs: b[at]!.key }
      const different = columns.filter((_, n) => !exact[n] && !isNear(row[n], b[at]!.row[n]))
      return different.length === 0 ? undefined : { key, different: different.map(({ name }) => name) }
    })
    .filter(one => one !== undefined)
    .slice(0, 5)
}

function isNear(a: unknown, b: unknown): boolean {
  if (a === null || b === null) return a === b
  const [x, y] = [Number(a), Number(b)]
  return Object.is(x, y) || Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x))
}
