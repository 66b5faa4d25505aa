import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/gold/front-matter.js'
import { validateProject } from '../../src/pipeline/validate.js'
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
    const findings = await validateProject(lake.project)
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
