import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ObjectStore } from '../../src/storage/object-store.js'

/** Begins to write an object and dies. */
export type Abandon = (store: ObjectStore, key: string) => Promise<void>

/**
 * What every object store promises. `makeStore` gives an empty store; differences are read from its capabilities. `abandon`: where a write can be left
 * unfinished.
 */
export function objectStoreBehaviour(name: string, makeStore: () => Promise<ObjectStore>, abandon?: Abandon): void {
  describe(`object store: ${name}`, () => {
    readsAndWrites(makeStore)
    exclusiveCreation(makeStore)
    adoption(makeStore)
    listing(makeStore)
    keys(makeStore)
    unfinishedWrites(makeStore, abandon)
  })
}

function unfinishedWrites(makeStore: MakeStore, abandon: Abandon | undefined): void {
  const ever = Number.POSITIVE_INFINITY

  it('takes no finished object for an unfinished write', async () => {
    const store = await makeStore()
    expect(await store.unfinished(ever, 'discard')).toEqual([])
    await store.put('a/put', bytes('x'))
    await store.create('a/created', bytes('x'))
    await store.create('a/created', bytes('y'))
    expect(await store.unfinished(ever, 'list')).toEqual([])
    expect(await store.unfinished(ever, 'discard')).toEqual([])
    expect(await keysOf(store)).toEqual(['a/created', 'a/put'])
  })

  if (abandon === undefined) return
  it('lists writes that were begun before a time, and discards these alone', async () => {
    const store = await makeStore()
    await store.put('a/b', bytes('whole'))
    const since = Date.now() - 60_000
    for (const key of ['a/b', 'a/c', 'd']) await abandon(store, key)
    expect(await keysOf(store)).toEqual(['a/b'])
    expect(await store.unfinished(since, 'discard')).toEqual([])
    const found = await store.unfinished(ever, 'list')
    expect(found).toHaveLength(3)
    for (const { begunMs } of found) expect(begunMs).toBeGreaterThan(since)
    expect(await store.unfinished(ever, 'discard')).toEqual(found)
    expect(await store.unfinished(ever, 'list')).toEqual([])
    expect(String(await store.get('a/b'))).toBe('whole')
  })
}

type MakeStore = () => Promise<ObjectStore>

const bytes = (text: string): Buffer => Buffer.from(text)
const created = { outcome: 'created' }
const exists = { outcome: 'exists' }

async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const entry of store.list(prefix)) found.push(entry.key)
  return found
}

function readsAndWrites(makeStore: MakeStore): void {
  it('gives back the bytes that were put, and knows their size', async () => {
    const store = await makeStore()
    const body = Buffer.from([0, 1, 254, 255, 10, 13])
    await store.put('a/b.bin', body)
    expect(await store.get('a/b.bin')).toEqual(body)
    expect(await store.head('a/b.bin')).toMatchObject({ sizeBytes: 6 })
  })

  it('keeps an empty object apart from no object', async () => {
    const store = await makeStore()
    await store.put('empty', bytes(''))
    expect(await store.get('empty')).toEqual(bytes(''))
    expect(await store.head('empty')).toMatchObject({ sizeBytes: 0 })
    expect(await store.getRange('empty', 0, 10)).toEqual(bytes(''))
  })

  it('answers undefined for what is not there, also where a key is only the beginning of others', async () => {
    const store = await makeStore()
    await store.put('folder/object', bytes('x'))
    for (const key of ['nothing', 'folder', 'folder/object/deeper', 'nowhere/at/all']) {
      expect(await store.get(key)).toBeUndefined()
      expect(await store.getRange(key, 0, 1)).toBeUndefined()
      expect(await store.head(key)).toBeUndefined()
      await expect(store.localPath(key)).rejects.toMatchObject({ code: 'SLUICE_OBJECT_MISSING' })
    }
  })

  it('does not share memory with its callers', async () => {
    const store = await makeStore()
    const body = bytes('before')
    await store.put('put', body)
    await store.create('created', body)
    body.fill('x')
    ;(await store.get('put'))?.fill('y')
    ;(await store.getRange('put', 0, 3))?.fill('z')
    expect(String(await store.get('put'))).toBe('before')
    expect(String(await store.get('created'))).toBe('before')
  })

  it('reads any range as a slice of the whole', async () => {
    const store = await makeStore()
    const body = Buffer.from(Array.from({ length: 100 }, (_, i) => i))
    await store.put('k', body)
    const position = fc.integer({ min: 0, max: 130 })
    await fc.assert(
      fc.asyncProperty(position, position, async (start, end) => {
        expect(await store.getRange('k', start, end)).toEqual(body.subarray(start, Math.max(start, end)))
      }),
    )
  })

  it('replaces an object that is put again, and deletes without complaint what is not there', async () => {
    const store = await makeStore()
    await store.put('k', bytes('long first text'))
    await store.put('k', bytes('second'))
    expect(String(await store.get('k'))).toBe('second')
    await store.delete('k')
    await store.delete('k')
    await store.delete('never/was')
    expect(await store.get('k')).toBeUndefined()
    await store.put('k', bytes('third'))
    expect(String(await store.get('k'))).toBe('third')
  })

  it('shows readers the old object or the new one, never a part', async () => {
    const store = await makeStore()
    const bodies = ['a', 'b', 'c'].map(letter => bytes(letter.repeat(300_000)))
    await store.put('k', bodies[0]!)
    let writing = true
    const writes = (async () => {
      for (let i = 0; i < 30; i++) await store.put('k', bodies[i % 3]!)
      writing = false
    })()
    let reads = 0
    while (writing) {
      const seen = await store.get('k')
      expect(bodies.some(body => seen?.equals(body))).toBe(true)
      reads++
    }
    await writes
    expect(reads).toBeGreaterThan(0)
  })

  it('names a local file with the same bytes for any object', async () => {
    const store = await makeStore()
    await store.put('a/b c.parquet', bytes('one'))
    const first = await store.localPath('a/b c.parquet')
    expect(first.endsWith('b c.parquet')).toBe(true)
    expect(String(await readFile(first))).toBe('one')
    await store.put('a/b c.parquet', bytes('two'))
    expect(String(await readFile(await store.localPath('a/b c.parquet')))).toBe('two')
  })
}

function exclusiveCreation(makeStore: MakeStore): void {
  it('creates an object once: a second creation changes no byte', async () => {
    const store = await makeStore()
    expect(await store.create('t/v1', bytes('first'))).toEqual(created)
    expect(await store.create('t/v1', bytes('second'))).toEqual(exists)
    expect(String(await store.get('t/v1'))).toBe('first')
    expect(await keysOf(store)).toEqual(['t/v1'])
  })

  it('creates again under a key that was deleted', async () => {
    const store = await makeStore()
    await store.create('k', bytes('first'))
    await store.delete('k')
    expect(await store.create('k', bytes('second'))).toEqual(created)
    expect(String(await store.get('k'))).toBe('second')
  })

  it('has exactly one winner among 16 writers, for each of 25 keys, and keeps its bytes', async () => {
    const store = await makeStore()
    for (let key = 0; key < 25; key++) {
      const bodies = Array.from({ length: 16 }, (_, writer) => bytes(`writer ${writer} `.repeat(500)))
      const outcomes = await Promise.all(bodies.map(body => store.create(`race/${key}/v1`, body)))
      const winners = outcomes.flatMap(({ outcome }, writer) => (outcome === 'created' ? [writer] : []))
      if (store.capabilities.exclusiveCreate) expect(winners).toHaveLength(1)
      expect(outcomes.filter(({ outcome }) => outcome === 'exists')).toHaveLength(16 - winners.length)
      const kept = await store.get(`race/${key}/v1`)
      expect(winners.some(writer => kept?.equals(bodies[writer]!))).toBe(true)
    }
    expect(await keysOf(store)).toHaveLength(25)
  })

  it('shows readers of a created object the whole or nothing', async () => {
    const store = await makeStore()
    const body = bytes('0123456789'.repeat(50_000))
    for (let i = 0; i < 10; i++) {
      let writing = true
      const write = store.create(`c/${i}`, body).finally(() => {
        writing = false
      })
      while (writing) {
        const seen = await store.get(`c/${i}`)
        if (seen !== undefined) expect(seen.length).toBe(body.length)
      }
      expect(await write).toEqual(created)
    }
  })
}

function adoption(makeStore: MakeStore): void {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-adopt-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function localFile(name: string, text: string): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }

  it('takes over a local file, which is gone afterwards', async () => {
    const store = await makeStore()
    const path = await localFile('taken', 'rows')
    expect(await store.adopt(path, 'deep/in/a/folder/x.parquet')).toEqual(created)
    expect(String(await store.get('deep/in/a/folder/x.parquet'))).toBe('rows')
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  it('leaves both alone when the key is taken', async () => {
    const store = await makeStore()
    await store.put('x', bytes('there'))
    const path = await localFile('refused', 'rows')
    expect(await store.adopt(path, 'x')).toEqual(exists)
    expect(String(await store.get('x'))).toBe('there')
    expect(String(await readFile(path))).toBe('rows')
  })

  it('refuses a local file that is not there and makes no object', async () => {
    const store = await makeStore()
    await expect(store.adopt(join(folder, 'missing'), 'x')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    expect(await keysOf(store)).toEqual([])
  })

  it('lets one of several adoptions of one key win', async () => {
    const store = await makeStore()
    const paths = await Promise.all(Array.from({ length: 8 }, (_, i) => localFile(`race-${i}`, `rows ${i}`)))
    const outcomes = await Promise.all(paths.map(path => store.adopt(path, 'new/folder/x')))
    const winner = outcomes.findIndex(({ outcome }) => outcome === 'created')
    expect(outcomes.filter(({ outcome }) => outcome === 'exists')).toHaveLength(7)
    expect(String(await store.get('new/folder/x'))).toBe(`rows ${winner}`)
  })
}

function listing(makeStore: MakeStore): void {
  it('lists nothing in an empty store and below an unknown prefix', async () => {
    const store = await makeStore()
    expect(await keysOf(store)).toEqual([])
    await store.put('a', bytes('x'))
    expect(await keysOf(store, 'b/')).toEqual([])
    expect(await keysOf(store, 'a/')).toEqual([])
    expect(await keysOf(store, 'b')).toEqual([])
  })

  it('lists the objects below a folder, or the one under a whole key, with sizes', async () => {
    const store = await makeStore()
    for (const key of ['t/a', 't/a.b', 't/sub/c', 't2/d', 'tt']) await store.put(key, bytes(key))
    expect(await keysOf(store, 't/')).toEqual(['t/a', 't/a.b', 't/sub/c'])
    expect(await keysOf(store, 't/a')).toEqual(['t/a'])
    expect(await keysOf(store, 't')).toEqual([])
    const sizes: number[] = []
    for await (const entry of store.list('t')) sizes.push(entry.sizeBytes)
    for await (const entry of store.list('')) sizes.push(entry.sizeBytes)
    expect(sizes).toEqual([3, 5, 7, 4, 2])
  })

  it('lists in order of the keys as bytes, across folders', async () => {
    const store = await makeStore()
    // `-` and `.` sort before `/`; U+FF5E sorts before U+1F600 as bytes and after it in JavaScript.
    const inOrder = ['a-b', 'a.b', 'a/z', 'a0', 'b/c-d/e', 'b/c/d', 'b/c/e', 'é', '～', '😀']
    for (const key of inOrder.toReversed()) await store.put(key, bytes(''))
    expect(await keysOf(store)).toEqual(inOrder)
  })

  it('lists the folders directly below a prefix', async () => {
    const store = await makeStore()
    for (const key of ['a', 'b/x', 'b/y/z', 'b-c/x', 'b/y2/z/deep']) await store.put(key, bytes(key))
    expect(await store.listFolders('')).toEqual(['b', 'b-c'])
    expect(await store.listFolders('b/')).toEqual(['y', 'y2'])
    expect(await store.listFolders('a/')).toEqual([])
    expect(await store.listFolders('none/')).toEqual([])
    for (const prefix of ['b', '../', '/'])
      await expect(store.listFolders(prefix)).rejects.toMatchObject({ code: 'SLUICE_STORE_KEY_INVALID' })
  })

  it('lists every key of any set once, in order', async () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '0', 'Z'), minLength: 1, maxLength: 3 })
    const key = fc.array(
      part.filter(text => !/^\.+$/.test(text)).map(text => `k${text}`),
      { minLength: 1, maxLength: 3 },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          key.map(parts => `${parts.join('/')}!`),
          { maxLength: 12 },
        ),
        async some => {
          const store = await makeStore()
          for (const one of some) await store.put(one, bytes(''))
          expect(await keysOf(store)).toEqual(some.toSorted())
        },
      ),
      { numRuns: 20 },
    )
  })

  it('survives objects that come and go while it is read', async () => {
    const store = await makeStore()
    for (let i = 0; i < 100; i++) await store.put(`k/${String(i).padStart(3, '0')}/x`, bytes(''))
    const found: string[] = []
    for await (const { key } of store.list('k/')) {
      found.push(key)
      if (found.length === 10) for (let i = 50; i < 60; i++) await store.delete(`k/0${i}/x`)
    }
    expect(found.length).toBeGreaterThanOrEqual(90)
    expect(found).toEqual(found.toSorted())
  })
}

function keys(makeStore: MakeStore): void {
  const refused = ['', '/', '/etc/passwd', '../x', 'a/../../x', 'a/..', '.', './a', 'a/./b', 'a//b', 'a/', 'a\0b']
  refused.push('a\\b', 'C:/x', 'a\nb', '\ud800', 'a/.tmp-x', '.tmp-x/a', 'x'.repeat(256), `${'part/'.repeat(300)}x`)

  it.each(refused)('refuses the key %j in every call and stores nothing', async key => {
    const store = await makeStore()
    const invalid = { code: 'SLUICE_STORE_KEY_INVALID' }
    const calls: (() => Promise<unknown>)[] = [
      () => store.get(key),
      () => store.getRange(key, 0, 1),
      () => store.head(key),
      () => store.put(key, bytes('x')),
      () => store.create(key, bytes('x')),
      () => store.adopt('/nowhere', key),
      () => store.delete(key),
      () => store.localPath(key),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject(invalid)
    expect(await keysOf(store)).toEqual([])
  })

  it('refuses a list prefix that leads out', async () => {
    const store = await makeStore()
    for (const prefix of ['../', '/', 'a//', 'a/../'])
      await expect(keysOf(store, prefix)).rejects.toMatchObject({ code: 'SLUICE_STORE_KEY_INVALID' })
  })

  it('keeps keys with spaces, quotes, wildcards, percent and equals signs, and non-Latin letters', async () => {
    const store = await makeStore()
    const odd = [
      'a b',
      "it's",
      'wild*[a-z]?',
      '50%25',
      'year=2026/month=01',
      'Zażółć/gęślą',
      '日本',
      '😀',
      '..a',
      '...',
      '-',
    ]
    for (const key of odd) await store.put(key, bytes(key))
    for (const key of odd) expect(String(await store.get(key))).toBe(key)
    expect((await keysOf(store)).toSorted()).toEqual(odd.toSorted())
  })

  it('keeps an object and objects below its key apart, or refuses the second and keeps the first', async () => {
    const store = await makeStore()
    const { keySpace } = store.capabilities
    await store.put('a', bytes('object'))
    await store.put('b/c', bytes('object'))
    const writes = [() => store.put('a/b', bytes('x')), () => store.create('a/b', bytes('x'))]
    const onFolder = [() => store.put('b', bytes('x')), () => store.create('b', bytes('x'))]
    const refused = { code: 'SLUICE_STORE_KEY_INVALID' }
    const refusals: boolean[] = []
    for (const write of [...writes, ...onFolder]) {
      const refusal = await write().then(
        () => undefined,
        (cause: unknown) => cause,
      )
      if (refusal !== undefined) expect(refusal).toMatchObject(refused)
      refusals.push(refusal !== undefined)
    }
    if (keySpace === 'flat') expect(refusals).not.toContain(true)
    if (keySpace === 'folders') expect(refusals).not.toContain(false)
    const isFlat = !refusals.includes(true)
    await store.delete('b')
    expect(String(await store.get('a'))).toBe('object')
    expect(String(await store.get('b/c'))).toBe('object')
    // MinIO keeps an object below another and does not list it; no lake has such keys.
    const listed = await keysOf(store)
    if (keySpace === 'as the server') expect([2, 3]).toContain(listed.length)
    else expect(listed).toEqual(isFlat ? ['a', 'a/b', 'b/c'] : ['a', 'b/c'])
    expect(listed).toEqual(expect.arrayContaining(['a', 'b/c']))
  })
}
