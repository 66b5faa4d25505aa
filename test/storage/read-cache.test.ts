import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import { sha256Hex } from '../../src/core/ids.js'
import { type Fetch, type ObjectLife, type ReadCache, readCache } from '../../src/storage/cache/read-cache.js'
import { mountDisk } from '../support/mounted-disk.js'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'sluice-cache-'))
})
afterAll(() => rm(base, { recursive: true }))

let count = 0
const newFolder = (): string => join(base, String(count++))
const START_MS = Date.UTC(2026, 0, 1)

const lifeOf = (key: string): ObjectLife =>
  key.endsWith('.parquet') ? 'fixed' : key.endsWith('.once') ? 'once' : 'changing'

/** A cache as one process has it; each of them begins knowing nothing. */
function cacheIn(folder: string, { maxBytes = 1e9, atMs = START_MS, graceMs = 3_600_000 } = {}): ReadCache {
  return readCache({ folder, scope: 'one', lifeOf, maxBytes, graceMs, clock: fixedClock(atMs) })
}

/** A remote object, and how often it was fetched. */
function remote(body: string): { readonly fetch: Fetch; readonly fetched: () => number } {
  let fetched = 0
  const fetch: Fetch = take => {
    fetched++
    return take(Readable.from([Buffer.from(body)]))
  }
  return { fetch, fetched: () => fetched }
}

const text = async (path: string | undefined): Promise<string> => String(await readFile(path!))

/** Every file that is kept, unfinished ones too. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

it('fetches a fixed key once, for all processes, and for readers of one moment', async () => {
  const folder = newFolder()
  const { fetch, fetched } = remote('rows')
  const cache = cacheIn(folder)
  const paths = await Promise.all([1, 2, 3].map(() => cache.pathOf('a/x.parquet', '', fetch)))
  expect(new Set(paths).size).toBe(1)
  expect(await text(await cacheIn(folder).pathOf('a/x.parquet', '', fetch))).toBe('rows')
  expect(String((await cacheIn(folder).get('a/x.parquet'))?.body)).toBe('rows')
  expect(fetched()).toBe(1)
})

it('lets two processes fetch the same at once, and both have the whole', async () => {
  const folder = newFolder()
  const { fetch, fetched } = remote('rows')
  const paths = await Promise.all([1, 2, 3, 4].map(() => cacheIn(folder).pathOf('x.parquet', '', fetch)))
  for (const path of paths) expect(await text(path)).toBe('rows')
  expect(fetched()).toBe(4)
  expect((await filesIn(folder)).every(path => path.endsWith('/x.parquet'))).toBe(true)
})

it('keeps what was written once for as long as its stamp is the same', async () => {
  const folder = newFolder()
  await cacheIn(folder).keep('v1.once', Buffer.from('first'), 'etag 1')
  const kept = await cacheIn(folder).get('v1.once')
  expect([String(kept?.body), kept?.isOf('etag 1'), kept?.isOf('etag 2')]).toEqual(['first', true, false])
  await cacheIn(folder).keep('v1.once', Buffer.from('anew'), 'etag 2')
  const anew = await cacheIn(folder).get('v1.once')
  expect([String(anew?.body), anew?.isOf('etag 1'), anew?.isOf('etag 2')]).toEqual(['anew', false, true])
  expect(await filesIn(folder)).toHaveLength(1)
})

it('keeps another key by its stamp, and fetches it again when that is another', async () => {
  const cache = cacheIn(newFolder())
  const [first, second] = [remote('one'), remote('two')]
  expect(await text(await cache.pathOf('list.json', 'etag 1', first.fetch))).toBe('one')
  expect(await text(await cache.pathOf('list.json', 'etag 1', first.fetch))).toBe('one')
  expect(await text(await cache.pathOf('list.json', 'etag 2', second.fetch))).toBe('two')
  expect([first.fetched(), second.fetched()]).toEqual([1, 1])
  await cache.keep('list.json', Buffer.from('kept'))
  expect(await cache.get('list.json')).toBeUndefined()
})

it('shows nothing of a body that broke off, and keeps nothing of it', async () => {
  const folder = newFolder()
  const broken: Fetch = take =>
    take(
      Readable.from(
        (async function* () {
          yield Buffer.from('half')
          throw new Error('cut')
        })(),
      ),
    )
  await expect(cacheIn(folder).pathOf('x.parquet', '', broken)).rejects.toThrow('cut')
  expect(await filesIn(folder)).toEqual([])
  expect(await text(await cacheIn(folder).pathOf('x.parquet', '', remote('whole').fetch))).toBe('whole')
})

it('finds nothing where there is nothing', async () => {
  const folder = newFolder()
  expect(await cacheIn(folder).pathOf('x.parquet', '', async () => undefined)).toBeUndefined()
  expect(await filesIn(folder)).toEqual([])
})

it.each([
  ['longer', (path: string) => writeFile(path, 'rows and more')],
  ['cut', (path: string) => truncate(path, 2)],
  ['of other bytes', (path: string) => writeFile(path, 'ROWS')],
  ['gone', (path: string) => rm(path)],
])('fetches again what is %s on disk', async (_, damage) => {
  const folder = newFolder()
  const { fetch, fetched } = remote('rows')
  await damage((await cacheIn(folder).pathOf('x.parquet', '', fetch))!)
  expect(await cacheIn(folder).get('x.parquet')).toBeUndefined()
  expect(await text(await cacheIn(folder).pathOf('x.parquet', '', fetch))).toBe('rows')
  expect(fetched()).toBe(2)
})

it('looks at all bytes of what it reads into memory, also when size and time are as they were', async () => {
  const folder = newFolder()
  const path = (await cacheIn(folder).pathOf('x.parquet', '', remote('rows').fetch))!
  const { mtimeMs } = await stat(path)
  await writeFile(path, 'ROWS')
  await utimes(path, mtimeMs / 1000, mtimeMs / 1000)
  expect(await cacheIn(folder).get('x.parquet')).toBeUndefined()
})

it('takes what was written for what would be fetched', async () => {
  const folder = newFolder()
  const { fetch, fetched } = remote('rows')
  const written = join(base, 'written')
  await writeFile(written, 'rows')
  await cacheIn(folder).take('x.parquet', written, { sizeBytes: 4, sha256: sha256Hex('rows') })
  expect(await text(await cacheIn(folder).pathOf('x.parquet', '', fetch))).toBe('rows')
  await writeFile(written, 'rows')
  await cacheIn(folder).take('list.json', written, { sizeBytes: 4, sha256: sha256Hex('rows') })
  expect(fetched()).toBe(0)
  await expect(stat(written)).rejects.toThrow('ENOENT')
})

it('drops what was not used for longest when there is too much, and never what was used lately', async () => {
  const folder = newFolder()
  const hour = 3_600_000
  const body = 'x'.repeat(100)
  const at = (hours: number, maxBytes: number): ReadCache =>
    cacheIn(folder, { maxBytes, graceMs: hour, atMs: START_MS + hours * hour })
  const keys = ['a.parquet', 'b.parquet', 'c.parquet', 'd.parquet']
  for (const [hours, key] of keys.entries()) await at(hours, 1e9).pathOf(key, '', remote(body).fetch)
  // Used again, so it is not the oldest.
  await at(5, 1e9).pathOf('a.parquet', '', remote(body).fetch)
  await at(7, 300).pathOf('e.parquet', '', remote(body).fetch)
  const kept = async (): Promise<string[]> => (await filesIn(folder)).map(path => path.slice(-9)).sort()
  expect(await kept()).toEqual(['a.parquet', 'e.parquet'])
  await at(7, 50).pathOf('f.parquet', '', remote(body).fetch)
  expect(await kept()).toEqual(['e.parquet', 'f.parquet'])
})

it('keeps lakes apart that have equal keys', async () => {
  const folder = newFolder()
  const options = { folder, lifeOf: () => 'fixed' as const, maxBytes: 1e9 }
  await readCache({ ...options, scope: 'one' }).keep('x', Buffer.from('one'))
  expect(await readCache({ ...options, scope: 'other' }).get('x')).toBeUndefined()
})

it('says which folder it is when nothing can be kept there', async () => {
  const file = join(base, 'no-folder')
  await writeFile(file, '')
  await expect(cacheIn(file).pathOf('x.parquet', '', remote('rows').fetch)).rejects.toMatchObject({
    code: 'SLUICE_CACHE_UNUSABLE',
    message: expect.stringContaining(file),
    next: expect.stringContaining('cache.folder'),
  })
  await expect(cacheIn(file).keep('x.parquet', Buffer.from('rows'))).resolves.toBeUndefined()
})

it('fetches again when somebody deletes the folder meanwhile', async () => {
  const folder = newFolder()
  const { fetch, fetched } = remote('rows')
  const deleting: Fetch = async take => {
    if (fetched() === 0) await rm(folder, { recursive: true })
    return fetch(take)
  }
  expect(await text(await cacheIn(folder).pathOf('x.parquet', '', deleting))).toBe('rows')
  expect(fetched()).toBe(2)
})

describe('a full disk', () => {
  const disk = mountDisk(64 * 1024)
  afterAll(() => disk?.unmount())

  it('is told as one, and makes room where something is old', async () => {
    if (disk === undefined) return
    const cache = (atMs: number) => cacheIn(disk.path, { atMs })
    await cache(START_MS).pathOf('a.parquet', '', remote('x'.repeat(40_000)).fetch)
    const large = remote('y'.repeat(40_000))
    await expect(cache(START_MS + 1).pathOf('b.parquet', '', large.fetch)).rejects.toMatchObject({
      code: 'SLUICE_CACHE_UNUSABLE',
      next: expect.stringContaining('cache.max_size'),
    })
    const later = START_MS + 7_200_000
    expect(await text(await cache(later).pathOf('b.parquet', '', large.fetch))).toHaveLength(40_000)
  })
})
