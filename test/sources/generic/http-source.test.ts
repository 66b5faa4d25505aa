import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpBlock } from '../../../src/sources/generic/http-block.js'
import { httpSource, providerName } from '../../../src/sources/generic/http-source.js'
import { countRecords, isJsonPath } from '../../../src/sources/generic/json-path.js'
import { mapColumns } from '../../../src/sources/generic/map-columns.js'
import { type DuckDbConnection, testDuckDb } from '../../support/duckdb.js'

const BLOCK: HttpBlock = {
  url: 'https://api.example.com',
  path: '/v1/rows',
  query: { from: '{start:date}' },
  headers: {},
  format: 'json',
  records: '$',
  columns: { close: '$."c"', at: '$."t"' },
  interval: { longest: 'P30D', grain: 'P1D' },
  emptyStatus: [404],
  limits: { perSecond: 1, concurrency: 2 },
  contract: 'bars',
}

let duckdb: DuckDbConnection
beforeAll(async () => {
  duckdb = await testDuckDb()
})
afterAll(() => duckdb.close())

/** The rows of a body by the SQL of the block, put together as the documentation of `JsonBody` says. */
async function rows(parts: Partial<HttpBlock>, body: unknown): Promise<unknown[]> {
  const { body: json } = httpSource({ ...BLOCK, ...parts }).source
  if (json.kind !== 'json') throw new Error('no JSON')
  const fields = Object.entries(json.fields).map(([name, sql]) => `(${sql})::VARCHAR AS "${name}"`)
  const text = JSON.stringify(body).replaceAll("'", "''")
  const found = await duckdb.rows(`SELECT ${fields.join(', ')} FROM (
    SELECT *, unnest(CAST((${json.each['record']}) AS JSON[])) AS record FROM (SELECT '${text}'::JSON AS body))`)
  return found.map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
}

describe('records of a JSON body', () => {
  const two = [
    { c: '1.5', t: 1 },
    { c: '2', t: 2, extra: [1] },
  ]
  const read = [
    { close: '1.5', at: '1', _extra: '{}' },
    { close: '2', at: '2', _extra: '{"extra":[1]}' },
  ]

  it.each([
    ['$', two],
    ['$[*]', two],
    ['$.data', { data: two }],
    ['$.data[*]', { data: two }],
    ['$.pages[*].data[*]', { pages: [{ data: [two[0]] }, { data: [two[1]] }] }],
    ['$.a."b c"[0]', { a: { 'b c': [two] } }],
  ])('are found at %s, in order', async (records, body) => {
    expect(await rows({ records }, body)).toEqual(read)
    expect(countRecords(body, records)).toBe(2)
  })

  it('are one where an object stands at the path, and none where nothing does', async () => {
    expect(await rows({ records: '$.data' }, { data: two[0] })).toEqual([read[0]])
    for (const body of [{ data: null }, {}, { data: [] }]) {
      expect(await rows({ records: '$.data' }, body)).toEqual([])
      expect(countRecords(body, '$.data')).toBe(0)
    }
  })

  it('can be lists of values', async () => {
    const columns = { at: '$[0]', close: '$[1]' }
    expect(await rows({ records: '$.prices', columns }, { prices: [[10, 1.25]] })).toEqual([
      { at: '10', close: '1.25' },
    ])
  })

  it('have their names where they are the fields of an object', async () => {
    const body = { rates: { '2024-01-02': { c: 4.1 }, 'x.y "z"': { c: 4.2 } } }
    expect(await rows({ records: '$.rates.*' }, body)).toEqual([
      { key: '2024-01-02', close: '4.1', _extra: '{}' },
      { key: 'x.y "z"', close: '4.2', _extra: '{}' },
    ])
  })
})

describe('httpSource', () => {
  it('names the provider by its host, so that its pipes share limits', () => {
    expect(providerName('https://API.example.com:8080/v1')).toBe('http-api.example.com-8080')
    expect(httpSource(BLOCK).provider.name).toBe('http-api.example.com')
  })

  it('asks for the first page in its own query', () => {
    const maxPages = 9
    const page = { by: 'page', param: 'p', start: 1, records: '$', maxPages } as const
    expect(httpSource({ ...BLOCK, paging: page }).source.query).toEqual({ from: '{start:date}', p: '1' })
    const offset = { by: 'offset', param: 'skip', size: 10, records: '$', maxPages } as const
    expect(httpSource({ ...BLOCK, paging: offset }).source.query).toEqual({ from: '{start:date}', skip: '0' })
  })

  it('declares the key, what is empty, and intervals', () => {
    const { provider, source } = httpSource({ ...BLOCK, auth: { in: { bearer: true }, setting: 'KEY' } })
    expect(provider.key).toEqual({ setting: 'KEY', in: { bearer: true }, required: true })
    expect(provider.answers).toMatchObject([{ status: [404], meaning: 'empty' }])
    expect(source).toMatchObject({ asks: 'interval', longest: 'P30D', grain: 'P1D', contract: 'bars' })
    const { interval: _, ...now } = BLOCK
    expect(httpSource(now).source.asks).toBe('now')
  })

  it('reads the columns of a CSV by their names', () => {
    const columns = { close: 'Close', day: 'The "Day"' }
    expect(httpSource({ ...BLOCK, format: 'csv', delimiter: ';', columns }).source.body).toEqual({
      kind: 'csv',
      dialect: { delimiter: ';' },
      columns: ['Close', 'The "Day"'],
      fields: { close: '"Close"', day: '"The ""Day"""' },
    })
  })
})

describe('mapColumns', () => {
  it('takes names, not texts, functions, types, words and parameters', () => {
    expect(
      mapColumns({
        a: `upper(symbol) || 'text x' || "Two words" || {coin} || (params->>'coin')`,
        b: 'CASE WHEN high > low THEN date::bigint ELSE NULL END',
      }),
    ).toEqual(['symbol', 'Two words', 'high', 'low', 'date'])
  })
})

describe('isJsonPath', () => {
  it.each(['$', '$.a', '$.a-b[0]', '$."a b"[*].*'])('takes %s', path => {
    expect(isJsonPath(path)).toBe(true)
  })
  it.each(['', 'a', '$a', '$.', '$..a', '$.a[', '$[x]', '$.a b'])('refuses %j', path => {
    expect(isJsonPath(path)).toBe(false)
  })
})
