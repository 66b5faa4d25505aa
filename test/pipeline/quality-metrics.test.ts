import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contract } from '../../src/contract/contract.js'
import { ruleIds } from '../../src/contract/rule-ids.js'
import { parsePipes } from '../../src/pipeline/pipes/load-pipes.js'
import { ticks } from '../support/contracts.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const CHECKED = ticks({
  maxShare: 0.1,
  quality: [
    '{ id: enough, metric: rowCount, mustBeGreaterThan: 1 }',
    '{ id: far_away, type: sql, query: "SELECT max(price) FROM {object} WHERE price > 1000", mustBeLessThan: 2000 }',
  ],
})

/** Rows of one price; a pipe reads each named file. */
async function pipesOf(files: Readonly<Record<string, readonly number[]>>) {
  for (const [name, prices] of Object.entries(files)) {
    const rows = prices.map((price, at) => ({ id: `${name}${at}`, moment: '2026-01-05T10:00:00Z', price }))
    await folder.write(`${name}.ndjson`, ndjson(rows))
  }
  const lines = Object.keys(files).map(
    name => `  - { name: ${name}, source: file, contract: ticks, input: ${name}.ndjson }\n`,
  )
  return parsePipes(`pipes:\n${lines.join('')}`, 'pipes/ticks.yaml')
}

async function lakeOf(files: Readonly<Record<string, readonly number[]>>, contract: Contract = CHECKED) {
  const metrics = folder.project.contracts.find(({ dataset }) => dataset === 'data_quality_metrics')!
  return folder.lake({ models: [], contracts: [contract, metrics], pipes: await pipesOf(files) })
}

function figures(lake: TestLake, where: string): Promise<readonly Record<string, unknown>[]> {
  return lake.rows(
    `SELECT pipe, rule, rows::INTEGER AS rows, failed::INTEGER AS failed, rule_verdict, verdict FROM gold.data_quality_metrics WHERE ${where} ORDER BY ALL`,
  )
}

const GOOD = Array.from({ length: 12 }, (_, at) => at + 1)
const BAD = [-1, -2, -3, 4]

describe('quality metrics', () => {
  let lake: TestLake
  beforeAll(async () => {
    lake = await lakeOf({ good: GOOD, bad: BAD, worse: BAD.map(price => -Math.abs(price)) })
    await lake.run({ runId: 'first' })
  })

  it('have the gate of each pipe and of all of them together, with the limits and two verdicts', async () => {
    expect(await figures(lake, `rule = '*'`)).toEqual([
      { pipe: '', rule: '*', rows: 20, failed: 7, rule_verdict: 'fail', verdict: 'fail' },
      { pipe: 'bad', rule: '*', rows: 4, failed: 3, rule_verdict: 'fail', verdict: 'fail' },
      { pipe: 'good', rule: '*', rows: 12, failed: 0, rule_verdict: 'pass', verdict: 'pass' },
      { pipe: 'worse', rule: '*', rows: 4, failed: 4, rule_verdict: 'fail', verdict: 'fail' },
    ])
    expect(
      await lake.rows(
        `SELECT DISTINCT threshold, threshold_rows, kind FROM gold.data_quality_metrics WHERE rule = '*'`,
      ),
    ).toEqual([{ threshold: 0.1, threshold_rows: null, kind: 'gate' }])
  })

  it('have every rule of every pipe, also those that no row broke', async () => {
    const rules = await lake.rows(
      `SELECT pipe, list(rule ORDER BY rule) AS rules FROM gold.data_quality_metrics WHERE kind = 'rule' GROUP BY pipe ORDER BY pipe`,
    )
    const all = [...ruleIds(CHECKED), 'unreadable', 'conflict'].sort()
    expect(rules).toEqual(['', 'bad', 'good', 'worse'].map(pipe => ({ pipe, rules: all })))
    expect(await figures(lake, `rule = 'price_positive' AND pipe <> ''`)).toEqual([
      { pipe: 'bad', rule: 'price_positive', rows: 4, failed: 3, rule_verdict: 'warn', verdict: 'fail' },
      { pipe: 'good', rule: 'price_positive', rows: 12, failed: 0, rule_verdict: 'pass', verdict: 'pass' },
      { pipe: 'worse', rule: 'price_positive', rows: 4, failed: 4, rule_verdict: 'warn', verdict: 'fail' },
    ])
  })

  it('add up: the rows of all pipes together are those of the pipes', async () => {
    expect(
      await lake.rows(`SELECT rule FROM gold.data_quality_metrics WHERE kind <> 'check' GROUP BY run_id, dataset, rule
        HAVING sum(rows) FILTER (pipe = '') <> sum(rows) FILTER (pipe <> '') OR sum(failed) FILTER (pipe = '') <> sum(failed) FILTER (pipe <> '')`),
    ).toEqual([])
  })

  it('have the figure of a batch check with its operator, and say when the batch gave none', async () => {
    expect(
      await lake.rows(
        `SELECT rule, pipe, value, operator, limit_low, limit_high, unit, rule_verdict FROM gold.data_quality_metrics WHERE kind = 'check' ORDER BY rule`,
      ),
    ).toEqual([
      {
        ...{ rule: 'enough', pipe: '', value: 13, operator: 'mustBeGreaterThan', limit_low: 1, limit_high: null },
        ...{ unit: 'rows', rule_verdict: 'pass' },
      },
      {
        ...{ rule: 'far_away', pipe: '', value: null, operator: 'mustBeLessThan', limit_low: null, limit_high: 2000 },
        ...{ unit: 'rows', rule_verdict: 'unchecked' },
      },
    ])
  })

  it('keep their own contract', async () => {
    const contract = folder.project.contracts.find(({ dataset }) => dataset === 'data_quality_metrics')!
    const broken = contract.rules.map(({ id, test }) => (test.kind === 'expression' ? `NOT (${test.sql})` : id))
    expect(broken.length).toBeGreaterThan(2)
    const key = contract.primaryKey.join(', ')
    expect(
      await lake.rows(
        `SELECT count(*) FILTER (${broken.join(' OR ')})::INTEGER AS broken, (count(*) - count(DISTINCT (${key})))::INTEGER AS twice FROM gold.data_quality_metrics`,
      ),
    ).toEqual([{ broken: 0, twice: 0 }])
  })
})

describe('quality metrics of an older lake', () => {
  it('get the columns that the contract has won', async () => {
    const now = folder.project.contracts.find(({ dataset }) => dataset === 'data_quality_metrics')!
    const columns = now.columns.slice(
      0,
      now.columns.findIndex(({ name }) => name === 'kind'),
    )
    const older = { ...now, columns, rules: now.rules.filter(({ id }) => id !== 'rule_verdict_known') }
    const lake = await lakeOf({ plain: GOOD })
    await lake.with({ contracts: [CHECKED, older] }).run({ runId: 'before' })
    await lake.run({ runId: 'after' })
    expect(
      await lake.rows(
        `SELECT run_id, kind FROM gold.data_quality_metrics WHERE rule = '*' AND pipe = 'plain' ORDER BY run_id DESC`,
      ),
    ).toEqual([
      { run_id: 'before', kind: null },
      { run_id: 'after', kind: 'gate' },
    ])
  })
})

describe('quality metrics of a derived table', () => {
  it('count its rules, those that only warn too, whether it is published or held', async () => {
    const { contracts, models } = folder.project
    const rule = (id: string, severity: 'error' | 'warn', sql: string) => ({
      ...{ id, severity, description: '' },
      test: { kind: 'expression' as const, sql },
    })
    const asks = (sql: string) => ({
      contracts: contracts.map(contract =>
        contract.dataset === 'price_bars'
          ? { ...contract, rules: [rule('cheap', 'warn', 'close < 0'), rule('sane', 'error', sql)] }
          : contract,
      ),
      models: models.filter(({ table }) => table === 'price_bars'),
    })
    const lake = folder.lake(asks('close > 0'))
    await lake.run({ runId: 'fine', input: [await folder.write('fine.ndjson', ndjson(trades(3)))] })
    const other = await folder.write('other.ndjson', ndjson(trades(3, { source: 'other' }, 'o')))
    await lake.with(asks('close < 0')).run({ runId: 'held', input: [other] })
    const counted = await lake.rows(
      `SELECT run_id, rule, (rows = failed) AS every, rows > 0 AS any, severity, rule_verdict, verdict FROM gold.data_quality_metrics
       WHERE dataset = 'price_bars' AND rule IN ('*', 'cheap', 'sane', 'key:unique') ORDER BY run_id, rule`,
    )
    const told =
      (run_id: string, verdict: string) => (rule: string, every: boolean, severity: string, own: string) => ({
        ...{ run_id, rule, every, any: true, severity, rule_verdict: own, verdict },
      })
    const [fine, held] = [told('fine', 'pass'), told('held', 'fail')]
    expect(counted).toEqual([
      fine('*', false, 'error', 'pass'),
      fine('cheap', true, 'warn', 'warn'),
      fine('key:unique', false, 'error', 'pass'),
      fine('sane', false, 'error', 'pass'),
      held('*', true, 'error', 'warn'),
      held('cheap', true, 'warn', 'warn'),
      held('key:unique', false, 'error', 'pass'),
      held('sane', true, 'error', 'fail'),
    ])
  })
})

describe('the record of a run', () => {
  it('has the verdict of each pipe with its own figures, and the dataset with those of all', async () => {
    const lake = await lakeOf({ good: GOOD, bad: BAD, worse: BAD.map(price => -Math.abs(price)) })
    const record = await lake.run({})
    const told = (pipe: string, text: string) => ({
      ...{ pipe, verdict: 'fail' },
      findings: [{ rule: '*', severity: 'error', text: `${text}; allowed: at most 10 %` }],
    })
    expect(record.pipes).toMatchObject([
      { pipe: 'good', verdict: 'pass' },
      told('bad', '3 of 4 rows in error (75 %)'),
      told('worse', '4 of 4 rows in error (100 %)'),
    ])
    expect(record.pipes[0]).not.toHaveProperty('findings')
    expect(record.datasets).toMatchObject([
      { verdict: 'fail', findings: [{ text: '7 of 20 rows in error (35 %); allowed: at most 10 %' }] },
    ])
  })
})
