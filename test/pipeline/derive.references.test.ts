import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listModels } from '../../src/pipeline/derive/list-models.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const [ACME, SLU] = ['equity:XNYS:ACME', 'equity:XWAR:SLU']
const BARS = Array.from({ length: 40 }, (_, at) => {
  const date = new Date(Date.UTC(2025, 10, 20) + at * 86_400_000).toISOString().slice(0, 10)
  const close = 100 + ((at * 37) % 11)
  return [bar(date, close), bar(date, close / 2, { instrument_id: SLU, currency: 'USD' })]
}).flat()
const HOLDINGS = [{ portfolio: 'desk', instrument_id: ACME, as_of: '2025-11-20', quantity: 10 }]
const BENCHMARKS = `instrument_id,benchmark_id\n${SLU},${ACME}\n`
const TABLES = ['gold.risk_metrics', 'gold.risk_summary', 'gold.stress', 'gold.returns_daily', 'gold.covariance']

/** The lake, seen by the project as its files are now. */
async function reread(lake: TestLake): Promise<TestLake> {
  return lake.with({ references: (await loadProject({ folder: folder.folder })).references })
}

let files = 0
async function filled(): Promise<TestLake> {
  const lake = await reread(folder.lake({}))
  for (const [contract, rows] of [['bars', BARS] as const, ['holdings', HOLDINGS] as const])
    await lake.run({ input: [await folder.write(`rows-${files++}.ndjson`, ndjson(rows))], contract })
  return lake
}

const published = (record: { tables: readonly { table: string }[] }): string[] =>
  record.tables
    .map(({ table }) => table)
    .filter(table => table !== 'gold.data_quality_metrics')
    .sort()

describe('a reference file that changed', () => {
  let lake: TestLake
  beforeAll(async () => {
    lake = await filled()
  }, 120_000)

  it('reaches old days of the tables that join it, and no other table', async () => {
    await folder.write(
      'scenarios.csv',
      'scenario,kind,from_date,to_date,instrument_pattern,shock\ndown,shock,,,*,-0.5\n',
    )
    lake = await reread(lake)
    const stale = async () =>
      (await listModels(lake.project)).flatMap(({ table, stale: why }) => (why ? [[table, why]] : []))
    expect(await stale()).toEqual([['gold.stress', 'what it joins changed: reference.scenarios']])
    expect(published(await lake.derive())).toEqual(['gold.stress'])
    const days = `SELECT count(DISTINCT date)::INTEGER AS days FROM gold.stress WHERE scenario = 'down' AND profit_loss < 0`
    expect(await lake.rows(days)).toEqual([{ days: 40 }])
    expect(await lake.derive()).toMatchObject({ status: 'nothing_due' })
    expect(await stale()).toEqual([])
  }, 120_000)

  it('stays owed by a table that was not asked for', async () => {
    await folder.write('baskets.csv', `basket,instrument_id\nboth,${ACME}\nboth,${SLU}\n`)
    lake = await reread(lake)
    expect(await lake.derive({ select: ['stress'] })).toMatchObject({ status: 'nothing_due' })
    expect(published(await lake.derive())).toEqual(['gold.covariance'])
  }, 120_000)

  it('derives nothing again when its rows only stand in another order', async () => {
    await folder.write('baskets.csv', `basket,instrument_id\nboth,${SLU}\nboth,${ACME}\n`)
    lake = await reread(lake)
    expect(await lake.derive()).toMatchObject({ status: 'nothing_due', tables: [] })
  }, 120_000)

  it('is followed by a run with other news, to what a lake has that knew it from the beginning', async () => {
    await folder.write('benchmarks.csv', BENCHMARKS)
    lake = await reread(lake)
    const input = [await folder.write('late.ndjson', ndjson([bar('2026-01-05', 104)]))]
    await lake.run({ input, contract: 'bars' })
    const fresh = await filled()
    await fresh.run({ input, contract: 'bars' })
    expect(await lake.contents(TABLES)).toEqual(await fresh.contents(TABLES))
    const related = `SELECT count(*)::INTEGER > 30 AS some FROM gold.risk_metrics WHERE metric = 'beta' AND instrument_id = '${SLU}'`
    expect(await lake.rows(related)).toEqual([{ some: true }])
  }, 120_000)

  it('takes its rows with it when it goes', async () => {
    await rm(join(folder.folder, 'benchmarks.csv'))
    lake = await reread(lake)
    expect(published(await lake.derive())).toEqual(['gold.risk_metrics'])
    const left = `SELECT count(*)::INTEGER AS n FROM gold.risk_metrics WHERE metric = 'beta'`
    expect(await lake.rows(left)).toEqual([{ n: 0 }])
  }, 120_000)

  it('may be that of instruments: another calendar counts other sessions between old closes', async () => {
    const sessions = `SELECT max(sessions)::INTEGER AS most FROM gold.returns_daily WHERE instrument_id = '${ACME}' AND date < '2026-01-01'`
    expect(await lake.rows(sessions)).toEqual([{ most: 1 }])
    const text = await readFile(join(folder.folder, 'instruments.csv'), 'utf8')
    await folder.write('instruments.csv', text.replace(/^(equity:XNYS:ACME,.*,)XNYS,/m, '$1,'))
    lake = await reread(lake)
    expect(published(await lake.derive())).toContain('gold.returns_daily')
    expect(await lake.rows(sessions)).toEqual([{ most: null }])
  }, 120_000)
})
