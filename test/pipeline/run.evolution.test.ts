import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeTable } from '../../src/pipeline/read/tables.js'
import { NOTE, PRICE, type TicksOptions, ticks } from '../support/contracts.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../support/lakes.js'
import { type InputRow, ndjson } from '../support/records.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const OLD: InputRow = { id: 'old', moment: '2026-01-05T10:00:00Z', price: 12345678901234.5, note: 'first' }
const NEW: InputRow = {
  id: 'new',
  moment: '2026-01-06T10:00:00Z',
  price: '12345678901234567890.12345',
  note: 'second',
  venue: 'XNYS',
  remark: 'renamed',
}

/** A lake with one row under the old contract. */
async function started(): Promise<TestLake> {
  const lake = folder.lake({ models: [], contracts: [ticks({})] })
  await lake.run({ runId: 'old', contract: 'ticks', input: [await folder.write('old.ndjson', ndjson([OLD]))] })
  return lake
}

const VENUE = '{ name: venue, logicalType: string }'
const WIDE = '{ name: price, logicalType: number, physicalType: "decimal(38,4)", required: true }'

describe('a contract that grows', () => {
  it('by a column keeps old rows, with nothing in it; as of then the table has no such column', async () => {
    const lake = await started()
    const changed = lake.with({ contracts: [ticks({ version: '1.1.0', properties: [PRICE, NOTE, VENUE] })] })
    const input = await folder.write('column.ndjson', ndjson([{ ...NEW, price: 2 }]))
    await changed.run({ contract: 'ticks', input: [input], nowMs: NOW + 60_000 })
    const venues = [{ venue: 'XNYS' }, { venue: null }]
    expect(await changed.rows('SELECT venue FROM silver.ticks ORDER BY id')).toEqual(venues)
    expect(await changed.rows('SELECT venue FROM bronze.ticks ORDER BY id')).toEqual(venues)
    expect(Object.keys((await changed.rows('SELECT * FROM silver.ticks', 'old'))[0] ?? {}).slice(0, 5)).toEqual([
      'id',
      'moment',
      'price',
      'note',
      '_known_at',
    ])
  })

  it('by precision reads old and new rows exactly', async () => {
    const row = { ...NEW, price: '12345678901234567890.1234' }
    const lake = await started()
    const changed = lake.with({ contracts: [ticks({ version: '1.1.0', properties: [WIDE, NOTE] })] })
    await changed.run({
      contract: 'ticks',
      input: [await folder.write('wide.ndjson', ndjson([row]))],
      nowMs: NOW + 60_000,
    })
    expect(await changed.rows('SELECT id, price FROM silver.ticks ORDER BY id')).toEqual([
      { id: 'new', price: '12345678901234567890.1234' },
      { id: 'old', price: '12345678901234.5000' },
    ])
  })

  it('by a rename keeps the values under the new name; as of then it has the old one', async () => {
    const renamed = '{ name: remark, logicalType: string, customProperties: [{ property: renamedFrom, value: note }] }'
    const lake = await started()
    const changed = lake.with({ contracts: [ticks({ version: '1.1.0', properties: [PRICE, renamed] })] })
    const input = await folder.write('renamed.ndjson', ndjson([{ ...NEW, price: 2 }]))
    await changed.run({ contract: 'ticks', input: [input], nowMs: NOW + 60_000 })
    const remarks = [{ remark: 'renamed' }, { remark: 'first' }]
    expect(await changed.rows('SELECT remark FROM silver.ticks ORDER BY id')).toEqual(remarks)
    expect(await changed.rows('SELECT remark FROM bronze.ticks ORDER BY id')).toEqual(remarks)
    expect(await changed.rows('SELECT note FROM silver.ticks', 'old')).toEqual([{ note: 'first' }])
  })

  it('merges new rows with old ones by key', async () => {
    const lake = await started()
    const changed = lake.with({
      contracts: [ticks({ version: '1.1.0', properties: [WIDE, NOTE, VENUE] })],
    })
    const input = await folder.write('same.ndjson', ndjson([OLD, { ...OLD, venue: 'XNYS' }]))
    const record = await changed.run({ contract: 'ticks', input: [input], nowMs: NOW + 60_000 })
    expect(record.pipes).toMatchObject([{ in: 2, accepted: 0, duplicate: 1, quarantined: 1, rules: { conflict: 1 } }])
  })

  it('may put its columns in another order', async () => {
    const lake = await started()
    const changed = lake.with({ contracts: [ticks({ version: '1.1.0', properties: [NOTE, PRICE] })] })
    await changed.run({
      contract: 'ticks',
      input: [await folder.write('order.ndjson', ndjson([{ ...NEW, price: 2 }]))],
      nowMs: NOW + 60_000,
    })
    expect(await changed.rows('SELECT id, note, price::DOUBLE AS price FROM silver.ticks ORDER BY id')).toEqual([
      { id: 'new', note: 'second', price: 2 },
      { id: 'old', note: 'first', price: 12345678901234.5 },
    ])
  })
})

describe('rows that a newer contract reads again', () => {
  it('say so, as they would in a lake that had it from the start', async () => {
    const lake = await started()
    const changed = lake.with({ contracts: [ticks({ version: '1.1.0', properties: [PRICE, NOTE, VENUE] })] })
    const input = await folder.write('again.ndjson', ndjson([OLD]))
    await changed.run({ contract: 'ticks', input: [input], replace: true, nowMs: NOW + 60_000 })
    expect(await changed.rows('SELECT id, _contract_version FROM silver.ticks')).toEqual([
      { id: 'old', _contract_version: 'v1.1.0' },
    ])
  })
})

describe('a contract that breaks', () => {
  it.each<[string, TicksOptions]>([
    ['a narrower decimal', { properties: [PRICE.replace('18,4', '10,4'), NOTE] }],
    ['another scale', { properties: [PRICE.replace('18,4', '18,2'), NOTE] }],
    ['another type', { properties: [PRICE, NOTE.replace('string', 'integer')] }],
    ['another partition grain', { partition: 'month' }],
  ])('its table by %s is refused, and nothing is written', async (_, options) => {
    const lake = await started()
    const before = await lake.files()
    const changed = lake.with({ contracts: [ticks({ version: '1.1.0', ...options })] })
    const error = await errorOf(
      changed.run({ contract: 'ticks', input: [await folder.write('breaking.ndjson', ndjson([NEW]))] }),
    )
    expect(error.code).toBe('SLUICE_CONTRACT_BREAKING')
    expect(await lake.files()).toEqual(before)
  })

  it('fills a new table under a new major version, and the old one stays readable', async () => {
    const lake = await started()
    const changed = lake.with({
      contracts: [ticks({ version: '2.0.0', properties: [PRICE.replace('18,4', '18,2'), NOTE] })],
    })
    await changed.run({
      contract: 'ticks',
      input: [await folder.write('major.ndjson', ndjson([{ ...NEW, price: 2.25 }]))],
      nowMs: NOW + 60_000,
    })
    expect(await changed.rows('SELECT id, price FROM silver.ticks')).toEqual([{ id: 'new', price: '2.25' }])
    expect(await changed.rows('SELECT id, price FROM silver.ticks_v1')).toEqual([
      { id: 'old', price: '12345678901234.5000' },
    ])
    expect(await changed.rows('SELECT id FROM silver.ticks', 'old')).toEqual([{ id: 'old' }])
    expect(await changed.rows('SELECT id FROM silver.ticks_v2', 'old')).toEqual([])
    expect((await describeTable(changed.project, 'silver.ticks_v1', { files: true })).dataFiles).toHaveLength(1)
  })
})
