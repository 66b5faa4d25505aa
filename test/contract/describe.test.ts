import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { describeContract, jsonSchemaOf, typescriptOf } from '../../src/contract/describe.js'
import { loadContract } from '../../src/contract/load-contract.js'
import { contractText } from './odcs-text.js'

const rates = loadContract(contractText(), 'rates.odcs.yaml')
const bars = loadContract(readFileSync('contracts/bars.odcs.yaml', 'utf8'), 'contracts/bars.odcs.yaml')

describe('describeContract', () => {
  it('names every column, term and rule in one section', () => {
    const text = describeContract(bars)
    for (const column of bars.columns) expect(text).toContain(`| \`${column.name}\` |`)
    for (const rule of bars.rules) expect(text).toContain(`| \`${rule.id}\` |`)
    expect(text).toContain(
      'Key: `instrument_id`, `bar_interval`, `event_time`; of several rows of a key the first row stays.',
    )
    expect(text).toContain('more than 5 % rows in error')
  })

  it('keeps every table row on one line with as many cells as its head', () => {
    const cells = (line: string) => line.replaceAll('\\|', '').split('|').length
    const tables = describeContract(bars)
      .split('\n\n')
      .filter(part => part.startsWith('|'))
    expect(tables).toHaveLength(2)
    for (const table of tables) expect(new Set(table.trim().split('\n').map(cells)).size).toBe(1)
  })
})

describe('jsonSchemaOf', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
  addFormats.default(ajv)
  const valid = ajv.compile(jsonSchemaOf(rates))

  it('accepts a row as the lake exports it', () => {
    expect(valid({ rate_date: '2026-03-02', code: 'USD', mid: '3.60560000', note: null })).toBe(true)
  })

  it('refuses a number where a decimal is text, an absent key column and an unknown column', () => {
    expect(valid({ rate_date: '2026-03-02', code: 'USD', mid: 3.6056 })).toBe(false)
    expect(valid({ rate_date: '2026-03-02', mid: '3.6' })).toBe(false)
    expect(valid({ rate_date: '2026-03-02', code: 'USD', mid: '3.6', more: 1 })).toBe(false)
  })
})

describe('typescriptOf', () => {
  it('gives an interface that compiles, decimals as text', () => {
    const source = typescriptOf(rates)
    expect(source).toContain('export interface RatesRow {')
    expect(source).toContain('  readonly mid: string\n')
    expect(source).toContain('  readonly note: string | null\n')
    expect(ts.transpileModule(source, { reportDiagnostics: true }).diagnostics).toEqual([])
  })
})
