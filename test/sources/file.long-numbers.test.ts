import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TextScan } from '../../src/bronze/text-scan.js'
import { type DuckDb, type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import type { LongNumbers } from '../../src/sources/file/extraction.js'
import { jsonColumnsSql, jsonTuplesSql, linesSql } from '../../src/sources/file/json-lines.js'

let folder: string
let db: DuckDb
let engine: DuckDbConnection
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-long-numbers-'))
  db = await openDuckDb({ threads: 2, memoryLimit: '512MB', tempFolder: join(folder, 'temp') })
  engine = await db.connect()
})
afterAll(async () => {
  engine.close()
  db.close()
  await rm(folder, { recursive: true, force: true })
})

const number = fc.constantFrom(
  '1.10',
  '-0',
  '1e30',
  '1e-0000000000000005',
  '123456789012345',
  '1234567890123456',
  '-12345678901234567890.123456789012345678',
  '1.2345678901234567890e19',
  '0.00000000000000000001',
  '................',
)
const value = fc.oneof(
  number,
  fc.constantFrom('"a"', 'null', 'true', '[1, 22345678901234567890]', '{"n":32345678901234567890}'),
  fc.constantFrom('"12345678901234567890"', '"\\"12345678901234567890,"', '"é\\u0041 1.5"', '"\\\\"', '"\t"'),
)
const object = fc
  .uniqueArray(fc.tuple(fc.constantFrom('price', 'size', 'x', '12345678901234567890'), value), {
    selector: ([key]) => key,
  })
  .map(pairs => `{${pairs.map(([key, written]) => `"${key}":${written}`).join(', ')}}`)
const tuple = fc.array(value, { maxLength: 4 }).map(values => `[${values.join(', ')}]`)
const other = fc.oneof(
  number,
  fc.constantFrom('', '   ', '{', '{"price":12345678901234567890', '{"a":1,\r"price":12345678901234567890}'),
)
const ending = fc.constantFrom('\n', '\n', '\r\n')
const textOf = (line: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(fc.tuple(fc.oneof(line, line, other), ending), { maxLength: 12 }).map(lines => lines.flat().join(''))

/** The records of a text, with what scanning it in blocks of some size says about it, and with all of its lines searched. */
async function bothWays(text: string, blockBytes: number, recordsSql: (lines: string, found: LongNumbers) => string) {
  const path = join(folder, 'text.ndjson')
  const bytes = Buffer.from(text)
  await writeFile(path, bytes)
  const scan = new TextScan()
  for (let at = 0; at < bytes.length; at += blockBytes) scan.add(bytes.subarray(at, at + blockBytes))
  const { longNumbers, longestLineBytes } = scan.finish()
  const file = { path, originalPath: path, compression: 'none' as const, longestLineBytes, longNumbers }
  const records = (found: LongNumbers) => engine.rows(recordsSql(linesSql([file]), found))
  return { found: await records(longNumbers), searched: await records({ in: 'anywhere' }) }
}

describe('records of lines whose long numbers the scan has found', () => {
  it('are those of a search through every line: objects', { timeout: 120_000 }, async () => {
    const sql = (lines: string, found: LongNumbers) => jsonColumnsSql(lines, ['price', 'size'], found).sql
    await fc.assert(
      fc.asyncProperty(textOf(object), fc.integer({ min: 1, max: 200 }), async (text, blockBytes) => {
        const { found, searched } = await bothWays(text, blockBytes, sql)
        expect(found).toEqual(searched)
      }),
      { numRuns: 150 },
    )
  })

  it('are those of a search through every line: arrays with values by position', { timeout: 120_000 }, async () => {
    const sql = (lines: string, found: LongNumbers) => jsonTuplesSql(lines, ['price', 'size'], found).sql
    await fc.assert(
      fc.asyncProperty(textOf(tuple), fc.integer({ min: 1, max: 200 }), async (text, blockBytes) => {
        const { found, searched } = await bothWays(text, blockBytes, sql)
        expect(found).toEqual(searched)
      }),
      { numRuns: 100 },
    )
  })

  it('hold every digit, in the order of the lines, and keep a short number as the reader gives it', async () => {
    const text =
      '{"price":12345678901234567890.5}\n{"price":1.5,"size":2}\r\n{"price":"1","size":0.12345678901234567}\n'
    const { found } = await bothWays(text, 7, (lines, numbers) => jsonColumnsSql(lines, ['price', 'size'], numbers).sql)
    expect(found.map(row => [row['price'], row['size']])).toEqual([
      ['12345678901234567890.5', null],
      ['1.5', '2'],
      ['1', '0.12345678901234567'],
    ])
  })
})
