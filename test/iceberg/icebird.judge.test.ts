import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { icebergRead } from 'icebird'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mayMatchFile } from '../../src/iceberg/prune.js'
import { inheritEntries, liveFiles } from '../../src/iceberg/scan.js'
import {
  commitFiles,
  createTable,
  EVENTS_SQL,
  entriesOf,
  headManifests,
  type TableOnDisk,
  writeDataFiles,
} from './duckdb-table.js'

const EVEN_AFTER_TEN = "event_time >= TIMESTAMPTZ '2026-01-22 10:00:00+00' AND volume % 2 = 0"

/** Serves a folder with byte ranges, as object stores do. */
function serve(root: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(root, decodeURIComponent(new URL(request.url!, 'http://localhost').pathname))
    const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size
    if (sizeBytes === undefined) return response.writeHead(404).end()
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')
    const [start, end] = range ? [Number(range[1]), range[2] ? Number(range[2]) + 1 : sizeBytes] : [0, sizeBytes]
    const body = readFileSync(path).subarray(start, end)
    response.writeHead(range ? 206 : 200, { 'content-length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
}

describe('icebird, a reader we did not write, on a table of DuckDB files and our metadata', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-icebird-'))
  let server: Server
  let table: TableOnDisk
  let base: string

  beforeAll(async () => {
    server = await serve(root)
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    table = createTable(root, base)
    const first = await writeDataFiles(table, 'first', EVENTS_SQL)
    commitFiles(table, first)
    const second = await writeDataFiles(table, 'second', `SELECT * FROM (${EVENTS_SQL}) WHERE ${EVEN_AFTER_TEN}`)
    const hours = new Set(second.map(file => file.partition[1000]))
    const replaced = first.filter(file => hours.has(file.partition[1000]))
    commitFiles(
      table,
      second,
      replaced.map(file => file['file-path']),
    )
  })

  afterAll(() => {
    server.close()
    rmSync(root, { recursive: true })
  })

  const read = async (version?: number) => {
    const metadataFileName = version === undefined ? {} : { metadataFileName: `v${version}.metadata.json` }
    return (await icebergRead({ tableUrl: base, ...metadataFileName })) as Record<string, unknown>[]
  }
  const sum = (rows: Record<string, unknown>[], name: string) => rows.reduce((all, row) => all + Number(row[name]), 0)
  const nulls = (rows: Record<string, unknown>[], name: string) =>
    rows.filter(row => row[name] === null || row[name] === undefined).length

  it('reads every row, sum and null of the first snapshot', async () => {
    const rows = await read(2)
    expect(rows).toHaveLength(1000)
    expect(sum(rows, 'volume')).toBe(-500)
    expect(sum(rows, 'size')).toBe(124_875)
    expect(sum(rows, 'price')).toBe(12_437.5)
    expect(['event_time', 'instrument_id', 'nothing', 'rules'].map(name => nulls(rows, name))).toEqual([
      10, 333, 1000, 200,
    ])
    expect(rows.find(row => row['volume'] === -500)).toMatchObject({ trade_id: 9007199254740993n, is_bid: true })
  })

  it('reads the overwritten hour once, from the version hint', async () => {
    const rows = await read()
    const late = rows.filter(row => row['event_time'] instanceof Date && row['event_time'].getUTCHours() === 10)
    expect(late.every(row => Number(row['volume']) % 2 === 0)).toBe(true)
    expect(late).toHaveLength(125)
    expect(rows).toHaveLength(1000 - 248 + 125)
  })

  it('agrees with the files we plan: pruning by price leaves out files without a match', async () => {
    const files = headManifests(table).flatMap(one => liveFiles(inheritEntries(entriesOf(table, one), one)))
    const [spec, schema] = [table.metadata['partition-specs'][0]!, table.metadata.schemas[0]!]
    const kept = files.filter(file => mayMatchFile(file, spec, schema, { column: 'price', op: '>', value: '50' }))
    const matching = (await read()).filter(row => Number(row['price']) > 50)
    expect(matching.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThan(files.length)
    expect(kept.reduce((rows, file) => rows + Number(file['record-count']), 0)).toBeGreaterThanOrEqual(matching.length)
  })
})
