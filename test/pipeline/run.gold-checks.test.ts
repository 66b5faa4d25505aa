import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contract } from '../../src/contract/contract.js'
import { loadContract } from '../../src/contract/load-contract.js'
import { loadModel, type Model } from '../../src/gold/front-matter.js'
import { qualityReport } from '../../src/pipeline/quality/quality-report.js'
import { listTables } from '../../src/pipeline/read/tables.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import type { RunOptions } from '../../src/pipeline/run.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, type InputRow, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

/** A gold contract of daily closes, with YAML of quality entries. */
function closes(table: string, quality: readonly string[] = []): Contract {
  return loadContract(
    `apiVersion: v3.1.0
kind: DataContract
id: ${table}
version: 1.0.0
status: active
schema:
  - name: ${table}
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: bar_interval, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2 }
      - { name: at, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 3 }
      - { name: close, logicalType: number, physicalType: "decimal(38,18)", required: true }
${quality.length === 0 ? '' : `    quality:\n${quality.map(entry => `      - ${entry}\n`).join('')}`}customProperties:
  - { property: layer, value: gold }
  - { property: eventTime, value: at }
  - { property: partition, value: month }
`,
    `contracts/${table}.odcs.yaml`,
  )
}

function model(table: string, select: string): Model {
  const header = `table: ${table}\ncontract: ${table}\ngrain: a close\npartition: at\nlookback: PT0S\ndescription: closes`
  return loadModel(`/*---\n${header}\n---*/\n${select}\n`, `models/gold/${table}.sql`)
}

const DAILY = `SELECT instrument_id, bar_interval, event_time AS at, close, _known_at FROM silver.bars WHERE bar_interval = '1d'`
const MEAN = `{ id: mean, type: sql, query: "SELECT avg(close) FROM {object}", mustBeLessThan: 200 }`

/** A lake that derives closes, and closes of closes, with checks of the first. */
function lakeOf(quality: readonly string[], more: readonly Contract[] = []): TestLake {
  return folder.lake(parts(quality, more))
}

function parts(quality: readonly string[], more: readonly Contract[] = []) {
  const shipped = folder.project.contracts.filter(({ dataset }) => ['bars', 'data_quality_metrics'].includes(dataset))
  return {
    contracts: [...shipped, ...more, closes('closes', quality), closes('copies')],
    models: [model('closes', DAILY), model('copies', 'SELECT * FROM gold.closes')],
  }
}

let files = 0
async function run(lake: TestLake, rows: readonly InputRow[], options: Partial<RunOptions> = {}): Promise<RunRecord> {
  const input = [await folder.write(`bars-${files++}.ndjson`, ndjson(rows))]
  return lake.run({ input, contract: 'bars', ...options })
}

const datasetOf = ({ datasets }: RunRecord, name: string) => datasets.find(({ dataset }) => dataset === name)
const days = (of: readonly number[], close = 100): InputRow[] =>
  of.map(day => bar(`2026-01-${String(day).padStart(2, '0')}`, close + day))

describe('a check of a gold table', () => {
  it('holds what was derived when it fails: the last good rows stay, marked stale, and what reads them waits', async () => {
    const lake = lakeOf([MEAN])
    expect(await run(lake, days([5, 6]), { runId: 'good' })).toMatchObject({ status: 'published' })
    const record = await run(lake, days([7], 500), { runId: 'bad' })
    expect(record.status).toBe('partial')
    const why = 'mean is 239.33333333333334; it must be less than 200'
    expect(datasetOf(record, 'gold.closes')).toMatchObject({
      verdict: 'fail',
      breach_allowed: false,
      findings: [{ rule: 'mean', severity: 'error', text: why }],
    })
    expect(record.stale).toEqual([
      { table: 'gold.closes', outcome: 'held', why },
      { table: 'gold.copies', outcome: 'waiting', why: 'it reads what is not up to date: gold.closes was held' },
    ])
    expect(await lake.rows('SELECT max(close)::DOUBLE AS highest FROM gold.closes')).toEqual([{ highest: 106 }])
    const stale = (await listTables(lake.project)).filter(table => table.stale !== undefined)
    expect(stale.map(({ table, stale }) => [table, stale])).toEqual([
      ['gold.closes', expect.stringContaining(why)],
      ['gold.copies', expect.stringContaining('gold.closes was held')],
    ])
  })

  it('is booked with its figure in every run, and shown by the report', async () => {
    const lake = lakeOf([MEAN])
    await run(lake, days([5, 6]), { runId: 'one' })
    await run(lake, days([7], 500), { runId: 'two', nowMs: Date.UTC(2026, 1, 2) })
    const booked = `SELECT run_id, kind, value::DOUBLE AS value, limit_high::DOUBLE AS high, rule_verdict, verdict
      FROM gold.data_quality_metrics WHERE dataset = 'closes' AND rule = 'mean' ORDER BY recorded_at`
    expect(await lake.rows(booked)).toEqual([
      { run_id: 'one', kind: 'check', value: 105.5, high: 200, rule_verdict: 'pass', verdict: 'pass' },
      { run_id: 'two', kind: 'check', value: expect.closeTo(239.33), high: 200, rule_verdict: 'fail', verdict: 'fail' },
    ])
    const { figures, neverAsked } = await qualityReport(lake.project, { dataset: 'closes', runs: 5, failed: true })
    expect(figures).toMatchObject([{ rule: 'mean', pipe: '', verdict: 'fail', trend: [105.5, expect.closeTo(239.33)] }])
    expect(neverAsked).toEqual([])
  })

  it('is asked of all that a run derives, in whatever pieces, and once more when it is mended', async () => {
    const lake = lakeOf([`{ id: rows, metric: rowCount, mustBe: 3 }`])
    const months = ['2025-11-03', '2025-12-01', '2026-01-05'].map(day => bar(day, 100))
    expect((await run(lake, months)).status).toBe('published')
    const held = await run(lake, [bar('2026-01-06', 100), bar('2025-11-04', 100)])
    expect(datasetOf(held, 'gold.closes')!.findings).toMatchObject([{ text: 'rows is 4; it must be 3' }])
    const mended = lake.with(parts([`{ id: rows, metric: rowCount, mustBe: 4 }`]))
    expect((await run(mended, [bar('2026-01-06', 100)])).status).toBe('published')
    expect(await lake.rows('SELECT count(*)::INT AS rows FROM gold.copies')).toEqual([{ rows: 5 }])
  })

  it('only tells where it warns', async () => {
    const lake = lakeOf([MEAN.replace(' }', ', severity: warn }')])
    const record = await run(lake, days([5], 500))
    expect(record).toMatchObject({ status: 'published' })
    expect(datasetOf(record, 'gold.closes')).toMatchObject({ verdict: 'warn', findings: [{ rule: 'mean' }] })
    expect(datasetOf(record, 'gold.copies')).toMatchObject({ verdict: 'pass' })
  })

  it('fails its table alone when its SQL cannot be computed over the rows, without a value of them', async () => {
    const lake = lakeOf([MEAN.replace('avg(close)', `max((close || 'x')::INT)`)])
    const record = await run(lake, days([5]))
    const why = expect.stringMatching(/^a check of contracts\/closes\.odcs\.yaml failed: Conversion Error: /)
    expect(record.stale).toMatchObject([{ table: 'gold.closes', outcome: 'failed', why }, { table: 'gold.copies' }])
    expect(record.stale![0]!.why).not.toContain('105')
    expect(datasetOf(record, 'bars')).toMatchObject({ verdict: 'pass' })
  })

  it('lets pass what a person publishes all the same, and says so; never a row in error', async () => {
    const lake = lakeOf([MEAN])
    const record = await run(lake, days([5], 500), { allowDqBreach: true })
    expect(record.status).toBe('published')
    expect(datasetOf(record, 'gold.closes')).toMatchObject({ verdict: 'fail', breach_allowed: true })
    expect(await lake.rows('SELECT count(*)::INT AS rows FROM gold.copies')).toEqual([{ rows: 1 }])
    const rule = `{ id: low, type: custom, engine: sluice, implementation: close < 200, severity: error }`
    const strict = lakeOf([MEAN, rule])
    const refused = await run(strict, days([5], 500), { allowDqBreach: true })
    expect(datasetOf(refused, 'gold.closes')).toMatchObject({ verdict: 'fail', breach_allowed: false })
  })
})

describe('the completeness of a gold table', () => {
  const COMPLETE = `{ id: complete, type: custom, engine: sluice, implementation: { detector: completeness, min_percent: 90 } }`
  const share = (record: RunRecord) => datasetOf(record, 'gold.closes')!.findings.map(({ text }) => text)

  it('counts the sessions between what is published before and what is derived now', async () => {
    const lake = lakeOf([COMPLETE])
    expect((await run(lake, [bar('2025-12-30', 1), bar('2025-12-31', 1)])).status).toBe('published')
    // New Year's day has no session in New York; the 2nd, a Friday, has one.
    expect((await run(lake, [bar('2026-01-02', 1)])).status).toBe('published')
    const gap = await run(lake, [bar('2026-01-30', 1)])
    // Of the 20 sessions from one to the other, the month that is derived has two.
    expect(share(gap)).toEqual(['complete is 10 %; it must be at least 90 %'])
    expect(gap.stale).toMatchObject([{ table: 'gold.closes' }, { table: 'gold.copies' }])
  })

  it('counts what another dataset has beside it, where the contract says so', async () => {
    const beside = COMPLETE.replace('min_percent: 90', 'min_percent: 90, beside: bars')
    const lake = folder.lake({
      ...parts([beside]),
      // Every third day is left to bars alone.
      models: [model('closes', `${DAILY} AND day(event_time) % 3 <> 0`), model('copies', 'SELECT * FROM gold.closes')],
    })
    expect((await run(lake, days([5, 6, 7, 8, 9, 12]))).status).toBe('published')
    const alone = lake.with({ contracts: parts([COMPLETE]).contracts })
    expect(share(await run(alone, days([13])))).toEqual([expect.stringMatching(/^complete is 57\.14/)])
  })

  it('asks nothing of an instrument without a calendar', async () => {
    const rows = ['2026-01-05', '2026-01-30'].map(day => bar(day, 1))
    expect(share(await run(lakeOf([COMPLETE]), rows))).toEqual([expect.stringMatching(/^complete is 10\.5/)])
    const plain = await folder.write('plain.csv', 'instrument_id,asset_class\nequity:XNYS:ACME,equity\n')
    const references = { instruments: plain }
    expect(share(await run(lakeOf([COMPLETE]).with({ references }), rows))).toEqual([])
  })
})

describe('a contract of a gold table', () => {
  const entry = (implementation: string, more = '') =>
    `{ id: x, type: custom, engine: sluice, implementation: ${implementation}${more} }`

  it.each([
    [entry('{ detector: freshness }'), /the detector freshness is for silver/],
    [entry('{ detector: bad_tick, value: close }'), /the detector bad_tick is for silver/],
    [entry('{ detector: completeness }', ', severity: breaker'), /`x`: a model has no breaker that could open/],
    [entry('{ detector: completeness, beside: Bars }'), /`beside` must be the name of a dataset/],
  ])('is refused with the cause: %s', (quality, words) => {
    expect(() => closes('closes', [quality])).toThrow(words)
  })

  it.each([
    ['bar', /there is no dataset `bar`, nearest is `bars`/],
    ['closes', /`closes` is the dataset itself/],
    ['copies', /copies is derived: only a dataset of silver can be looked at/],
  ])('that looks at %s is refused before anything is written', async (beside, words) => {
    const lake = lakeOf([entry(`{ detector: completeness, beside: ${beside} }`)])
    const error = await errorOf(run(lake, days([5])))
    expect(error).toMatchObject({ code: 'SLUICE_CONTRACT_INVALID', message: expect.stringMatching(words) })
    expect(error.place).toMatchObject({ file: 'contracts/closes.odcs.yaml', line: 15 })
    expect(await lake.files()).toEqual({})
  })
})
