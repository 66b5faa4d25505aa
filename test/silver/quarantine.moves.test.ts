import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { ticks } from '../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

const HOUR = 3_600_000

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const upTo = (maxPrice: number, maxShare = 1) =>
  ticks({
    maxShare,
    quality: [`{ id: not_above, type: custom, engine: sluice, implementation: price <= ${maxPrice}, severity: error }`],
  })
const day = (date: string, price: number, parts: InputRow = {}): InputRow => ({
  id: date,
  moment: `2026-01-${date}T10:00:00Z`,
  price,
  ...parts,
})

function emptyLake(maxPrice: number): TestLake {
  return folder.lake({ models: [], contracts: [upTo(maxPrice)] })
}

let names = 0
async function runRows(lake: TestLake, rows: readonly InputRow[], hour: number, replace = false): Promise<RunRecord> {
  return runFile(lake, await folder.write(`moves-${names++}.ndjson`, ndjson(rows)), hour, replace)
}

function runFile(lake: TestLake, input: string, hour: number, replace = false): Promise<RunRecord> {
  return lake.run({ contract: 'ticks', input: [input], replace, nowMs: NOW + hour * HOUR })
}

const moved = (record: RunRecord) => record.datasets.find(({ dataset }) => dataset === 'ticks')?.moved

/** `id price: rules state`, in order. */
async function quarantineOf(lake: TestLake): Promise<string[]> {
  const rows = await lake.rows(
    `SELECT coalesce(record->>'id', raw) AS id, record->>'price' AS price, rules, state FROM quarantine.ticks ORDER BY ALL`,
  )
  return rows.map(({ id, price, rules, state }) => `${id} ${Number(price)}: ${String(rules)} ${state}`)
}

/** Every record that was received stands in one place; a row that waits is not in silver. */
async function expectOnePlaceEach(lake: TestLake, records: readonly RunRecord[]): Promise<void> {
  const [row] = await lake.rows(`WITH places AS (
      SELECT _capture_id, _position FROM silver.ticks
      UNION ALL SELECT _capture_id, _position FROM quarantine.ticks WHERE state = 'waiting')
    SELECT count(*)::INTEGER AS places, count(DISTINCT (_capture_id, _position))::INTEGER AS records,
      (SELECT count(*) FROM silver.ticks)::INTEGER AS silver FROM places`)
  const { places, records: distinct, silver } = row as { places: number; records: number; silver: number }
  expect(places).toBe(distinct)
  const sum = (of: (record: RunRecord) => number) => records.reduce((total, record) => total + of(record), 0)
  expect(sum(record => record.pipes[0]!.accepted + moved(record)!.silver.entered - moved(record)!.silver.left)).toBe(
    silver,
  )
  expect(sum(record => moved(record)!.waiting.entered - moved(record)!.waiting.left)).toBe(places - silver)
}

describe('a file that is run again', () => {
  it('has one row in quarantine for each record that is rejected, however often', async () => {
    const lake = emptyLake(10)
    const input = await folder.write('again.ndjson', `${ndjson([day('05', 1), day('06', 50)])}no JSON\n`)
    const records = []
    for (const hour of [0, 1, 800]) records.push(await runFile(lake, input, hour))
    expect(await quarantineOf(lake)).toEqual(['06 50: not_above waiting', 'no JSON 0: unreadable waiting'])
    expect(records.map(({ pipes }) => pipes[0]!.quarantined)).toEqual([2, 2, 2])
    expect(records.map(record => moved(record)!.waiting)).toEqual([
      { entered: 2, left: 0 },
      { entered: 0, left: 0 },
      { entered: 0, left: 0 },
    ])
    expect(records.map(({ tables }) => tables.some(({ table }) => table === 'quarantine.ticks'))).toEqual([
      true,
      false,
      false,
    ])
    await expectOnePlaceEach(lake, records)
  })

  it('takes the rows that pass now out of those that wait', async () => {
    const lake = emptyLake(10)
    const input = await folder.write('passes.ndjson', ndjson([day('05', 1), day('06', 50), day('07', 500)]))
    const first = await runFile(lake, input, 0)
    const wider = lake.with({ contracts: [upTo(100)] })
    const second = await runFile(wider, input, 1)
    expect(second.pipes).toMatchObject([{ in: 3, accepted: 1, duplicate: 1, quarantined: 1 }])
    expect(await quarantineOf(lake)).toEqual(['06 50: not_above replayed', '07 500: not_above waiting'])
    expect(moved(second)!.waiting).toEqual({ entered: 0, left: 1 })
    await expectOnePlaceEach(wider, [first, second])
  })

  it('adds a row where a record breaks other rules now, and lets it wait for those alone', async () => {
    const lake = emptyLake(10)
    const input = await folder.write('others.ndjson', ndjson([day('06', -5)]))
    const first = await runFile(lake, input, 0)
    const rule = '{ id: not_below, type: custom, engine: sluice, implementation: price >= -1, severity: error }'
    const other = lake.with({ contracts: [ticks({ maxShare: 1, quality: [rule] })] })
    const second = await runFile(other, input, 1)
    expect(await quarantineOf(lake)).toEqual([
      '06 -5: price_positive replayed',
      '06 -5: price_positive,not_below waiting',
    ])
    const third = await runFile(lake, input, 2)
    expect(await quarantineOf(lake)).toEqual([
      '06 -5: price_positive waiting',
      '06 -5: price_positive,not_below replayed',
    ])
    await expectOnePlaceEach(lake, [first, second, third])
  })

  it('leaves rows waiting whose capture the gate holds', async () => {
    const lake = emptyLake(10)
    const input = await folder.write('held-again.ndjson', ndjson([day('05', 20), day('06', 50)]))
    await runFile(lake, input, 0)
    const strict = lake.with({ contracts: [upTo(30, 0.1)] })
    const record = await runFile(strict, input, 1)
    expect(record).toMatchObject({ status: 'held', inputs: [{ held: true }] })
    expect(await quarantineOf(lake)).toEqual(['05 20: not_above waiting', '06 50: not_above waiting'])
  })
})

describe('replace', () => {
  it('quarantines rows of earlier captures that the contract of today rejects', async () => {
    const lake = emptyLake(100)
    const first = await runRows(lake, [day('05', 1), day('06', 50)], 0)
    const stricter = lake.with({ contracts: [upTo(10)] })
    const second = await runRows(stricter, [day('06', 2, { id: 'new' })], 1, true)
    expect(await stricter.rows('SELECT id FROM silver.ticks ORDER BY id')).toEqual([{ id: '05' }, { id: 'new' }])
    expect(await quarantineOf(stricter)).toEqual(['06 50: not_above waiting'])
    expect(second.pipes).toMatchObject([{ in: 1, accepted: 1, quarantined: 0 }])
    expect(moved(second)).toEqual({ silver: { entered: 0, left: 1 }, waiting: { entered: 1, left: 0 } })
    await expectOnePlaceEach(stricter, [first, second])
  })

  it('publishes rows of earlier captures that pass now, and they no longer wait', async () => {
    const lake = emptyLake(10)
    const first = await runRows(lake, [day('06', 50), day('06', 500, { id: 'far' })], 0)
    const wider = lake.with({ contracts: [upTo(100)] })
    const second = await runRows(wider, [day('06', 2, { id: 'new' })], 1, true)
    expect(await wider.rows('SELECT id FROM silver.ticks ORDER BY id')).toEqual([{ id: '06' }, { id: 'new' }])
    expect(await quarantineOf(wider)).toEqual(['06 50: not_above replayed', 'far 500: not_above waiting'])
    expect(moved(second)).toEqual({ silver: { entered: 1, left: 0 }, waiting: { entered: 0, left: 1 } })
    await expectOnePlaceEach(wider, [first, second])
  })

  it('there and back, by one contract and the other, ends where it began', async () => {
    const lake = emptyLake(100)
    const input = await folder.write('there.ndjson', ndjson([day('05', 1), day('06', 50)]))
    const contracts = [100, 10, 100, 10]
    const records = []
    for (const [at, maxPrice] of contracts.entries())
      records.push(await runFile(lake.with({ contracts: [upTo(maxPrice)] }), input, at, at > 0))
    expect(await lake.rows('SELECT id FROM silver.ticks')).toEqual([{ id: '05' }])
    expect(await quarantineOf(lake)).toEqual(['06 50: not_above waiting'])
    expect(records.map(({ pipes }) => pipes[0]!.accepted)).toEqual([2, 1, 2, 1])
    await expectOnePlaceEach(lake, records)
  })

  it('leaves out what the gate has held', async () => {
    const lake = folder.lake({ models: [], contracts: [upTo(10, 0.4)] })
    const held = await runRows(lake, [day('06', 1), day('06', 50, { id: 'far' })], 0)
    expect(held.status).toBe('held')
    const second = await runRows(lake, [day('06', 2, { id: 'new' })], 1, true)
    expect(await lake.rows('SELECT id FROM silver.ticks')).toEqual([{ id: 'new' }])
    expect(moved(second)).toEqual({ silver: { entered: 0, left: 0 }, waiting: { entered: 0, left: 0 } })
  })

  it('gives the rows that merging gave, whatever came in between', async () => {
    for (const mergePolicy of ['first', 'latest', 'versions'] as const) {
      const lake = folder.lake({ models: [], contracts: [ticks({ mergePolicy })] })
      const table = mergePolicy === 'versions' ? 'silver.ticks_versions' : 'silver.ticks'
      const back = await folder.write(`back-${mergePolicy}.ndjson`, ndjson([day('06', 1)]))
      await runFile(lake, back, 0)
      await runRows(lake, [day('06', 2), day('06', 3)], 1)
      await runFile(lake, back, 2)
      const merged = await lake.contents([table])
      const record = await runFile(lake, back, 3, true)
      expect(await lake.contents([table])).toEqual(merged)
      expect(record.pipes[0]!.in).toBe(1)
    }
  })
})

describe('conflicts', () => {
  it('are those with the row that stands, also when that one was received before them and settled after', async () => {
    const lake = folder.lake({ models: [], contracts: [ticks()] })
    const records = [
      await runRows(lake, [day('06', 2)], 5),
      await runRows(lake, [day('06', 3)], 6),
      await runRows(lake, [day('06', 3, { note: undefined })], 1),
    ]
    expect(await lake.rows('SELECT price::INTEGER AS price FROM silver.ticks')).toEqual([{ price: 3 }])
    expect(await quarantineOf(lake)).toEqual(['06 2: conflict waiting', '06 3: conflict replayed'])
    expect(moved(records[2]!)).toEqual({ silver: { entered: 0, left: 1 }, waiting: { entered: 1, left: 1 } })
    await expectOnePlaceEach(lake, records)
  })
})

describe('two runs at once over the same rejected record', () => {
  it('file it once', async () => {
    const lake = emptyLake(10)
    const input = await folder.write('at-once.ndjson', ndjson([day('05', 1), day('06', 50)]))
    const records = await Promise.all(
      ['left', 'right'].map(runId => lake.run({ runId, contract: 'ticks', input: [input] })),
    )
    expect(await quarantineOf(lake)).toEqual(['06 50: not_above waiting'])
    await expectOnePlaceEach(lake, records)
  })
})
