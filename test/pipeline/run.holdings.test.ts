import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const held = (portfolio: string) => ({
  ...{ portfolio, instrument_id: 'equity:XNYS:ACME', as_of: '2025-12-29', quantity: 1 },
})

describe('holdings', () => {
  it('of a portfolio whose name is none, or that of a whole, wait in quarantine', async () => {
    const lake = folder.lake()
    const names = ['*', '', 'a b', '-x', 'main\u200b', 'm'.repeat(101), 'Main', 'desk-1.eu_2']
    const input = [await folder.write('holdings.ndjson', ndjson(names.map(held)))]
    await lake.run({ input, contract: 'holdings', allowDqBreach: true })
    expect(await lake.rows('SELECT portfolio FROM silver.holdings ORDER BY 1')).toEqual([
      { portfolio: 'Main' },
      { portfolio: 'desk-1.eu_2' },
    ])
    const rules = await lake.rows('SELECT DISTINCT unnest(rules) AS rule FROM quarantine.holdings ORDER BY 1')
    expect(rules.map(({ rule }) => rule)).toContain('portfolio_name')
  })
})
