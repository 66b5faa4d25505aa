import { readFileSync, statSync } from 'node:fs'
import { icebergRead } from 'icebird'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openLake, type TableDescription } from '../../src/index.js'
import {
  type Column,
  expectAgreement,
  type Facts,
  type Filter,
  filledTables,
  filtersOf,
  ourFacts,
  whereSql,
} from './facts.js'

type Row = Readonly<Record<string, unknown>>

describe('icebird on the sample lake', async () => {
  const lake = await openLake({ folder: inject('sampleProject') })
  const tables: [string, TableDescription][] = []
  for (const table of await filledTables(lake)) tables.push([table, await lake.table(table)])

  const overHttp = globalThis.fetch
  beforeAll(() => {
    globalThis.fetch = fromDisk
  })
  afterAll(() => {
    globalThis.fetch = overHttp
  })

  const read = async (table: TableDescription, metadataFileName?: string): Promise<readonly Row[]> => {
    const named = metadataFileName === undefined ? {} : { metadataFileName }
    return icebergRead({ tableUrl: table.location, ...named })
  }

  describe.each(tables)('%s', (name, table) => {
    const columns = readable(name, table)

    it('has our rows, nulls and sums', async () => {
      const rows = await read(table)
      expect(Object.keys(rows[0]!)).toEqual(table.columns.map(column => column.name))
      expectAgreement(factsOf(rows, columns), await roughFacts(name, columns), 1e-9)
    })

    it('has the rows that our filters keep', async () => {
      const rows = await read(table)
      for (const filter of await filtersOf(lake, table)) {
        const kept = rows.filter(row => keeps(filter, row[filter.column]))
        expectAgreement(factsOf(kept, columns), await roughFacts(`${name} WHERE ${whereSql(filter)}`, columns), 1e-9)
      }
    })

    it('had the rows of its first snapshot in its first metadata with data', async () => {
      const oldest = table.snapshotLog[0]!
      const rows = await read(table, metadataOf(table, oldest.id))
      expect(rows).toHaveLength(oldest.totalRows)
    })
  })

  /** Our facts with every number as a binary float, as icebird gives decimals. */
  async function roughFacts(from: string, columns: readonly Column[]): Promise<Facts> {
    const { rows, columns: facts } = await ourFacts(lake, columns, from)
    return { rows, columns: roughly(facts, columns) }
  }
})

/** icebird finds columns by the names in a data file, so it cannot follow one that was renamed after the file was written. */
function readable(name: string, table: TableDescription): readonly Column[] {
  return table.columns.filter(column => !(name.endsWith('.settlements') && column.name === 'exchange'))
}

function factsOf(rows: readonly Row[], columns: readonly Column[]): Facts {
  const facts = columns.map(({ name, type }) => {
    const present = rows.map(row => row[name]).filter(value => value !== null && value !== undefined)
    return [
      name,
      { nulls: rows.length - present.length, sum: present.length === 0 ? null : String(sum(present, type)) },
    ] as const
  })
  return { rows: rows.length, columns: roughly(Object.fromEntries(facts), columns) }
}

function roughly(facts: Facts['columns'], columns: readonly Column[]): Facts['columns'] {
  return Object.fromEntries(
    columns.map(({ name, type }) => {
      const { nulls, sum } = facts[name]!
      const exact = type === 'string' || type === 'long' || type.startsWith('list')
      return [name, { nulls, sum: sum === null || exact ? sum : Number(sum) }]
    }),
  )
}

function sum(values: readonly unknown[], type: string): bigint | number {
  const measures = values.map(value => measure(value, type))
  return measures.every(one => typeof one === 'bigint')
    ? measures.reduce((all, one) => all + one, 0n)
    : measures.reduce<number>((all, one) => all + Number(one), 0)
}

function measure(value: unknown, type: string): bigint | number {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (Array.isArray(value)) return BigInt(value.length)
  if (value instanceof Date) return type === 'date' ? value.getTime() / 86_400_000 : value.getTime() * 1000
  return Number(value)
}

function keeps({ op, value }: Filter, found: unknown): boolean {
  if (found === null || found === undefined) return false
  return op === '=' ? found === value : found instanceof Date && found.getTime() >= Date.parse(value)
}

/** The oldest metadata file whose current snapshot is the given one. */
function metadataOf(table: TableDescription, snapshotId: string): string {
  for (let version = 1; ; version++) {
    const name = `v${version}.metadata.json`
    const text = readFileSync(`${table.location}/metadata/${name}`, 'utf8')
    if (new RegExp(`"current-snapshot-id": ?${snapshotId}\\b`).test(text)) return name
  }
}

/** Files by their absolute paths, with byte ranges, where icebird would go to the network. */
async function fromDisk(url: string | URL | Request, options?: RequestInit): Promise<Response> {
  const path = String(url)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return new Response(null, { status: 404 })
  if (options?.method === 'HEAD') return new Response(null, { headers: { 'content-length': String(found.size) } })
  const range = /bytes=(\d+)-(\d*)/.exec(new Headers(options?.headers).get('range') ?? '')
  const body = readFileSync(path)
  if (range === null) return new Response(body)
  const end = range[2] === '' ? found.size : Number(range[2]) + 1
  return new Response(body.subarray(Number(range[1]), end), { status: 206 })
}
