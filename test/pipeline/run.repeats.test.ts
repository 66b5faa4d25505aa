import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { bar, ndjson, trade, trades } from '../support/records.js'

let folder: ProjectFolder
let events: string
let more: string
beforeAll(async () => {
  folder = await projectFolder()
  events = await folder.write('events.ndjson', ndjson([...trades(30), trade('bad', { price: -1 }), ...trades(2)]))
  more = await folder.write('more.ndjson', ndjson(trades(4, {}, 'more')))
})
afterAll(() => folder.remove())

/** What a record says about the work: without times, ids of snapshots and what it cost. */
function work({ pipes, datasets, tables, inputs }: RunRecord) {
  return { pipes, datasets, inputs, rows: tables.map(table => [table.table, table.rows_added, table.files]) }
}

describe('the same run id', () => {
  it('with the same input is reported as done, and nothing is written', async () => {
    const lake = folder.lake({})
    const first = await lake.run({ runId: 'once', input: [events] })
    const before = await lake.files()
    const again = await lake.run({ runId: 'once', input: [events], nowMs: NOW + 60_000 })
    expect(again).toEqual({ ...first, repeated: true })
    expect(await lake.files()).toEqual(before)
  })

  it.each([
    ['another input', { input: ['more.ndjson'] }],
    ['another option', { allowDqBreach: true }],
    ['replace', { replace: true }],
  ])('with %s is refused, and nothing is written', async (_, options) => {
    const lake = folder.lake()
    await lake.run({ runId: 'taken', input: [events] })
    const before = await lake.files()
    const error = await errorOf(lake.run({ runId: 'taken', input: [events], ...options }))
    expect(error.code).toBe('SLUICE_RUN_ID_TAKEN')
    expect(await lake.files()).toEqual(before)
  })

  it.each([
    ['another input', { input: ['more.ndjson'] }],
    ['another option', { allowDqBreach: true }],
  ])('of a run that died after its commits is refused with %s, and no committed file is lost', async (_, options) => {
    const lake = folder.lake()
    await lake.run({ runId: 'died', input: [events] })
    await rm(join(lake.root, '_runs'), { recursive: true })
    const before = await lake.files()
    const rows = await lake.text('SELECT * FROM silver.market_events ORDER BY ALL')
    const error = await errorOf(lake.run({ runId: 'died', input: [events], ...options }))
    expect(error.code).toBe('SLUICE_RUN_ID_TAKEN')
    expect(await lake.files()).toEqual(before)
    expect(await lake.text('SELECT * FROM silver.market_events ORDER BY ALL')).toEqual(rows)
  })

  it('with another contract is refused', async () => {
    const lake = folder.lake()
    await lake.run({ runId: 'taken', input: [events] })
    const contracts = lake.project.contracts.map(contract => ({ ...contract, hash: `${contract.hash}0` }))
    expect((await errorOf(lake.with({ contracts }).run({ runId: 'taken', input: [events] }))).code).toBe(
      'SLUICE_RUN_ID_TAKEN',
    )
  })

  it('used twice at once does the work once; both report it', async () => {
    const lake = folder.lake()
    const records = await Promise.all([0, 1].map(() => lake.run({ runId: 'twin', input: [events] })))
    expect(records.filter(record => record.repeated)).toHaveLength(1)
    expect(work(records[0]!)).toEqual(work(records[1]!))
    expect(
      await lake.rows(
        'SELECT count(*)::INTEGER AS rows, count(DISTINCT event_id)::INTEGER AS keys FROM silver.market_events',
      ),
    ).toEqual([{ rows: 30, keys: 30 }])
    expect(await lake.rows('SELECT count(*)::INTEGER AS rows FROM bronze.market_events')).toEqual([{ rows: 33 }])
    expect(await lake.rows('SELECT count(*)::INTEGER AS rows FROM quarantine.market_events')).toEqual([{ rows: 1 }])
  })
})

describe('the same input under another run id', () => {
  it('is all duplicates: silver and gold stay as they are', async () => {
    const lake = folder.lake({})
    await lake.run({ runId: 'one', input: [events] })
    const published = async () => ({ ...(await lake.files('silver')), ...(await lake.files('gold/price_bars')) })
    const before = await published()
    const again = await lake.run({ runId: 'two', input: [events], nowMs: NOW + 60_000 })
    expect(again.pipes).toMatchObject([{ in: 33, accepted: 0, duplicate: 32, quarantined: 1 }])
    expect(await published()).toEqual(before)
  })

  it('at the same time as the first gives one row per key', async () => {
    const lake = folder.lake()
    const records = await Promise.all(['left', 'right'].map(runId => lake.run({ runId, input: [events] })))
    const accepted = records.map(record => record.pipes[0]!.accepted).sort((a, b) => a - b)
    expect(accepted).toEqual([0, 30])
    expect(
      await lake.rows(
        'SELECT count(*)::INTEGER AS rows, count(DISTINCT event_id)::INTEGER AS keys FROM silver.market_events',
      ),
    ).toEqual([{ rows: 30, keys: 30 }])
  })

  it('beside other inputs at the same time loses nothing', async () => {
    const lake = folder.lake()
    const parts = await Promise.all(
      [0, 1, 2].map(at => folder.write(`at-once-${at}.ndjson`, ndjson(trades(5, {}, `p${at}-`)))),
    )
    await Promise.all(parts.map((input, at) => lake.run({ runId: `part-${at}`, input: [input] })))
    expect(
      await lake.rows(
        'SELECT count(*)::INTEGER AS rows, count(DISTINCT event_id)::INTEGER AS keys FROM silver.market_events',
      ),
    ).toEqual([{ rows: 15, keys: 15 }])
  })
})

describe('a run that died', () => {
  const TABLES = ['bronze.market_events', 'silver.market_events', 'quarantine.market_events']
  const GOLD = [
    'price_bars',
    'bars_daily',
    'returns_daily',
    'volatility',
    'risk_metrics',
    'risk_summary',
    'data_quality_metrics',
  ].map(name => `gold.${name}`)
  let whole: TestLake
  let record: RunRecord
  let rows: Record<string, string>
  beforeAll(async () => {
    whole = folder.lake({ models: folder.project.models.filter(({ table }) => GOLD.includes(`gold.${table}`)) })
    record = await whole.run({ runId: 'run', input: [events] })
    rows = await whole.contents([...TABLES, ...GOLD])
  })

  /** The lake of the whole run as it was after its first commits: later tables are as they were created, and there is no record. */
  async function cutBack(commits: number): Promise<TestLake> {
    const lake = folder.lake({ models: whole.project.models })
    await cp(whole.root, lake.root, { recursive: true })
    await rm(join(lake.root, '_runs'), { recursive: true })
    for (const { table } of record.tables.slice(commits)) {
      const metadata = join(lake.root, table.replace('.', '/'), 'contract_version=v1/metadata')
      for (const name of await readdir(metadata)) if (name !== 'v1.metadata.json') await rm(join(metadata, name))
    }
    return lake
  }

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'after %i table commits is finished by the same command, and its record is that of a run that lived',
    async commits => {
      expect(record.tables.map(({ table }) => table)).toEqual([...TABLES, ...GOLD])
      const lake = await cutBack(commits)
      const again = await lake.run({ runId: 'run', input: [events] })
      expect(again.repeated).toBeUndefined()
      expect(await lake.contents([...TABLES, ...GOLD])).toEqual(rows)
      expect(work(again)).toEqual(work(record))
    },
  )
})

describe('a run that died after its captures', () => {
  /** A lake as it was before the first table: the captures of a run and nothing else. */
  async function capturesOnly(runId: string): Promise<TestLake> {
    const whole = folder.lake()
    await whole.run({ runId, input: [events] })
    const lake = folder.lake()
    await cp(join(whole.root, 'bronze/captures'), join(lake.root, 'bronze/captures'), { recursive: true })
    await cp(join(whole.root, '_layout.json'), join(lake.root, '_layout.json'))
    return lake
  }

  it('days ago stores nothing twice, and its rows were known when the captures say', async () => {
    const lake = await capturesOnly('late')
    const captures = await lake.files('bronze/captures')
    const record = await lake.run({ runId: 'late', input: [events], nowMs: NOW + 3 * 86_400_000 })
    expect(record).toMatchObject({ status: 'published', pipes: [{ in: 33 }] })
    expect(await lake.files('bronze/captures')).toEqual(captures)
    for (const table of ['bronze.market_events', 'silver.market_events'])
      expect(await lake.rows(`SELECT DISTINCT _known_at FROM ${table}`)).toEqual([
        { _known_at: '2026-02-01 00:00:00+00' },
      ])
  })

  it('refuses its id for another input, and nothing is written', async () => {
    const lake = await capturesOnly('other')
    const before = await lake.files()
    expect((await errorOf(lake.run({ runId: 'other', input: [more] }))).code).toBe('SLUICE_RUN_ID_TAKEN')
    expect(await lake.files()).toEqual(before)
  })

  it('used twice at once by clocks that differ keeps one time for captures and rows', async () => {
    const lake = folder.lake()
    const times = [NOW, NOW + 60_000]
    await Promise.all(times.map(nowMs => lake.run({ runId: 'twin', input: [events], nowMs })))
    const known = await lake.rows('SELECT DISTINCT epoch_ms(_known_at)::DOUBLE AS ms FROM bronze.market_events')
    expect(known).toHaveLength(1)
    expect(times).toContain(known[0]!['ms'])
    const captures = Object.keys(await lake.files('bronze/captures'))
    expect(captures).toHaveLength(1)
  })
})

describe('replace', () => {
  const contract = (maxPrice: number) =>
    ticks({
      quality: [
        `{ id: not_above, type: custom, engine: sluice, implementation: price <= ${maxPrice}, severity: error }`,
      ],
    })
  const day = (date: string, price: number) => ({ id: date, moment: `2026-01-${date}T10:00:00Z`, price })

  it('computes the touched partitions anew from bronze in one commit; the others and the old snapshot stay', async () => {
    const lake = folder.lake({ models: [], contracts: [contract(10)] })
    const all = await folder.write('days.ndjson', ndjson([day('05', 1), day('06', 50), day('07', 3)]))
    const touched = await folder.write('touched.ndjson', ndjson([day('06', 60)]))
    await lake.run({ runId: 'first', contract: 'ticks', input: [all] })
    const before = await lake.files('silver/ticks')
    const wider = lake.with({ contracts: [contract(100)] })
    const record = await wider.run({
      runId: 'again',
      contract: 'ticks',
      input: [touched],
      replace: true,
      nowMs: NOW + 60_000,
    })

    const silver = 'SELECT id, price::INTEGER AS price FROM silver.ticks ORDER BY id'
    expect(await wider.rows(silver)).toEqual([
      { id: '05', price: 1 },
      { id: '06', price: 50 },
      { id: '07', price: 3 },
    ])
    expect(await wider.rows(silver, 'first')).toEqual([
      { id: '05', price: 1 },
      { id: '07', price: 3 },
    ])
    expect(record.tables.filter(({ table }) => table === 'silver.ticks')).toMatchObject([
      { rows_added: 1, files: [{ rows: 1 }] },
    ])
    expect(record.pipes).toMatchObject([{ in: 1, accepted: 0, quarantined: 1, rules: { conflict: 1 } }])
    const files = await lake.files('silver/ticks')
    for (const path of Object.keys(before).filter(path => path.endsWith('.parquet')))
      expect(files[path]).toBe(before[path])
  })

  it('removes rows that a stricter contract no longer lets pass', async () => {
    const lake = folder.lake({ models: [], contracts: [contract(100)] })
    const days = await folder.write('strict.ndjson', ndjson([day('05', 1), day('06', 50)]))
    await lake.run({ runId: 'first', contract: 'ticks', input: [days] })
    const stricter = lake.with({ contracts: [contract(10)] })
    await stricter.run({ runId: 'again', contract: 'ticks', input: [days], replace: true, nowMs: NOW + 60_000 })
    const silver = 'SELECT id FROM silver.ticks ORDER BY id'
    expect(await stricter.rows(silver)).toEqual([{ id: '05' }])
    expect(await stricter.rows(silver, 'first')).toEqual([{ id: '05' }, { id: '06' }])
  })

  it('computes the whole table when its key does not hold the event time', async () => {
    const lake = folder.lake({ models: [], contracts: [ticks({ key: 'id' })] })
    const days = await folder.write('whole.ndjson', ndjson([day('05', 1), day('06', 2), day('07', 3)]))
    await lake.run({ contract: 'ticks', input: [days] })
    await lake.run({
      contract: 'ticks',
      input: [await folder.write('one.ndjson', ndjson([day('06', 2)]))],
      replace: true,
      nowMs: NOW + 60_000,
    })
    expect(await lake.rows('SELECT id FROM silver.ticks ORDER BY id')).toEqual([
      { id: '05' },
      { id: '06' },
      { id: '07' },
    ])
  })

  it('of the same input gives the same rows as before; every record counts once', async () => {
    const lake = folder.lake()
    const dirty = await folder.write(
      'dirty.ndjson',
      `${ndjson([...trades(30), trade('bad', { price: -1 }), ...trades(2)])}no JSON\n`,
    )
    const first = await lake.run({ input: [dirty], allowDqBreach: true })
    await lake.run({ input: [more] })
    const before = await lake.contents(['silver.market_events'])
    const again = await lake.run({ input: [dirty], allowDqBreach: true, replace: true, nowMs: NOW + 86_400_000 })
    expect(first.pipes).toMatchObject([{ in: 34, accepted: 30, duplicate: 2, quarantined: 2 }])
    expect(again.pipes).toEqual(first.pipes)
    expect(await lake.contents(['silver.market_events'])).toEqual(before)
  })

  it('that the gate holds leaves silver as it is and quarantines what came, nothing else', async () => {
    const strict = ticks({
      maxShare: 0.1,
      quality: ['{ id: not_above, type: custom, engine: sluice, implementation: price <= 10, severity: error }'],
    })
    const lake = folder.lake({ models: [], contracts: [contract(100)] })
    await lake.run({
      contract: 'ticks',
      input: [await folder.write('before.ndjson', ndjson([day('05', 1), day('06', 50)]))],
    })
    const before = await lake.contents(['silver.ticks'])
    const input = await folder.write('held.ndjson', ndjson([{ ...day('06', 70), id: 'new' }]))
    const stricter = lake.with({ contracts: [strict] })
    const record = await stricter.run({ contract: 'ticks', input: [input], replace: true, nowMs: NOW + 60_000 })
    expect(record).toMatchObject({ status: 'held', pipes: [{ in: 1, accepted: 0, quarantined: 1, held: 0 }] })
    expect(await stricter.contents(['silver.ticks'])).toEqual(before)
    expect(await stricter.rows(`SELECT record->>'id' AS id FROM quarantine.ticks`)).toEqual([{ id: 'new' }])
  })
})

describe('a dry run', () => {
  it('writes nothing and says what it would read', async () => {
    const lake = folder.lake()
    const record = await lake.run({ dryRun: true, input: [events] })
    expect(record).toMatchObject({ status: 'planned', inputs: [{ name: 'events.ndjson' }], pipes: expect.anything() })
    expect(await lake.files()).toEqual({})
  })

  it('with nothing due says so and writes no record', async () => {
    const lake = folder.lake({ models: [], pipes: [] })
    expect(await lake.run({})).toMatchObject({ status: 'nothing_due', pipes: [], tables: [] })
    expect(await lake.rows('SELECT * FROM ledger.runs')).toEqual([])
  })
})

describe('knowledge time', () => {
  it('is the time of capture, or what the publication rule of the contract says', async () => {
    const lake = folder.lake()
    await lake.run({ input: [await folder.write('bars.ndjson', ndjson([bar('2026-01-05', 10)]))], contract: 'bars' })
    await lake.run({ input: [more] })
    expect(await lake.rows('SELECT _known_at, _known_basis FROM silver.bars')).toEqual([
      { _known_at: '2026-01-06 00:00:00+00', _known_basis: 'rule' },
    ])
    expect(await lake.rows('SELECT DISTINCT _known_at, _known_basis FROM silver.market_events')).toEqual([
      { _known_at: '2026-02-01 00:00:00+00', _known_basis: 'captured' },
    ])
  })
})
