import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ddlOf } from '../../src/contract/describe.js'
import { lintContract } from '../../src/contract/lint-contract.js'
import { loadContract } from '../../src/contract/load-contract.js'
import { type DuckDbConnection, testDuckDb } from '../support/duckdb.js'

const FOLDER = 'contracts'
const files = readdirSync(FOLDER).filter(name => name.endsWith('.odcs.yaml'))
const load = (file: string) => loadContract(readFileSync(`${FOLDER}/${file}`, 'utf8'), `${FOLDER}/${file}`)

describe('the shipped contracts', () => {
  let duckdb: DuckDbConnection
  beforeAll(async () => {
    duckdb = await testDuckDb()
  })
  afterAll(() => duckdb.close())

  it('are the ones that the models, the sample and the providers need', () => {
    expect(files.map(file => load(file).dataset).sort()).toEqual([
      'bars',
      'bars_daily',
      'calendar_bars',
      'corporate_actions',
      'covariance',
      'cross_instrument',
      'data_quality_metrics',
      'drawdowns',
      'features_daily',
      'fx_daily',
      'fx_rates',
      'holdings',
      'macro_daily',
      'macro_observations',
      'macro_vintages',
      'market_events',
      'portfolio_risk',
      'price_bars',
      'prices_normalized',
      'provider_instruments',
      'restatements',
      'returns_daily',
      'risk_metrics',
      'risk_summary',
      'stress',
      'var_backtest',
      'volatility',
    ])
  })

  it.each(files)('%s keeps the standard, its SQL is safe and its columns are documented', async file => {
    const contract = load(file)
    expect(await lintContract(contract, duckdb.parse, files.map(load))).toEqual([])
    expect(contract.columns.filter(column => column.description === '').map(column => column.name)).toEqual([])
    expect(
      [...contract.rules, ...contract.checks].filter(test => test.description === '').map(test => test.id),
    ).toEqual([])
    await duckdb.run(ddlOf(contract))
  })

  it('name the schema that editors check them with', () => {
    for (const file of files) {
      const [first] = readFileSync(`${FOLDER}/${file}`, 'utf8').split('\n')
      expect(first).toBe('# yaml-language-server: $schema=../schemas/odcs-json-schema-v3.1.0.json')
    }
  })
})
