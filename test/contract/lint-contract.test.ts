import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lintContract } from '../../src/contract/lint-contract.js'
import { loadContract } from '../../src/contract/load-contract.js'
import { type DuckDbConnection, testDuckDb } from '../support/duckdb.js'
import { contractText } from './odcs-text.js'

describe('lintContract', () => {
  let duckdb: DuckDbConnection
  const lint = async (from: string, to: string) => {
    const text = contractText(original => original.replace(from, to))
    const findings = await lintContract(loadContract(text, 'rates.odcs.yaml'), duckdb.parse)
    return findings.map(finding => finding.text)
  }
  const place = (text: string, anchor: string) => {
    const before = (text.split(anchor)[0] ?? '').split('\n')
    return `rates.odcs.yaml:${before.length}:${(before.at(-1) ?? '').length + 1}`
  }
  beforeAll(async () => {
    duckdb = await testDuckDb()
  })
  afterAll(() => duckdb.close())

  it('finds nothing in a sound contract', async () => {
    expect(await lint('', '')).toEqual([])
  })

  it.each([
    ['a rule', 'mid > 0', 'mid > 0 AND midd > 0', 'midd', 'rule positive: unknown column `midd`'],
    [
      'a line of a query',
      'WHERE mid > 1000',
      'WHERE mid > limit_of',
      'limit_of',
      'check none_above: unknown column `limit_of`',
    ],
    [
      'a publication rule',
      'rate_date + INTERVAL 1 DAY',
      'now()',
      'now()',
      'publication: the function now depends on more than its arguments',
    ],
  ])('places a fault of %s to the column', async (_what, from, to, anchor, message) => {
    const text = contractText(original => original.replace(from, to))
    expect(await lint(from, to)).toEqual([`${place(text, anchor)}: ${message}`])
  })

  it('refuses a second statement, a file and a subquery', async () => {
    expect(await lint('mid > 0', '"true; DROP TABLE x"')).toHaveLength(1)
    expect(await lint('FROM {object}', "FROM {object}, 'x.csv'")).toHaveLength(1)
    expect(await lint('mid > 0', '(SELECT 1) > 0')).toHaveLength(1)
  })

  it('lets a rule see raw and system columns', async () => {
    expect(await lint('mid > 0', '_raw_mid IS NULL OR _known_at > rate_date')).toEqual([])
  })
})
