import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/gold/front-matter.js'
import { systemDeps } from '../../src/pipeline/deps.js'
import { changeDebts, readDebts } from '../../src/pipeline/derive/stale-gold.js'
import { findRun, readRun, runKey } from '../../src/pipeline/record/runs.js'
import { localStore } from '../../src/storage/local-store.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, type InputRow, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const GOLD = ['gold.risk_metrics', 'gold.risk_summary']
const DAYS = Array.from({ length: 70 }, (_, at) => {
  const date = new Date(Date.UTC(2025, 10, 20) + at * 86_400_000).toISOString().slice(0, 10)
  return bar(date, 100 + ((at * 37) % 11) - ((at * 17) % 7) / 4)
})

let files = 0
async function feed(lake: TestLake, rows: readonly InputRow[], runId?: string) {
  const input = [await folder.write(`derive-${files++}.ndjson`, ndjson(rows))]
  return lake.run({ input, contract: 'bars', runId })
}

/** A lake whose silver is filled and whose gold nobody derived. */
async function silverOnly(rows: readonly InputRow[] = DAYS): Promise<TestLake> {
  const lake = folder.lake({ models: [] })
  await feed(lake, rows)
  return lake.with({ models: folder.project.models })
}

const debtsOf = async (lake: TestLake) =>
  (await readDebts(localStore(lake.root))).map(({ table }) => table).sort((a, b) => (a < b ? -1 : 1))

/** The shipped models, with another SELECT in one of them. */
function withModel(table: string, change: (sql: string) => string): Model[] {
  return folder.project.models.map(model => {
    if (model.table !== table) return model
    const sql = change(model.sql)
    return { ...model, sql, hash: `changed ${sql.length}` }
  })
}

describe('sluice derive', () => {
  it('fills the tables of models that came after the data, and has nothing to do after that', async () => {
    const lake = await silverOnly()
    const record = await lake.derive({ runId: 'later' })
    expect(record).toMatchObject({ run_id: 'later', status: 'published', inputs: [], pipes: [] })
    const names = folder.project.models.map(({ table }) => `gold.${table}`)
    expect(record.derivation).toEqual({ tables: expect.arrayContaining(names), scope: 'owed' })
    expect(record.tables.map(({ table }) => table)).toEqual(
      expect.arrayContaining([...GOLD, 'gold.data_quality_metrics']),
    )
    const atOnce = folder.lake({})
    await feed(atOnce, DAYS)
    expect(await lake.contents(GOLD)).toEqual(await atOnce.contents(GOLD))
    const before = await lake.files()
    expect(await lake.derive()).toMatchObject({ status: 'nothing_due', tables: [] })
    expect(await lake.files()).toEqual(before)
  })

  it('with --full makes the files again that incremental runs made, byte for byte, so that none is written', async () => {
    const lake = folder.lake({})
    for (const part of [DAYS.slice(30, 45), DAYS.slice(0, 20), DAYS.slice(45), DAYS.slice(20, 30)])
      await feed(lake, part)
    const filesOf = async () => ({
      ...(await lake.files('gold/risk_metrics')),
      ...(await lake.files('gold/risk_summary')),
    })
    const before = await filesOf()
    expect(Object.keys(before).filter(file => file.endsWith('.parquet')).length).toBeGreaterThan(4)
    const record = await lake.derive({ full: true, runId: 'again' })
    expect(record).toMatchObject({ status: 'nothing_due', derivation: { scope: 'full' } })
    expect(await filesOf()).toEqual(before)
    expect(await readRun(lake.project, 'again')).toEqual(record)
    expect(await debtsOf(lake)).toEqual([])
  })

  it('says with --full when the files would come out otherwise', async () => {
    const lake = folder.lake({})
    await feed(lake, DAYS)
    const changed = lake.with({
      models: withModel('risk_summary', sql => sql.replace('AS return_1d', '* 2 AS return_1d')),
    })
    const record = await changed.derive({ select: ['gold.risk_summary'], full: true })
    expect(record.tables.map(({ table, rows_added }) => [table, rows_added])).toEqual([
      ['gold.risk_summary', 70],
      ['gold.data_quality_metrics', expect.any(Number)],
    ])
  })

  it('derives only what is selected, and leaves what reads it owing the change', async () => {
    const lake = folder.lake({})
    await feed(lake, DAYS)
    const models = withModel('risk_metrics', sql => `SELECT * REPLACE (method || '.' AS method) FROM (${sql})`)
    const changed = lake.with({ models })
    const record = await changed.derive({ select: ['risk_metrics'] })
    expect(record.status).toBe('published')
    const why = 'a table that it reads changed, and it was not asked for'
    // What reads it shows no method: it owes the change, and then comes out the same.
    const owing = ['gold.risk_summary', 'gold.var_backtest']
    expect(record.stale).toEqual(owing.map(table => ({ table, outcome: 'waiting', why })))
    expect(await debtsOf(lake)).toEqual(owing)
    expect((await changed.derive()).status).toBe('nothing_due')
    expect(await debtsOf(lake)).toEqual([])
  })

  it('takes +x for x and what it is made of, and x+ for x and what is made of it', async () => {
    const tables = async (term: string) => (await (await silverOnly()).derive({ select: [term] })).derivation?.tables
    const made = ['price_bars', 'bars_daily', 'returns_daily', 'volatility', 'risk_metrics'].map(name => `gold.${name}`)
    expect(await tables('+risk_metrics')).toEqual(made)
    expect(await tables('risk_metrics+')).toEqual([...GOLD, 'gold.var_backtest'])
    expect(await tables('risk_*')).toEqual(GOLD)
  })

  it.each([
    ['all of the history', { full: true }, ['2025-11-01', '2026-02-01']],
    [
      'a time',
      { interval: { startMs: Date.UTC(2026, 0, 5), endMs: Date.UTC(2027, 0, 1) } },
      ['2026-01-05', '2026-02-01'],
    ],
  ])(
    'leaves to the next run what one that failed had to derive again: %s',
    async (_, asked, [start = '', end = '']) => {
      const lake = folder.lake({})
      await feed(lake, DAYS)
      const models = withModel('risk_metrics', sql => `SELECT * REPLACE (error('x') AS method) FROM (${sql})`)
      const failed = await lake.with({ models }).derive({ select: ['risk_metrics'], ...asked, runId: 'broken' })
      expect(failed).toMatchObject({ status: 'held', stale: [{ table: 'gold.risk_metrics', outcome: 'failed' }] })
      const debts = await readDebts(localStore(lake.root))
      const changed = [{ start: Date.parse(start), end: Date.parse(end) }]
      expect(debts).toEqual([
        { table: 'gold.risk_metrics', runId: 'broken', why: expect.stringMatching(/failed/), changed },
      ])
      expect(await lake.derive()).toMatchObject({ status: 'nothing_due' })
      expect(await debtsOf(lake)).toEqual([])
    },
  )

  it('of one run id does its work once, and is refused for other work', async () => {
    const lake = await silverOnly()
    const first = await lake.derive({ runId: 'once' })
    expect(await lake.derive({ runId: 'once' })).toEqual({ ...first, repeated: true })
    expect((await errorOf(lake.derive({ runId: 'once', full: true }))).code).toBe('SLUICE_RUN_ID_TAKEN')
  })

  it('that died before its record was there is finished under the same run id, although nothing is owed any more', async () => {
    const lake = await silverOnly()
    const first = await lake.derive({ runId: 'died' })
    await rm(join(lake.root, runKey('died')))
    expect(await debtsOf(lake)).toEqual([])
    const again = await lake.derive({ runId: 'died' })
    const { status, derivation, tables } = first
    expect(again).toMatchObject({ status, derivation, tables })
    expect(await findRun(localStore(lake.root), 'died')).toEqual(again)
  })

  it.each(['died', 'another'])(
    'that died before it had booked what it found is made good by the run %s, which books tables that came out as they were too',
    async runId => {
      const lake = folder.lake({})
      await feed(lake, DAYS)
      // What a run before has left: time that changed nothing.
      const [start, end] = [Date.UTC(2026, 0, 5), Date.UTC(2026, 0, 6)]
      const sharing = { store: localStore(lake.root), wait: systemDeps.wait, random: systemDeps.random }
      const debt = { table: 'gold.risk_summary', runId: 'before', changed: [{ start, end }] }
      await changeDebts(sharing, known => [...known, debt])
      const dies = ({ step }: { readonly step: string }): void => {
        if (step === 'metrics') throw new Error('the process ends here')
      }
      await expect(lake.derive({ runId: 'died', onProgress: dies })).rejects.toThrow('ends here')
      const record = await lake.derive({ runId })
      expect(record.datasets).toMatchObject([{ dataset: 'gold.risk_summary', verdict: 'pass' }])
      const booked = await lake.rows(`SELECT dataset, rule, rows > 0 AS looked FROM gold.data_quality_metrics
        WHERE run_id = '${runId}' AND rule = '*'`)
      expect(booked).toEqual([{ dataset: 'risk_summary', rule: '*', looked: true }])
      expect(await debtsOf(lake)).toEqual([])
      expect(await lake.derive()).toMatchObject({ status: 'nothing_due', tables: [], datasets: [] })
    },
  )

  it('that died is made good as well where a changed model gave the rows that were there', async () => {
    const lake = folder.lake({})
    await feed(lake, DAYS)
    const sameRows = (sql: string): string => sql.replace('AS return_1d', '+ 0 AS return_1d')
    const changed = lake.with({ models: withModel('risk_summary', sameRows) })
    const dies = ({ step }: { readonly step: string }): void => {
      if (step === 'metrics') throw new Error('the process ends here')
    }
    await expect(changed.derive({ runId: 'died', onProgress: dies })).rejects.toThrow('ends here')
    expect(await debtsOf(changed)).toEqual(['gold.risk_summary'])
    const record = await changed.derive({ runId: 'next' })
    expect(record.datasets.map(({ dataset }) => dataset)).toContain('gold.risk_summary')
    expect(await debtsOf(changed)).toEqual([])
  })

  it('refuses models that are not there, and a whole history with an end', async () => {
    const lake = await silverOnly()
    const error = await errorOf(lake.derive({ select: ['risk_sumary'] }))
    expect(error).toMatchObject({ code: 'SLUICE_MODEL_UNKNOWN', message: expect.stringContaining('"risk_summary"') })
    const interval = { startMs: 0, endMs: 1 }
    expect((await errorOf(lake.derive({ full: true, interval }))).code).toBe('SLUICE_ARGUMENT_INVALID')
    expect(await debtsOf(lake)).toEqual([])
  })

  it('has nothing to do in a lake without silver', async () => {
    const lake = folder.lake({})
    expect(await lake.derive({ full: true })).toMatchObject({ status: 'nothing_due', tables: [] })
  })
})

describe('a run', () => {
  it('derives the whole history of a model that is new, and again when it changed', async () => {
    const lake = await silverOnly(DAYS.slice(0, 40))
    await feed(lake, DAYS.slice(40))
    const atOnce = folder.lake({})
    await feed(atOnce, DAYS)
    expect(await lake.contents(GOLD)).toEqual(await atOnce.contents(GOLD))
    const changed = lake.with({
      models: withModel('risk_summary', sql => sql.replace('AS return_1d', '* 2 AS return_1d')),
    })
    await feed(changed, [bar('2026-01-29', 99)])
    const figures =
      await lake.rows(`SELECT count(*)::INTEGER AS rows, count(*) FILTER (WHERE s.return_1d = 2 * m.value)::INTEGER AS doubled
      FROM gold.risk_summary s JOIN gold.risk_metrics m USING (instrument_id, date) WHERE metric = 'return_1d' AND value <> 0`)
    expect(figures[0]!['rows']).toBeGreaterThan(60)
    expect(figures[0]!['doubled']).toBe(figures[0]!['rows'])
  })
})
