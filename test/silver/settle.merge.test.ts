import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TicksOptions, ticks } from '../support/contracts.js'
import { NOW, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const HOUR = 3_600_000
const tick = (id: string, price: number, parts: InputRow = {}): InputRow => ({
  id,
  moment: '2026-01-05T10:00:00Z',
  price,
  ...parts,
})

/** Runs batches one after another, an hour apart, under one contract. */
async function settled(options: TicksOptions, ...batches: readonly (readonly InputRow[])[]) {
  const lake = folder.lake({ models: [], contracts: [ticks(options)] })
  const records = []
  for (const [at, rows] of batches.entries()) {
    const input = await folder.write(`batch-${at}.ndjson`, ndjson(rows))
    records.push(await lake.run({ runId: `run-${at}`, contract: 'ticks', input: [input], nowMs: NOW + at * HOUR }))
  }
  const rows = await lake.rows('SELECT id, moment, price::VARCHAR AS price FROM silver.ticks ORDER BY id, moment')
  return { lake, records, silver: rows.map(row => `${row['id']} ${Number(row['price'])}`), last: records.at(-1)! }
}

const conflicts = `SELECT record->>'price' AS price, rules, _known_at FROM quarantine.ticks ORDER BY price`

describe('merge policy first', () => {
  it('keeps the first row of a key; a later one that differs is a conflict in quarantine', async () => {
    const { lake, silver, last } = await settled({}, [tick('a', 1), tick('b', 2)], [tick('a', 9), tick('c', 3)])
    expect(silver).toEqual(['a 1', 'b 2', 'c 3'])
    expect(last.pipes).toMatchObject([{ in: 2, accepted: 1, duplicate: 0, quarantined: 1, rules: { conflict: 1 } }])
    expect(await lake.rows(conflicts)).toEqual([
      { price: '9.0000', rules: ['conflict'], _known_at: '2026-02-01 01:00:00+00' },
    ])
  })

  it('counts a later row of equal content as a duplicate, however its numbers are written', async () => {
    const { silver, last } = await settled({}, [tick('a', 1)], [{ ...tick('a', 0), price: '1.0e0', unknown: true }])
    expect(silver).toEqual(['a 1'])
    expect(last.pipes).toMatchObject([{ in: 1, accepted: 0, duplicate: 1, quarantined: 0 }])
    expect(last.tables.map(({ table }) => table)).not.toContain('silver.ticks')
  })

  it('decides inside one batch by position: the first stays, equal ones are duplicates, others conflicts', async () => {
    const { silver, last } = await settled({}, [tick('a', 1), tick('a', 2), tick('a', 1), tick('a', 2)])
    expect(silver).toEqual(['a 1'])
    expect(last.pipes).toMatchObject([{ in: 4, accepted: 1, duplicate: 1, quarantined: 2, rules: { conflict: 2 } }])
  })

  it('takes the row that an order column puts first, and moves the published one to quarantine', async () => {
    const options: TicksOptions = { mergeOrderBy: 'price' }
    const { lake, silver, last } = await settled(options, [tick('a', 5), tick('b', 1)], [tick('a', 3)])
    expect(silver).toEqual(['a 3', 'b 1'])
    expect(last.pipes).toMatchObject([{ in: 1, accepted: 1 }])
    expect(await lake.rows(conflicts)).toMatchObject([{ price: '5.0000', rules: ['conflict'] }])
  })
})

describe('merge policy latest', () => {
  const options: TicksOptions = { mergePolicy: 'latest' }

  it('replaces the published row, counts it, and rewrites its partition alone', async () => {
    const other = tick('z', 7, { moment: '2026-01-06T10:00:00Z' })
    const { lake, silver, last } = await settled(options, [tick('a', 1), tick('b', 2), other], [tick('a', 9)])
    expect(silver).toEqual(['a 9', 'b 2', 'z 7'])
    expect(last.pipes).toMatchObject([{ in: 1, accepted: 1, duplicate: 0, quarantined: 0 }])
    const table = last.tables.find(candidate => candidate.table === 'silver.ticks')
    expect(table).toMatchObject({ operation: 'overwrite', rows_added: 2, rows_removed: 2, files: [{ rows: 2 }] })
    expect(await lake.rows('SELECT * FROM quarantine.ticks')).toEqual([])
    expect(await lake.rows('SELECT price::INTEGER AS price FROM silver.ticks ORDER BY id', 'run-0')).toEqual([
      { price: 1 },
      { price: 2 },
      { price: 7 },
    ])
  })

  it('takes the last of a batch; the rows that it replaces are counted, not quarantined', async () => {
    const { silver, last } = await settled(options, [tick('a', 1), tick('a', 2), tick('a', 2), tick('a', 3)])
    expect(silver).toEqual(['a 3'])
    expect(last.pipes).toMatchObject([{ in: 4, accepted: 1, duplicate: 3, quarantined: 0, rules: { replaced: 3 } }])
  })

  it('keeps what is published when the same content comes again', async () => {
    const { silver, last } = await settled(options, [tick('a', 1)], [tick('a', 1)])
    expect(silver).toEqual(['a 1'])
    expect(last.pipes).toMatchObject([{ in: 1, accepted: 0, duplicate: 1 }])
    expect(last.tables.map(({ table }) => table)).not.toContain('silver.ticks')
  })

  it('replaces only by what an order column puts last', async () => {
    const { silver, last } = await settled(
      { ...options, mergeOrderBy: 'price' },
      [tick('a', 5)],
      [tick('a', 3)],
      [tick('a', 8)],
    )
    expect(silver).toEqual(['a 8'])
    expect(last.pipes).toMatchObject([{ accepted: 1 }])
  })
})

describe('a key without the event time', () => {
  const options: TicksOptions = { key: 'id', mergePolicy: 'latest' }

  it('is looked up in every partition, and its row moves to the partition of its new time', async () => {
    const later = tick('a', 2, { moment: '2026-01-20T10:00:00Z' })
    const { lake, silver } = await settled(options, [tick('a', 1), tick('b', 1)], [later])
    expect(silver).toEqual(['a 2', 'b 1'])
    expect(await lake.rows(`SELECT moment FROM silver.ticks WHERE id = 'a'`)).toEqual([
      { moment: '2026-01-20 10:00:00+00' },
    ])
  })

  it('conflicts across partitions under the policy first', async () => {
    const later = tick('a', 1, { moment: '2026-01-20T10:00:00Z' })
    const { silver, last } = await settled({ key: 'id' }, [tick('a', 1)], [later])
    expect(silver).toEqual(['a 1'])
    expect(last.pipes).toMatchObject([{ accepted: 0, duplicate: 0, quarantined: 1, rules: { conflict: 1 } }])
  })
})

describe('silver', () => {
  it('holds what differs only in an absent value as different', async () => {
    const { last } = await settled({}, [tick('a', 1, { note: '' })], [tick('a', 1)])
    expect(last.pipes).toMatchObject([{ duplicate: 0, quarantined: 1, rules: { conflict: 1 } }])
  })

  it('has one row per key after every run, whatever comes', async () => {
    const { lake } = await settled(
      { mergePolicy: 'latest' },
      [tick('a', 1), tick('b', 1)],
      [tick('a', 2), tick('a', 3)],
      [tick('b', 1), tick('a', 3)],
      [tick('a', 1)],
    )
    expect(await lake.rows('SELECT id, count(*)::INTEGER AS rows FROM silver.ticks GROUP BY id ORDER BY id')).toEqual([
      { id: 'a', rows: 1 },
      { id: 'b', rows: 1 },
    ])
  })

  it('is ordered by key inside every file', async () => {
    const { lake } = await settled({}, [tick('c', 1), tick('a', 1), tick('b', 1)])
    expect(await lake.rows('SELECT id FROM silver.ticks')).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
  })
})
