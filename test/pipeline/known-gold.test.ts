import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.js'
import type { Model } from '../../src/gold/front-matter.js'
import { type QueryOptions, query } from '../../src/pipeline/read/query.js'
import { describeTable, listTables } from '../../src/pipeline/read/tables.js'
import { fakeTerminal } from '../support/fake-terminal.js'
import { MORE_INSTRUMENTS } from '../support/histories.js'
import { errorOf, filesButAttempts, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, type InputRow, ndjson, trade } from '../support/records.js'

const DAY = 86_400_000
/** Between what came first and what is planted. */
const T = new Date(NOW + DAY).toISOString()
const LATER = NOW + 2 * DAY

let folder: ProjectFolder
let gold: string[]
beforeAll(async () => {
  folder = await projectFolder()
  const instruments = await readFile(join(folder.folder, 'instruments.csv'), 'utf8')
  await folder.write('instruments.csv', `${instruments.trimEnd()}\n${MORE_INSTRUMENTS}`)
  gold = folder.project.models.map(({ table }) => `gold.${table}`)
})
afterAll(() => folder.remove())

let files = 0
async function feed(lake: TestLake, contract: string, rows: readonly InputRow[], nowMs = NOW) {
  const input = [await folder.write(`known-gold-${files++}.ndjson`, ndjson(rows))]
  return lake.run({ input, contract, nowMs, allowDqBreach: true })
}

const dates = Array.from({ length: 31 }, (_, at) =>
  new Date(Date.UTC(2026, 0, 1) + at * DAY).toISOString().slice(0, 10),
)
const fx = (date: string, mid: number, quote = 'PLN'): InputRow => ({
  ...{ instrument_id: `fx:nbp:USD${quote}`, event_time: date, source: 'nbp', fixing: 'nbp:A' },
  ...{ base_currency: 'USD', quote_currency: quote, mid },
})
/** A figure of the federal funds rate; without `knownFrom`, from six in the morning of the day after. */
const macro = (
  date: string,
  value: number,
  knownFrom = new Date(Date.parse(date) + 1.25 * DAY).toISOString(),
): InputRow => ({
  ...{ instrument_id: 'macro:fred:DFF', event_time: date, value, source: 'fred' },
  ...{ vintage_date: knownFrom.slice(0, 10), known_from: knownFrom },
})
const event = (date: string, price: number, id = date) => trade(`k${id}`, { event_time: `${date}T10:00:00Z`, price })

/** A month of prices, rates and events, which all came at NOW. */
async function firstKnowledge(lake: TestLake): Promise<void> {
  await feed(
    lake,
    'bars',
    dates.map((date, at) => bar(date, 100 + (at % 7))),
  )
  await feed(
    lake,
    'fx_rates',
    dates.map((date, at) => fx(date, 3.6 + (at % 5) / 100)),
  )
  await feed(
    lake,
    'market_events',
    dates.slice(0, 30).map((date, at) => event(date, 90 + (at % 3))),
  )
  // The last one is known at T itself: how far days are carried then is the same before and after.
  const rates = dates.map((date, at) => macro(date, 5 + (at % 4) / 4, at === 30 ? T : undefined))
  await feed(
    lake,
    'macro_observations',
    rates.filter((_, at) => at !== 8),
  )
}

/** What came to be known later of days long past: a restated rate, a late event, an announcement, another close. */
async function plant(lake: TestLake): Promise<void> {
  await feed(lake, 'fx_rates', [fx(dates[11]!, 3.98765)], LATER)
  await feed(lake, 'market_events', [event(dates[9]!, 98.7654, 'late'), event(dates[30]!, 98.7654, 'new')], LATER)
  await feed(lake, 'bars', [bar(dates[14]!, 98.7654)], LATER)
  // Revisions of days long past, the newest one among them, and a day that nobody had a figure of.
  const said = new Date(LATER).toISOString()
  const planted = [8, 20, 30].map(at => macro(dates[at]!, 98.7654, said))
  await feed(lake, 'macro_observations', planted, LATER)
  const split = {
    instrument_id: 'equity:XNYS:ACME',
    ex_date: dates[19],
    action_type: 'split',
    action_id: '1',
    ratio: 2,
  }
  await feed(lake, 'corporate_actions', [{ ...split, announced_at: new Date(LATER).toISOString() }], LATER)
}

async function contents(
  lake: TestLake,
  tables: readonly string[],
  options: QueryOptions = {},
): Promise<Record<string, string>> {
  const texts = tables.map(
    table =>
      `SELECT '${table}' AS name, string_agg(t::VARCHAR, chr(10) ORDER BY t::VARCHAR) AS lines FROM ${table} AS t`,
  )
  const { rows } = await query(lake.project, texts.join(' UNION ALL '), options)
  return Object.fromEntries(rows.map(row => [String(row['name']).replace(/^gold\w*\./, ''), String(row['lines'])]))
}

const PLANTED = /98\.7654|3\.98765/

function withModel(table: string, change: (sql: string) => string): Model[] {
  return folder.project.models.map(model =>
    model.table === table ? { ...model, sql: change(model.sql), hash: `changed ${table}` } : model,
  )
}

let lake: TestLake
/** Gold before anything was planted: its rows, and the hashes of its files. */
let before: Record<string, string>
let filesBefore: Record<string, string>
beforeAll(async () => {
  lake = folder.lake({})
  await firstKnowledge(lake)
  before = await contents(lake, gold)
  filesBefore = await lake.files('gold')
  await plant(lake)
})

describe('gold as known at a time', () => {
  it('is what it was before anything else came to be known, in every table of every model', async () => {
    const then = await contents(lake, gold, { asKnownAt: T })
    expect(then).toEqual(before)
    expect(Object.entries(then).filter(([, text]) => PLANTED.test(text))).toEqual([])
    const now = await contents(lake, gold)
    expect(await lake.rows(`SELECT count(*) > 20 AS rated FROM gold.features_daily WHERE rate IS NOT NULL`)).toEqual([
      { rated: true },
    ])
    // No day before it was said has the figure, today either.
    const early = `SELECT count(*)::INTEGER AS n FROM gold.macro_daily WHERE value = 98.7654 AND date < '2026-02-02'`
    expect(await lake.rows(early)).toEqual([{ n: 0 }])
    for (const table of ['price_bars', 'returns_daily', 'fx_daily', 'prices_normalized', 'macro_daily'])
      expect([table, PLANTED.test(now[table]!)]).toEqual([table, true])
    expect(now['returns_daily']).toContain('split')
  })

  it('is asked beside silver, of the same time', async () => {
    const sql = `SELECT count(*)::INTEGER AS rows FROM gold.fx_daily f JOIN fx_rates r ON f.rate_date = r.event_time::DATE AND f.rate = r.mid::DOUBLE
      WHERE f.base_currency = 'USD' AND f.quote_currency = 'PLN' AND f.age_days = 0`
    expect((await query(lake.project, sql, { asKnownAt: T })).rows).toEqual([{ rows: 31 }])
  })

  it('runs no other models than those behind the tables that are named', async () => {
    const models = withModel('risk_metrics', sql => `SELECT * REPLACE (error('x') AS method) FROM (${sql})`)
    const other = lake.with({ models }).project
    const count = (table: string) => query(other, `SELECT count(*) > 0 AS some FROM ${table}`, { asKnownAt: T })
    expect((await count('gold.returns_daily')).rows).toEqual([{ some: true }])
    const error = await errorOf(count('gold.risk_summary'))
    expect(error).toMatchObject({
      code: 'SLUICE_GATE_FAILED',
      message: expect.stringContaining('gold.risk_metrics as known at 2026-02-02'),
    })
  })

  it('is not shown when its contract would hold it', async () => {
    const models = withModel('price_bars', sql => `(${sql}) UNION ALL (${sql})`)
    const asked = query(lake.with({ models }).project, 'SELECT * FROM gold.price_bars', { asKnownAt: T })
    expect(await errorOf(asked)).toMatchObject({
      code: 'SLUICE_GATE_FAILED',
      message: expect.stringContaining('key:unique'),
    })
  })

  it('is refused strictly where rows behind it count as known by a rule, and is given where none do', async () => {
    const strictly = (table: string) =>
      query(lake.project, `SELECT count(*) FROM ${table}`, { asKnownAt: T, strict: true })
    expect(await errorOf(strictly('gold.fx_daily'))).toMatchObject({
      code: 'SLUICE_KNOWLEDGE_ASSUMED',
      message: expect.stringContaining('silver.fx_rates'),
    })
    const events = folder.lake({})
    await feed(events, 'market_events', [event(dates[0]!, 90)])
    const { rows } = await query(events.project, 'SELECT count(*)::INTEGER AS n FROM gold.price_bars', {
      asKnownAt: T,
      strict: true,
    })
    expect(rows).toEqual([{ n: 4 }])
  })

  it('is empty before anything was known', async () => {
    const then = await contents(lake, gold, { asKnownAt: '2020-01-01' })
    expect(Object.values(then).every(text => text === 'null')).toBe(true)
  })
})

describe('gold as known at a time, kept under a name', () => {
  const kept = (name: string) => gold.map(table => table.replace('gold.', `gold_${name}.`))
  beforeAll(() => lake.derive({ asKnownAt: T, into: 'january', runId: 'keep' }))

  it('has the rows of then, says which time it is of, and leaves gold and later runs alone', async () => {
    expect(await contents(lake, kept('january'))).toEqual(before)
    const tables = (await listTables(lake.project)).filter(({ table }) => table.startsWith('gold_'))
    expect(tables.map(({ table, knownAt }) => [table, knownAt])).toEqual(
      kept('january')
        .sort()
        .map(table => [table, T]),
    )
    expect(await describeTable(lake.project, 'gold_january.fx_daily', { files: false })).toMatchObject({ knownAt: T })
    await feed(lake, 'fx_rates', [fx(dates[3]!, 3.7)], LATER + DAY)
    expect(await contents(lake, kept('january'))).toEqual(before)
  })

  it('is byte for byte what gold was then', async () => {
    const hashes = Object.entries(await lake.files('gold_january')).filter(([file]) => file.endsWith('.parquet'))
    const then = new Set(Object.values(filesBefore))
    expect(hashes.length).toBeGreaterThan(8)
    expect(hashes.filter(([, sha]) => !then.has(sha)).map(([file]) => file)).toEqual([])
  })

  it('stands in the record of its run, and comes out the same another time', async () => {
    const record = await lake.derive({ asKnownAt: T, into: 'january', runId: 'keep' })
    expect(record).toMatchObject({ status: 'published', repeated: true })
    expect(record.derivation).toEqual({
      tables: expect.arrayContaining(kept('january')),
      scope: 'known',
      as_known_at: T,
      into: 'january',
      strict: false,
    })
    expect(await lake.derive({ asKnownAt: T, into: 'january' })).toMatchObject({ status: 'nothing_due', tables: [] })
  })

  it('holds the tables that are selected, and those alone', async () => {
    const record = await lake.derive({ asKnownAt: T, into: 'bars_only', select: ['price_bars'] })
    expect(record.tables.map(({ table }) => table)).toEqual(['gold_bars_only.price_bars'])
  })

  it.each([
    [
      'another time under its name',
      { asKnownAt: '2026-01-05', into: 'january' },
      'SLUICE_ARGUMENT_INVALID',
      /holds gold as known at 2026-02-02/,
    ],
    ['a name that is none', { asKnownAt: T, into: 'A b' }, 'SLUICE_ARGUMENT_INVALID', /cannot be a name/],
    ['no name', { asKnownAt: T }, 'SLUICE_ARGUMENT_INVALID', /goes with --into/],
    ['no time', { into: 'x' }, 'SLUICE_ARGUMENT_INVALID', /goes with --into/],
    ['a time that is none', { asKnownAt: 'soon', into: 'x' }, 'SLUICE_ARGUMENT_INVALID', /is no time/],
    ['a part of its history', { asKnownAt: T, into: 'x', full: true }, 'SLUICE_ARGUMENT_INVALID', /as a whole/],
    [
      'what only a rule says was known',
      { asKnownAt: T, into: 'x', strict: true },
      'SLUICE_KNOWLEDGE_ASSUMED',
      /silver\./,
    ],
  ])('is refused, with nothing written, for %s', async (_, options, code, words) => {
    const before = await filesButAttempts(lake)
    expect(await errorOf(lake.derive(options))).toMatchObject({ code, message: expect.stringMatching(words) })
    expect(await filesButAttempts(lake)).toEqual(before)
  })

  it('cannot be asked as known at another time', async () => {
    const asked = query(lake.project, 'SELECT * FROM gold_january.fx_daily', { asKnownAt: T })
    expect(await errorOf(asked)).toMatchObject({
      code: 'SLUICE_KNOWLEDGE_UNKNOWN',
      message: expect.stringMatching(/of its own/),
    })
  })

  it('is listed with its time by sluice tables', async () => {
    const terminal = fakeTerminal({ folder: folder.folder })
    expect(await runProgram(['tables', '--lake', lake.root], terminal)).toBe(0)
    expect(terminal.out()).toContain(`gold_january.fx_daily: as known at ${T}`)
  })
})
