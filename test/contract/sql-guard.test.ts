import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guardExpression, guardSelect, refusedSql, sqlPlace } from '../../src/contract/sql-guard.js'
import { type DuckDbConnection, testDuckDb } from '../support/duckdb.js'

const COLUMNS = ['price', 'size', 'event_time', 'tags', 'extra', '_known_at']

let duckdb: DuckDbConnection
beforeAll(async () => {
  duckdb = await testDuckDb()
})
afterAll(() => duckdb.close())

describe('guardExpression', () => {
  const guard = (sql: string, columns: string[] | undefined = COLUMNS) =>
    guardExpression(duckdb.parse, sql, { columns })

  it.each([
    'price > 0',
    'PRICE > 0 AND "size" IS NOT NULL',
    "CASE WHEN price > 0 THEN 'a' ELSE 'b' END",
    'event_time <= _known_at + INTERVAL 1 DAY',
    'price -- a remark\n > 0',
    "regexp_matches(extra, '^[A-Z]{3}$')",
    "extra -> '$.a' IS NOT NULL",
    "extra ->> '$.a' = 'x'",
    'list_transform(tags, lambda tag: upper(tag)) = tags',
    'list_filter(tags, lambda tag, i: i > 1 AND price > 0) = tags',
    '[tag || extra FOR tag IN tags IF tag <> extra] = tags',
    "price::DECIMAL(38,18) > TRY_CAST('1' AS DOUBLE)",
    'extra.a.b > 1',
    "'SELECT * FROM read_csv(1); DROP TABLE x' <> extra",
    '(price > 0)',
  ])('allows %j', async sql => {
    expect(await guard(sql)).toEqual([])
  })

  it.each([
    ['', 'without selection list'],
    ['price >', 'syntax error'],
    ['price, size', 'exactly one expression'],
    ['price AS p', 'exactly one expression'],
    ['price; DROP TABLE x', 'only an expression or a SELECT'],
    ['price; SELECT 1', 'exactly one expression'],
    ['price FROM silver.bars', 'exactly one expression'],
    ["price FROM 'secret.csv'", 'exactly one expression'],
    ['price WHERE true', 'exactly one expression'],
    ['price ORDER BY size', 'exactly one expression'],
    ['price LIMIT 1', 'exactly one expression'],
    ['price UNION SELECT 2', 'exactly one expression'],
    ['DISTINCT price', 'exactly one expression'],
    ['price > 0 -- and so on', 'must not end in a comment'],
    ['price) + (size', 'syntax error'],
    ["(SELECT max(a) FROM read_csv('x.csv'))", 'subquery'],
    ["EXISTS (SELECT 1 FROM 'x.parquet')", 'subquery'],
    ['price IN (SELECT 1)', 'subquery'],
    ["read_text('/etc/passwd')", 'may reach outside'],
    ["glob('*')", 'may reach outside'],
    ["getenv('HOME') = ''", 'depends on more than its arguments'],
    ['price > random()', 'depends on more than its arguments'],
    ['event_time < now()', 'depends on more than its arguments'],
    ["current_setting('threads') = 1", 'depends on more than its arguments'],
    ['sum(price) > 0', 'sees other rows'],
    ['count(*) > 0', 'sees other rows'],
    ['lag(price) OVER (ORDER BY size) > 0', 'sees other rows'],
    ['* ', 'many columns'],
    ["COLUMNS('p.*') > 0", 'many columns'],
    ['price > ?', 'nothing to bind'],
    ['price > $limit', 'nothing to bind'],
    ['prise > 0', 'unknown column `prise`'],
    ['list_transform(tags, lambda tag: tags2) = tags', 'unknown column `tags2`'],
    ['list_transform(tags, lambda tag: tag) = tag', 'unknown column `tag`'],
    ["nope -> '$.a'", 'unknown column `nope`'],
    ['current_date > event_time', 'gives another value tomorrow'],
  ])('refuses %j', async (sql, message) => {
    const faults = await guard(sql)
    expect(faults.map(fault => fault.message).join('; ')).toContain(message)
  })

  it('refuses statements that are no SELECT', async () => {
    for (const sql of ["ATTACH 'x.db'", 'PRAGMA database_list', "COPY t TO 'x'", 'INSTALL httpfs', 'SET threads = 1']) {
      expect(await guardExpression(duckdb.parse, sql, { columns: COLUMNS })).toHaveLength(1)
      expect(await guardSelect(duckdb.parse, sql)).not.toEqual([])
    }
  })

  it('allows any column when none are listed, but never the clock', async () => {
    expect(await guardExpression(duckdb.parse, 'anything > 0')).toEqual([])
    expect(await guardExpression(duckdb.parse, 'current_timestamp > anything')).toHaveLength(1)
  })

  it('allows aggregates over a batch', async () => {
    const scope = { columns: COLUMNS, level: 'batch' } as const
    expect(
      await guardExpression(duckdb.parse, 'count(*) FILTER (WHERE price > 0) / count(DISTINCT size)', scope),
    ).toEqual([])
  })

  it('counts characters, not bytes, to a fault', async () => {
    const sql = "extra = 'żółw' AND nope > 0"
    expect(await guard(sql)).toEqual([{ message: 'unknown column `nope`', position: sql.indexOf('nope') }])
    const [syntax] = await guard('price > > 0')
    expect(syntax?.position).toBe('price > '.length)
  })
})

describe('guardSelect', () => {
  const guard = (sql: string) => guardSelect(duckdb.parse, sql, { columns: COLUMNS, tables: ['object', 'silver.bars'] })

  it.each([
    'SELECT count(*) FROM object WHERE price > 0',
    'WITH big AS (SELECT price AS p FROM object) SELECT max(p) FROM big b WHERE b.p > 0',
    'SELECT o.price FROM object o JOIN silver.bars b USING (event_time)',
    'SELECT count(*) FROM (SELECT price, row_number() OVER (ORDER BY size) AS n FROM object) WHERE n > 1',
    'SELECT x FROM range(3) r(x)',
    'FROM object',
  ])('allows %j', async sql => {
    expect(await guard(sql)).toEqual([])
  })

  it.each([
    ['SELECT 1; SELECT 2', 'exactly one SELECT'],
    ["SELECT * FROM 'x.csv'", 'unknown table `x.csv`'],
    ['SELECT * FROM "silver.bars"', 'unknown table `silver.bars`'],
    ["SELECT * FROM read_csv('x.csv')", 'read_csv is not allowed'],
    ["SELECT * FROM object, read_parquet('x')", 'read_parquet is not allowed'],
    ["SELECT (SELECT count(*) FROM glob('*')) FROM object", 'glob is not allowed'],
    ["WITH object2 AS (SELECT * FROM 'x.csv') SELECT * FROM object2", 'unknown table `x.csv`'],
    ["SELECT * FROM query('SELECT 1')", 'query is not allowed'],
    ['SELECT * FROM duckdb_settings()', 'duckdb_settings is not allowed'],
    ['SELECT * FROM information_schema.tables', 'unknown table'],
    ['SELECT * FROM gold.bars', 'unknown table `gold.bars`'],
    ['SELECT prise FROM object', 'unknown column `prise`'],
    ['SHOW TABLES', 'not allowed here'],
    ['DESCRIBE object', 'not allowed here'],
    ['SELECT now() FROM object', 'depends on more'],
  ])('refuses %j', async (sql, message) => {
    const faults = await guard(sql)
    expect(faults.map(fault => fault.message).join('; ')).toContain(message)
  })

  it('refuses files and system tables even when any table is allowed', async () => {
    for (const table of ["'x.csv'", '"a/b"', 'information_schema.tables', "'s3://bucket/x.parquet'", 'duckdb_tables']) {
      expect(await guardSelect(duckdb.parse, `SELECT * FROM ${table}`)).toHaveLength(1)
    }
    expect(await guardSelect(duckdb.parse, 'SELECT * FROM silver.bars')).toEqual([])
  })
})

describe('sqlPlace', () => {
  it('maps a position in the text to a place in the file', () => {
    const sql = 'a\n  > b'
    const at = sql.indexOf('b')
    expect(sqlPlace({ file: 'f', line: 10, column: 5, step: 'literal' }, sql, at)).toEqual({
      file: 'f',
      line: 11,
      column: 9,
    })
    expect(sqlPlace({ file: 'f', line: 10, column: 5, step: 'single' }, 'a > b', 4)).toEqual({
      file: 'f',
      line: 10,
      column: 9,
    })
    expect(sqlPlace({ file: 'f', line: 10, column: 5, step: 'folded' }, sql, at)).toEqual({
      file: 'f',
      line: 10,
      column: 5,
    })
  })

  it('gives the error of a refused text its place', () => {
    const error = refusedSql(
      'rule x',
      { message: 'unknown column `b`', position: 4 },
      { file: 'f', line: 1, column: 5 },
    )
    expect([error.code, error.place]).toEqual(['SLUICE_SQL_REFUSED', 'f:1:5'])
  })
})
