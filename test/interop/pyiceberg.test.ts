import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type OpenLake, openLake, type TableDescription } from '../../src/index.js'
import { expectAgreement, type Facts, type Filter, filledTables, filtersOf, ourFacts, whereSql } from './facts.js'
import { findPython } from './python.js'

interface Judgement {
  readonly schema: readonly [id: number, name: string, type: string][]
  readonly sameByName: boolean
  readonly facts: Facts
  readonly filtered: readonly { readonly facts: Facts; readonly files: number }[]
  readonly snapshots: readonly Facts[]
  readonly inspected: {
    readonly files: readonly [path: string, rows: number, bytes: number][]
    readonly partitionRows: number
    readonly partitionFiles: number
    readonly manifestFiles: number
    readonly snapshots: readonly string[]
    readonly entries: number
    readonly history: number
  }
}

const python = findPython(['pyiceberg', 'pyarrow'])
if (python === undefined)
  console.warn('INTEROP NOT RUN: no python3 with pyiceberg, so PyIceberg has not read our tables')

describe.skipIf(python === undefined)('PyIceberg on the sample lake', async () => {
  const lake = await openLake({ folder: inject('sampleProject') })
  const tables = await describeAll(lake)
  let judgements: Record<string, Judgement>

  beforeAll(() => {
    const requests = tables.map(({ table, filters }) => ({
      table: table.table,
      path: table.location,
      filters,
      snapshots: table.snapshotLog.map(({ id }) => id),
    }))
    judgements = python!.script('read_tables.py', requests) as Record<string, Judgement>
  })

  it('has tables of every layer to read', () => {
    const layers = tables.map(({ table }) => table.table.split('.')[0])
    expect([...new Set(layers)].sort()).toEqual(['bronze', 'gold', 'quarantine', 'silver'])
  })

  describe.each(tables.map(one => [one.table.table, one] as const))('%s', (name, { table, filters }) => {
    it('has our columns, with our ids and types', () => {
      const ours = table.columns.map(({ id, name, type }) => [id, name, type])
      expect(
        judgements[name]!.schema.map(([id, column, type]) => [id, column, type.replace(/^list<.*>$/, 'list')]),
      ).toEqual(ours.map(([id, column, type]) => [id, column, String(type).replace(/^list.*$/, 'list')]))
    })

    it('is the same by its folder and by the name of its newest metadata', () => {
      expect(judgements[name]!.sameByName).toBe(true)
    })

    it('has our rows, nulls and sums', async () => {
      expectAgreement(judgements[name]!.facts, await ourFacts(lake, table.columns, name))
    })

    it.each(filters.map((filter, at) => [whereSql(filter).slice(0, 60), filter, at] as const))(
      'gives the same rows where %s',
      async (_, filter, at) => {
        const found = judgements[name]!.filtered[at]!
        expectAgreement(found.facts, await ourFacts(lake, table.columns, `${name} WHERE ${whereSql(filter)}`))
        expect(found.facts.rows).toBeGreaterThan(0)
        if (at === 0 && found.facts.rows < (table.rows ?? 0)) expect(found.files).toBeLessThan(Math.max(table.files, 2))
      },
    )

    it.each(table.snapshotLog.map(({ id, run }, at) => [run, id, at] as const))(
      'gives the same rows as of the snapshot of run %s',
      async (_, id, at) => {
        const then = judgements[name]!.snapshots[at]!
        const columns = table.columns.filter(column => column.name in then.columns)
        expectAgreement(then, await ourFacts(lake, await columnsAsOf(name, id, columns), name, id))
      },
    )

    it('has metadata tables that agree with ours', () => {
      const { inspected } = judgements[name]!
      const root = lake.project.config.lake
      const ours = table.dataFiles.map(({ path, rows, bytes }) => [`${root}/${path}`, rows, bytes]).sort()
      expect(inspected.files).toEqual(ours)
      expect(inspected).toMatchObject({
        partitionRows: table.rows,
        partitionFiles: table.files,
        manifestFiles: table.files,
        history: table.snapshotLog.length,
      })
      expect([...inspected.snapshots].sort()).toEqual(table.snapshotLog.map(({ id }) => id).sort())
      expect(inspected.entries).toBeGreaterThanOrEqual(table.files)
    })
  })

  it('reads a column that was renamed, one that was widened and one that was added', () => {
    const { schema, facts, snapshots } = judgements['silver.settlements']!
    const types = Object.fromEntries(schema.map(([, name, type]) => [name, type]))
    expect(types).toMatchObject({ price: 'decimal(20, 4)', exchange: 'string', open_interest: 'long' })
    expect(facts.columns).toMatchObject({
      price: { nulls: 0, sum: '1234567990123760.4124' },
      exchange: { nulls: 1, sum: '16' },
      open_interest: { nulls: 4, sum: '9007199254740993' },
    })
    expect(Object.keys(snapshots[0]!.columns)).toContain('venue')
  })

  /** The types of an older snapshot's columns, which may have had other names. */
  async function columnsAsOf(table: string, asOf: string, known: TableDescription['columns']) {
    const then = await lake.query(`SELECT * FROM ${table} LIMIT 0`, { asOf })
    return then.columns.map(({ name }) => ({
      name,
      type: known.find(column => column.name === name)?.type ?? 'string',
    }))
  }
})

async function describeAll(lake: OpenLake): Promise<{ table: TableDescription; filters: Filter[] }[]> {
  const described = []
  for (const table of await filledTables(lake)) {
    const description = await lake.table(table, { files: true })
    described.push({ table: description, filters: await filtersOf(lake, description) })
  }
  return described
}
