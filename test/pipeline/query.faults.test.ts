import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { query } from '../../src/pipeline/read/query.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

let folder: ProjectFolder
let lake: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  lake = folder.lake()
  await lake.run({ input: [await folder.write('input.ndjson', ndjson(trades(3)))] })
})
afterAll(() => folder.remove())

describe('a fault in a query is told at the line and column of the SQL that was asked:', () => {
  it.each<[string, string, number, number, RegExp]>([
    ['an unknown column', 'SELECT prise FROM silver.market_events', 1, 8, /"prise" not found/],
    ['one on a later line', 'SELECT\n  event_id,\n  prise\nFROM silver.market_events', 3, 3, /prise/],
    ['one after letters of more than a byte', `SELECT 'żółć 😀', prise FROM market_events`, 1, 19, /prise/],
    ['an unknown function', 'SELECT nofn(price) FROM silver.market_events', 1, 8, /nofn/],
    ['SQL that cannot be parsed', 'SELECT 1 FROM\n  market_events WHERE x y z', 2, 25, /syntax error/],
    ['the same after letters of more than a byte', `SELECT 'ż😀' AS a FROM x WHERE x y z`, 1, 34, /syntax error/],
    ['SQL that ends too early', 'SELECT event_id FROM', 1, 21, /end of input/],
    ['a value that does not fit', 'SELECT event_id,\n event_id::INT FROM silver.market_events', 2, 10, /INT32/],
  ])('%s', async (_, sql, line, column, message) => {
    const error = await errorOf(lake.rows(sql))
    expect(error).toMatchObject({ code: 'SLUICE_QUERY_INVALID', place: { file: 'SQL', line, column } })
    expect(error.message).toMatch(message)
    expect(error.message).not.toMatch(/DESCRIBE|COPY|LINE|exception|\n/)
  })

  it('also when the answer goes to a file', async () => {
    const output = { format: 'csv', file: join(folder.folder, 'never.csv') } as const
    const sql = 'SELECT event_id,\n event_id::INT FROM silver.market_events'
    const error = await errorOf(query(lake.project, sql, { output }))
    expect(error).toMatchObject({ code: 'SLUICE_QUERY_INVALID', place: { line: 2, column: 10 } })
  })

  it.each([
    ['more than one statement', 'SELECT 1; SELECT 2', /One SELECT/],
    ['nothing', '  ', /One SELECT/],
    ['a change', 'DROP TABLE silver.market_events', /Only a SELECT/],
    ['a change of files', `COPY (SELECT 1) TO '/tmp/never.csv'`, /Only a SELECT/],
  ])('%s is refused', async (_, sql, message) => {
    const error = await errorOf(lake.rows(sql))
    expect(error.code).toBe('SLUICE_QUERY_INVALID')
    expect(error.message).toMatch(message)
  })
})

describe('an answer', () => {
  it('with two columns of one name tells them apart', async () => {
    const { columns, rows } = await query(lake.project, 'SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a')
    expect(columns.map(({ name }) => rows[0]![name])).toEqual([1, 2, 3, 4])
  })
})

describe('an answer in a file', () => {
  it.each(['nowhere/x.csv', '.'])('that cannot be written (%s) is no fault of the SQL', async name => {
    const output = { format: 'csv', file: join(folder.folder, name) } as const
    const error = await errorOf(query(lake.project, 'SELECT 1', { output }))
    expect(error).toMatchObject({ code: 'SLUICE_ARGUMENT_INVALID', next: expect.stringContaining('Name a file') })
  })

  it.each([
    ['a semicolon', 'SELECT 1 AS a;'],
    ['a comment', 'SELECT 1 AS a -- the end'],
    ['both', 'SELECT 1 AS a; -- the end\n/* really */ ;\n'],
    ['a text that looks like both', `SELECT 1 AS a WHERE '; --' = '; --'`],
  ])('holds the rows of SQL that ends with %s', async (_, sql) => {
    const file = join(folder.folder, 'answer.csv')
    await query(lake.project, sql, { output: { format: 'csv', file } })
    expect(await readFile(file, 'utf8')).toBe('a\n1\n')
    expect(await lake.rows(sql)).toEqual([{ a: 1 }])
  })
})
