import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { describeModel, listModels } from '../../src/pipeline/derive/list-models.js'
import { validateProject } from '../../src/pipeline/doctor/validate.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { CARRIED_CONTRACT, CARRIED_SQL } from '../support/own-model.js'
import { bar, type InputRow, ndjson } from '../support/records.js'

const CONTRACT = 'contracts/carried_closes.odcs.yaml'
const MODEL = 'models/gold/desk/carried_closes.sql'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterEach(async () => {
  for (const file of [CONTRACT, 'models/gold/desk'])
    await rm(join(folder.folder, file), { recursive: true, force: true })
})
afterAll(() => folder.remove())

async function put(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder.folder, name)), { recursive: true })
  await folder.write(name, text)
}

/** A lake of the project as its files are now. */
async function lakeWith(files: Readonly<Record<string, string>>): Promise<TestLake> {
  for (const [name, text] of Object.entries(files)) await put(name, text)
  const { models, contracts, references } = await loadProject({ folder: folder.folder })
  return folder.lake({ models: models.filter(({ table }) => table === 'carried_closes'), contracts, references })
}

const OWN = { [CONTRACT]: CARRIED_CONTRACT, [MODEL]: CARRIED_SQL }

let files = 0
async function feed(lake: TestLake, rows: readonly InputRow[], parts: object = {}) {
  const input = [await folder.write(`user-${files++}.ndjson`, ndjson(rows))]
  return lake.run({ input, contract: 'bars', ...parts })
}

const ROWS = `SELECT date::VARCHAR AS date, close::DOUBLE AS close, age FROM gold.carried_closes ORDER BY date`

describe('a model of the project itself', () => {
  it('is picked up from models/gold and its folders, run and published beside the others', async () => {
    const lake = await lakeWith(OWN)
    const record = await feed(lake, [bar('2025-12-29', 100), bar('2025-12-31', 102)], { runId: 'first' })
    expect(record.status).toBe('published')
    expect(await lake.rows(ROWS)).toEqual([
      { date: '2025-12-29', close: 100, age: '0' },
      { date: '2025-12-30', close: 100, age: '1' },
      { date: '2025-12-31', close: 102, age: '0' },
    ])
    const deps = { ...systemDeps, clock: fixedClock(NOW) }
    expect(await describeModel(lake.project, 'carried_closes', deps)).toEqual({
      table: 'gold.carried_closes',
      description: 'The newest close of at most three days ago.',
      grain: 'one row per instrument and day',
      partition: 'date',
      lookback: 'P3D',
      reads: ['silver.bars'],
      contract: 'carried_closes v1.0.0',
      origin: 'own',
      file: MODEL,
      derivedAt: expect.stringMatching(/^2026-/),
      derivedBy: 'first',
      rows: 3,
    })
  })

  it('is audited by its contract: a row in error keeps the table as it was, and the list of models says so', async () => {
    const lake = await lakeWith(OWN)
    await feed(lake, [bar('2025-12-31', 100)])
    const record = await feed(lake, [bar('2025-12-30', 5000)], { runId: 'high' })
    expect(record.status).toBe('partial')
    expect(await lake.rows(ROWS)).toEqual([{ date: '2025-12-31', close: 100, age: '0' }])
    const [model] = await listModels(lake.project)
    expect(model?.stale).toMatch(/^run high could not derive it: .*close_below_thousand/)
  })

  it('loses no row that has no time: it breaks a rule, and the table is as it was', async () => {
    const timeless = CARRIED_SQL.replace(
      'SELECT instrument_id, date,',
      'SELECT instrument_id, CASE WHEN age < 2 THEN date END AS date,',
    )
      .replace(
        'arg_min(close, age) AS close, min(age) AS age, arg_min(_known_at, age) AS _known_at',
        'close, age, _known_at',
      )
      .replace('GROUP BY instrument_id, date\n', '')
    const lake = await lakeWith({ ...OWN, [MODEL]: timeless })
    const record = await feed(lake, [bar('2025-12-29', 100), bar('2025-12-31', 101)])
    expect(record.status).toBe('partial')
    const [model] = await listModels(lake.project)
    expect(model?.stale).toMatch(/required:date/)
  })

  // Days without input are filled only when a later input says that time went on.
  it('that carries values into days without input is the same derived run by run and at once', async () => {
    const parts = [
      [bar('2025-10-30', 100)],
      [bar('2025-12-08', 101, { instrument_id: 'equity:XWAR:SLU', currency: 'PLN' })],
      [bar('2026-01-02', 102)],
      [bar('2025-12-31', 103)],
    ]
    const lake = await lakeWith(OWN)
    for (const part of parts) await feed(lake, part)
    expect(await lake.derive({ full: true })).toMatchObject({ status: 'nothing_due' })
    const atOnce = await lakeWith(OWN)
    await feed(atOnce, parts.flat())
    expect(await lake.contents(['gold.carried_closes'])).toEqual(await atOnce.contents(['gold.carried_closes']))
    expect((await lake.rows(ROWS)).map(({ date }) => date)).toContain('2025-11-02')
  })

  it.each([
    [
      'another table of the same name',
      { 'models/gold/desk/two.sql': CARRIED_SQL },
      /carried_closes\.sql makes the table gold\.carried_closes too/,
    ],
    [
      'a table that Sluice fills itself',
      { 'models/gold/desk/two.sql': CARRIED_SQL.replace('table: carried_closes', 'table: restatements') },
      /Sluice itself fills the table gold\.restatements/,
    ],
    [
      'a table under the contract of another one',
      {
        'models/gold/desk/two.sql': CARRIED_SQL.replace(
          'table: carried_closes',
          'table: two\ncontract: carried_closes',
        ),
      },
      /a table has the name of its contract/,
    ],
  ])('is refused when it makes %s', async (_, more, words) => {
    for (const [name, text] of Object.entries({ ...OWN, ...more })) await put(name, text)
    const error = await errorOf(loadProject({ folder: folder.folder }))
    expect(error).toMatchObject({ code: 'SLUICE_MODEL_INVALID', message: expect.stringMatching(words) })
    expect(error.place).toEqual({ file: 'models/gold/desk/two.sql' })
  })

  it('is not run while a table that it needs is empty, and once that has a row it is', async () => {
    const needing = CARRIED_SQL.replace('description:', 'needs: [reference.desk]\ndescription:').replace(
      'FROM carried\n',
      'FROM carried LEFT JOIN reference.desk ON false\n',
    )
    await put('desk.csv', 'trader\n')
    const lake = await lakeWith({ ...OWN, [MODEL]: needing })
    await feed(lake, [bar('2025-12-29', 100)])
    expect(await lake.rows(ROWS)).toEqual([])
    await put('desk.csv', 'trader\nann\n')
    await feed(lake, [bar('2025-12-31', 102)])
    expect((await lake.rows(ROWS)).map(row => row['date'])).toEqual(['2025-12-29', '2025-12-30', '2025-12-31'])
    await rm(join(folder.folder, 'desk.csv'))
  })

  it('is refused by validate when it needs a table that it does not read', async () => {
    await put(CONTRACT, CARRIED_CONTRACT)
    await put(MODEL, CARRIED_SQL.replace('description:', 'needs: [silver.holdings]\ndescription:'))
    const findings = await validateProject(await loadProject({ folder: folder.folder }))
    expect(findings.filter(({ status }) => status === 'fail')).toEqual([
      expect.objectContaining({ place: MODEL, detail: expect.stringContaining('silver.holdings') }),
    ])
  })

  it('is found by validate when it has no contract', async () => {
    await put(MODEL, CARRIED_SQL)
    const findings = await validateProject(await loadProject({ folder: folder.folder }))
    const [failed] = findings.filter(({ status }) => status === 'fail')
    expect(failed).toMatchObject({ subject: MODEL, detail: 'there is no gold contract called carried_closes' })
  })
})

describe('the list of models', () => {
  it('tells models as Sluice ships them from changed and own ones, before there is a lake', async () => {
    await lakeWith(OWN)
    const { models, contracts } = await loadProject({ folder: folder.folder })
    const changed = models.map(model => (model.table === 'risk_summary' ? { ...model, hash: 'other' } : model))
    const listed = await listModels(folder.lake({ models: changed, contracts }).project)
    const origins = Object.fromEntries(listed.map(({ table, origin }) => [table, origin]))
    expect(origins).toMatchObject({
      'gold.price_bars': 'shipped',
      'gold.risk_summary': 'changed',
      'gold.carried_closes': 'own',
    })
    expect(listed.every(({ stale, rows }) => stale === undefined && rows === undefined)).toBe(true)
  })

  it('says of a changed model that its table is not up to date, and of those that read it too', async () => {
    const silver = folder.lake({ models: [] })
    await feed(silver, [bar('2026-01-05', 100)])
    const lake = silver.with({
      models: folder.project.models.filter(({ table }) => !/prices|cross|portfolio|stress/.test(table)),
    })
    const never = (await listModels(lake.project)).map(({ table, stale }) => [table, stale])
    expect(never).toContainEqual(['gold.price_bars', 'it was never derived'])
    expect(never).toContainEqual(['gold.risk_metrics', 'it reads gold.returns_daily, which is stale'])
    expect(never).toContainEqual(['gold.fx_daily', undefined])
    await lake.derive()
    const models = lake.project.models.map(model => (model.table === 'risk_metrics' ? { ...model, hash: 'x' } : model))
    const stale = (await listModels(lake.with({ models }).project)).filter(model => model.stale !== undefined)
    expect(stale.map(({ table, stale: why }) => [table, why])).toEqual([
      ['gold.risk_metrics', 'its model changed: the SQL, a formula or a column'],
      ['gold.risk_summary', 'it reads gold.risk_metrics, which is stale'],
      ['gold.var_backtest', 'it reads gold.risk_metrics, which is stale'],
    ])
  })
})
