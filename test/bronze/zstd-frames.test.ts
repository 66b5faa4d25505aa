import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isWholeZstd } from '../../src/bronze/zstd-frames.js'
import { testDuckDb } from '../support/duckdb.js'

let folder: string
let packed: Buffer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-zstd-'))
  const duckdb = await testDuckDb()
  const path = join(folder, 'packed.zst')
  await duckdb.run(
    `COPY (SELECT range, hash(range), repeat('x', 50) FROM range(20000)) TO '${path}' (FORMAT csv, COMPRESSION zstd)`,
  )
  duckdb.close()
  packed = await readFile(path)
})
afterAll(() => rm(folder, { recursive: true }))

async function isWhole(bytes: Buffer): Promise<boolean> {
  const path = join(folder, 'file.zst')
  await writeFile(path, bytes)
  const file = await open(path, 'r')
  try {
    return await isWholeZstd(file, bytes.length)
  } finally {
    await file.close()
  }
}

/** A frame of one block, stored as it is, and room for a checksum. */
const HELLO = Buffer.from('28b52ffd0405290000' + '68656c6c6f' + '8d5a9b0c', 'hex')
/** A frame that readers skip, with three bytes. */
const SKIPPED = Buffer.from('502a4d1803000000616263', 'hex')

describe('a zstd file', () => {
  it('of one frame, of several, and with frames to skip is whole', async () => {
    for (const bytes of [packed, HELLO, Buffer.concat([packed, SKIPPED, HELLO]), SKIPPED])
      expect(await isWhole(bytes)).toBe(true)
  })

  it('that was cut anywhere is not', async () => {
    const cuts = [1, 4, 5, 6, 8, 100, 131_072, packed.length - 5, packed.length - 1].filter(cut => cut < packed.length)
    for (const cut of cuts) expect(await isWhole(packed.subarray(0, cut)), `cut at ${cut}`).toBe(false)
    for (let cut = 1; cut < HELLO.length; cut++) expect(await isWhole(HELLO.subarray(0, cut))).toBe(false)
    expect(await isWhole(Buffer.concat([HELLO, SKIPPED.subarray(0, 9)]))).toBe(false)
  })

  it('with something else behind its frames is not', async () => {
    expect(await isWhole(Buffer.concat([packed, Buffer.from('more')]))).toBe(false)
    expect(await isWhole(Buffer.concat([packed, Buffer.from('more than four bytes')]))).toBe(false)
  })
})
