import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/gold/front-matter.js'
import { validateProject } from '../../src/pipeline/doctor/validate.js'
import { listTables } from '../../src/pipeline/read/tables.js'
import { errorOf, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { bar, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const SUMMARY = (select: string) =>
  loadModel(
    `/*---
table: risk_summary
grain: one row per instrument and date
partition: date
lookback: P0D
description: closes
---*/
${select}
`,
    'models/gold/risk_summary.sql',
  )
const FIGURES = ['return_1d', 'volatility_20d', 'ewma_volatility', 'var_95_loss', 'var_99_loss', 'es_975_loss']
  .concat('max_drawdown_loss', 'sharpe')
  .map(name => `NULL::DOUBLE AS ${name}`)
  .join(', ')
const BARS = `FROM silver.bars WHERE bar_interval = '1d'`

describe('a model that cannot make its table', () => {
  it.each([
    ['gives no _known_at', `SELECT instrument_id, event_time::DATE AS date, close, ${FIGURES} ${BARS}`, /_known_at/],
    [
      'gives a _known_at that is no time with a zone',
      `SELECT instrument_id, event_time::DATE AS date, close, ${FIGURES}, event_time::DATE AS _known_at ${BARS}`,
      /_known_at is DATE/,
    ],
    [
      'lacks a column of its contract',
      `SELECT instrument_id, event_time::DATE AS date, ${FIGURES}, _known_at ${BARS}`,
      /lacks close of its contract/,
    ],
    ['names a column that is not there', `SELECT no_column ${BARS}`, /no_column/],
    ['reads a table that nothing makes', 'SELECT 1 AS x FROM gold.nowhere', /gold\.nowhere/],
  ])('is found by validate and by a run before it writes, when it %s', async (_, select, words) => {
    const lake = folder.lake({ models: [SUMMARY(select)] })
    const findings = (await validateProject(lake.project)).filter(({ subject }) => !subject.startsWith('tests/'))
    expect(findings.filter(({ status }) => status === 'fail').map(({ detail }) => detail)).toEqual([
      expect.stringMatching(words),
    ])
    const input = await folder.write('one.ndjson', ndjson([bar('2026-01-05', 100)]))
    const error = await errorOf(lake.run({ input: [input], contract: 'bars' }))
    expect(error).toMatchObject({ code: 'SLUICE_MODEL_INVALID', message: expect.stringMatching(words) })
    expect(error.place).toMatchObject({ file: 'models/gold/risk_summary.sql' })
    expect(await lake.files()).toEqual({})
  })
})

describe('gold that a run could not derive', () => {
  const CLOSES = (close: string) =>
    SUMMARY(`SELECT instrument_id, event_time::DATE AS date, ${close} AS close, ${FIGURES}, _known_at ${BARS}`)
  const mended = CLOSES('close')
  const gold = 'SELECT date::VARCHAR AS date, close::DOUBLE AS close FROM gold.risk_summary ORDER BY date'
  const january = { date: '2026-01-05', close: 100 }

  it.each([
    ['failed', CLOSES(`CASE WHEN close > 0 THEN error('disk') ELSE close END`)],
    ['was held', SUMMARY(`${CLOSES('close').sql} UNION ALL ${CLOSES('close').sql}`)],
  ])('is derived by the next run with the same input, once, when its model %s', async (_, model) => {
    const broken = folder.lake({ models: [model] })
    const input = [await folder.write('january.ndjson', ndjson([bar('2026-01-05', 100)]))]
    const first = await broken.run({ input, contract: 'bars', runId: 'first' })
    expect(first.status).toBe('partial')
    const lake = broken.with({ models: [mended] })
    const second = await lake.run({ input, contract: 'bars', runId: 'second' })
    expect(second.status).toBe('published')
    expect(await lake.rows(gold)).toEqual([january])
    const third = await lake.run({ input, contract: 'bars', runId: 'third' })
    expect(third.tables.map(({ table }) => table)).not.toContain('gold.risk_summary')
    expect(third.datasets.map(({ dataset }) => dataset)).toEqual(['bars'])
  })

  it('is told in the record without a value of a row, and fails again until its model is mended', async () => {
    const lake = folder.lake({ models: [CLOSES(`error('no close for 100.5')`)] })
    const input = [await folder.write('again.ndjson', ndjson([bar('2026-01-05', 100)]))]
    for (const runId of ['first', 'second']) {
      const { status, datasets } = await lake.run({ input, contract: 'bars', runId })
      expect(status).toBe('partial')
      const [{ text } = { text: '' }] = datasets.find(({ dataset }) => dataset === 'gold.risk_summary')!.findings
      expect(text).toBe('the SQL of models/gold/risk_summary.sql:8:1 failed: Invalid Input Error: no close for …')
    }
  })

  it('waits with the tables that read it, and all of them catch up beside new days', async () => {
    const shipped = folder.project.models
    const broken = shipped.map(model =>
      model.table === 'risk_metrics'
        ? { ...model, sql: `SELECT * REPLACE (CASE WHEN true THEN error('x') END AS method) FROM (${model.sql})` }
        : model,
    )
    const days = ['2026-01-05', '2026-01-06', '2026-02-02'].map((day, at) => bar(day, 100 + at))
    const [early, late] = [days.slice(0, 2), days.slice(2)].map((rows, at) => ({ name: `part-${at}.ndjson`, rows }))
    const lake = folder.lake({ models: broken })
    const first = await lake.run({
      input: [await folder.write(early!.name, ndjson(early!.rows))],
      contract: 'bars',
      runId: 'a',
    })
    expect(first.status).toBe('partial')
    expect(first.stale).toEqual([
      { table: 'gold.risk_metrics', outcome: 'failed', why: expect.stringMatching(/^the SQL of .* failed: /) },
      ...['gold.risk_summary', 'gold.var_backtest'].map(table => ({
        ...{ table, outcome: 'waiting', why: 'it reads what is not up to date: gold.risk_metrics failed' },
      })),
    ])
    const marks = async () => (await listTables(lake.project)).filter(({ stale }) => stale !== undefined)
    expect((await marks()).map(({ table, stale }) => [table, stale])).toEqual([
      ['gold.risk_metrics', expect.stringMatching(/^run a could not derive it: the SQL of /)],
    ])
    const whole = lake.with({ models: shipped })
    await whole.run({ input: [await folder.write(late!.name, ndjson(late!.rows))], contract: 'bars', runId: 'b' })
    expect(await marks()).toEqual([])
    const atOnce = folder.lake({ models: shipped })
    await atOnce.run({ input: [await folder.write('all.ndjson', ndjson(days))], contract: 'bars' })
    const tables = ['gold.risk_metrics', 'gold.risk_summary']
    expect(await whole.contents(tables)).toEqual(await atOnce.contents(tables))
  })
})
