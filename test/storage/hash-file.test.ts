import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hashFile } from '../../src/storage/hash-file.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-hash-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('the hash of a file is that of its bytes, of a packed one that of what is in it', async () => {
  const [plain, packed] = [join(folder, 'plain'), join(folder, 'packed')]
  const body = Buffer.from('rates '.repeat(40_000))
  await writeFile(plain, body)
  await writeFile(packed, gzipSync(body))
  const hash = createHash('sha256').update(body).digest('hex')
  expect(await hashFile(plain)).toBe(hash)
  expect(await hashFile(packed, 'gzip')).toBe(hash)
  expect(await hashFile(packed)).not.toBe(hash)
})

it('a packed file that is cut has none', async () => {
  const packed = join(folder, 'cut')
  await writeFile(packed, gzipSync(Buffer.from('rates')).subarray(0, -3))
  await expect(hashFile(packed, 'gzip')).rejects.toThrow('unexpected end of file')
})
