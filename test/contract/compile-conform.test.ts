import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileChecks } from '../../src/contract/compile-checks.js'
import { compileConform } from '../../src/contract/compile-conform.js'
import type { Contract } from '../../src/contract/contract.js'
import { loadContract } from '../../src/contract/load-contract.js'
import { checksSql } from '../../src/pipeline/settle/batch-checks.js'
import { type DuckDbConnection, testDuckDb } from '../support/duckdb.js'
import { contractText } from './odcs-text.js'

describe('compileConform', () => {
  let duckdb: DuckDbConnection
  beforeAll(async () => {
    duckdb = await testDuckDb()
  })
  afterAll(() => duckdb.close())

  const contract = (edit?: (text: string) => string) => loadContract(contractText(edit), 'rates.odcs.yaml')

  /** Rule ids that one raw row breaks, in order. */
  async function broken(of: Contract, row: Readonly<Record<string, string | null>>): Promise<string[]> {
    const { casts, rules } = compileConform(of)
    const literal = (text: string | null | undefined) =>
      text === null || text === undefined ? 'NULL::VARCHAR' : `'${text}'`
    const raw = of.columns.map(column => `${literal(row[column.name])} AS "_raw_${column.name}"`).join(', ')
    const typed = casts.map(({ column, sql }) => `${sql} AS "${column}"`).join(', ')
    const tests = rules.flatMap(rule => ('brokenSql' in rule ? [`(${rule.brokenSql})`] : []))
    const ids = rules.flatMap(rule => ('brokenSql' in rule ? [rule.id] : []))
    const sql = `SELECT [${tests.join(', ')}] AS broken FROM (SELECT ${typed}, * FROM (SELECT ${raw}))`
    const [result] = await duckdb.rows(sql)
    const flags = result?.['broken'] as readonly unknown[]
    expect(flags.every(flag => flag === true || flag === false)).toBe(true)
    return ids.filter((_id, i) => flags[i] === true)
  }

  const GOOD = { code: 'USD', rate_date: '2026-03-02', mid: '3.6056', note: null }

  it('orders rules by type, required, contract', () => {
    expect(compileConform(contract()).rules.map(rule => rule.id)).toEqual([
      ...['type:rate_date', 'type:mid', 'required:rate_date', 'required:code', 'required:mid'],
      ...['unknown_instrument', 'code_shape', 'positive'],
    ])
  })

  it('hands reference rules to the caller, who joins', () => {
    expect(compileConform(contract()).rules.find(rule => rule.id === 'unknown_instrument')).toEqual({
      id: 'unknown_instrument',
      severity: 'error',
      reference: { kind: 'reference', column: 'code', table: 'instruments', target: 'instrument_id' },
    })
  })

  it('keeps a good row', async () => {
    expect(await broken(contract(), GOOD)).toEqual([])
  })

  it.each([
    ['NaN', { mid: 'NaN' }, ['type:mid']],
    ['a number that does not fit', { mid: '1.123456789' }, ['type:mid']],
    ['an absent value', { mid: null }, ['required:mid']],
    ['a value that breaks a rule', { mid: '-1' }, ['positive']],
    ['several faults', { mid: '0', code: 'usd', rate_date: 'today' }, ['type:rate_date', 'code_shape', 'positive']],
    [
      'nothing at all',
      { mid: null, code: null, rate_date: null },
      ['required:rate_date', 'required:code', 'required:mid'],
    ],
  ])('names every rule that %s breaks', async (_what, edit, expected) => {
    expect(await broken(contract(), { ...GOOD, ...edit })).toEqual(expected)
  })

  it('breaks a rule whose expression raises, for that row only', async () => {
    const strict = contract(text =>
      text.replace('mid > 0', 'CASE WHEN note IS NULL THEN true ELSE CAST(note AS INTEGER) > 0 END'),
    )
    expect(await broken(strict, GOOD)).toEqual([])
    expect(await broken(strict, { ...GOOD, note: '7' })).toEqual([])
    expect(await broken(strict, { ...GOOD, note: 'seven' })).toEqual(['positive'])
  })

  it('keeps a row for which a rule gives NULL', async () => {
    expect(
      await broken(
        contract(text => text.replace('mid > 0', "note <> 'x'")),
        GOOD,
      ),
    ).toEqual([])
  })

  it('casts typed values for a model', async () => {
    const { casts, rules } = compileConform(contract(), 'typed')
    expect(casts.map(cast => cast.sql)).toContain('TRY_CAST("_raw_mid" AS DECIMAL(18, 8))')
    expect(rules.map(rule => rule.id)).toContain('type:code')
  })
})

describe('compileChecks', () => {
  let duckdb: DuckDbConnection
  beforeAll(async () => {
    duckdb = await testDuckDb()
    await duckdb.run(`CREATE TABLE batch AS SELECT * FROM (VALUES
      (DATE '2026-03-02', 'USD', 3.6::DECIMAL(18, 8), 'a'), (DATE '2026-03-02', 'EUR', 4000, NULL), (DATE '2026-03-03', 'EUR', 4.2, 'a'))
      rows(rate_date, code, mid, note)`)
  })
  afterAll(() => duckdb.close())

  async function figures(quality: string, from = 'batch'): Promise<Record<string, number | null>> {
    const contract = loadContract(
      contractText(text => text.replace('      - { id: rows,', `${quality}      - { id: rows,`)),
      'rates.odcs.yaml',
    )
    const values = await duckdb.rows(checksSql(contract, from))
    expect(values).toHaveLength(1)
    return Object.fromEntries(
      Object.entries(values[0] ?? {}).map(([id, value]) => [id, value === null ? null : Number(value)]),
    )
  }

  it('counts rows and runs queries over the batch', async () => {
    expect(await figures('')).toMatchObject({ rows: 3, none_above: 1 })
  })

  it('is one row however many the batch has, also where every check is a query', async () => {
    const contract = loadContract(contractText(), 'rates.odcs.yaml')
    const queries = { ...contract, checks: contract.checks.filter(({ id }) => id === 'none_above') }
    expect(compileChecks(queries, 'batch').map(({ kind }) => kind)).toEqual(['query'])
    expect(await duckdb.rows(checksSql(queries, 'batch'))).toEqual([{ _rows: '3', none_above: 1 }])
  })

  it('counts duplicates over several columns', async () => {
    const one = '      - { id: d, metric: duplicateValues, arguments: { properties: [code] }, mustBe: 0 }\n'
    const two = '      - { id: e, metric: duplicateValues, arguments: { properties: [code, rate_date] }, mustBe: 0 }\n'
    expect(await figures(one + two)).toMatchObject({ d: 1, e: 0 })
  })

  it('gives a share in percent, and 0 for an empty batch', async () => {
    const contract = loadContract(
      contractText(text =>
        text.replace(
          '      - name: note\n',
          '      - name: note\n        quality: [{ id: n, metric: nullValues, unit: percent, mustBeLessThan: 50 }]\n',
        ),
      ),
      'rates.odcs.yaml',
    )
    const [check] = compileChecks(contract, 'batch')
    const [all] = await duckdb.rows(`SELECT (${check?.sql})::DOUBLE AS v FROM batch`)
    const [none] = await duckdb.rows(`SELECT (${check?.sql})::DOUBLE AS v FROM batch WHERE false`)
    expect([Number(all?.['v']).toFixed(4), Number(none?.['v'])]).toEqual(['33.3333', 0])
  })
})
