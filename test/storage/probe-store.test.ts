import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock, systemClock } from '../../src/core/clock.js'
import { SluiceError } from '../../src/core/errors.js'
import { seededIds } from '../../src/core/ids.js'
import { localStore } from '../../src/storage/local-store.js'
import { memoryStore } from '../../src/storage/memory-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { admitStore } from '../../src/storage/probe/admit-store.js'
import { type Need, probeStore } from '../../src/storage/probe/probe-store.js'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'sluice-probe-'))
})
afterAll(() => rm(base, { recursive: true }))

async function probe(stores: readonly ObjectStore[], clock = systemClock) {
  const folder = await mkdtemp(join(base, 'files-'))
  return probeStore({ stores, folder, clock, prefix: '_probe/test/', ways: 8, races: 4, uploadBytes: 100_000 })
}

async function lacking(store: ObjectStore): Promise<Need[]> {
  return (await probe([store])).filter(({ isMet }) => !isMet).map(({ need }) => need)
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list('')) found.push(key)
  return found
}

describe('a store that has all that a lake needs', () => {
  it('on disk meets every need through several clients, and keeps what it had alone', async () => {
    const root = join(base, 'lake')
    const stores = [localStore(root), localStore(root), localStore(root)]
    await stores[0]!.put('_runs/r1.json', Buffer.from('{}'))
    const probed = await probe(stores)
    expect(probed.filter(({ isMet }) => !isMet)).toEqual([])
    expect(probed.map(({ need }) => need)).toEqual([
      ...['write', 'read', 'range', 'list', 'exclusive create', 'exclusive upload', 'delete', 'clock'],
    ])
    expect(probed[4]?.detail).toBe('one winner each time: 4 objects, 8 writers at once through 3 clients')
    expect(await keysOf(stores[0]!)).toEqual(['_runs/r1.json'])
  })

  it('in memory meets every need', async () => {
    expect(await lacking(memoryStore())).toEqual([])
  })
})

describe('a store that lacks something is found out', () => {
  const sound = () => memoryStore()

  const LIARS: Record<string, [readonly Need[], (inner: ObjectStore) => Partial<ObjectStore>]> = {
    'creates over what is there': [
      ['exclusive create'],
      inner => ({ create: async (key, body) => inner.put(key, body).then(() => ({ outcome: 'created' })) }),
    ],
    'says that it refused, and replaces': [
      ['exclusive create'],
      inner => ({
        create: async (key, body) => {
          const there = await inner.head(key)
          await inner.put(key, body)
          return { outcome: there === undefined ? 'created' : 'exists' }
        },
      }),
    ],
    'looks first and writes later': [
      ['exclusive create'],
      inner => ({
        create: async (key, body) => {
          if ((await inner.head(key)) !== undefined) return { outcome: 'exists' }
          await new Promise(resolve => setImmediate(resolve))
          await inner.put(key, body)
          return { outcome: 'created' }
        },
      }),
    ],
    'uploads over what is there': [
      ['exclusive upload'],
      inner => ({
        adopt: async (path, key) => {
          await inner.delete(key)
          return inner.adopt(path, key)
        },
      }),
    ],
    'lists what it had a while ago': [
      ['list', 'clock'],
      () => ({
        async *list() {},
      }),
    ],
    'ignores ranges': [['range'], inner => ({ getRange: key => inner.get(key) })],
    'deletes later': [['delete'], () => ({ delete: async () => undefined })],
    'is two hours ahead': [
      ['clock'],
      inner => ({
        async *list(prefix) {
          for await (const entry of inner.list(prefix)) yield { ...entry, modifiedMs: entry.modifiedMs + 7_200_000 }
        },
      }),
    ],
    'cannot list at all': [
      ['list'],
      () => ({
        listFolders: async () => {
          throw new SluiceError('SLUICE_STORE_UNAVAILABLE', 'not today')
        },
      }),
    ],
  }

  it.each(Object.entries(LIARS))('%s', async (_, [needs, lie]) => {
    const inner = sound()
    expect(await lacking({ ...inner, ...lie(inner) })).toEqual(needs)
  })

  it('names by how much clocks differ, to both sides', async () => {
    const [ahead, behind] = [fixedClock(Date.now() - 60_000), fixedClock(Date.now() + 60_000)]
    const details = [await probe([sound()], ahead), await probe([sound()], behind)].map(all => all.at(-1)!.detail)
    expect(details[0]).toMatch(/^the clock of the store is 60 s ahead of that of this machine$/)
    expect(details[1]).toMatch(/^the clock of the store is 60 s behind that of this machine$/)
  })

  it('throws the error of a store that takes nothing', async () => {
    const full = async () => {
      throw new SluiceError('SLUICE_STORE_FULL', 'no space')
    }
    await expect(probe([{ ...sound(), put: full }])).rejects.toMatchObject({ code: 'SLUICE_STORE_FULL' })
  })
})

describe('admission to several writers', () => {
  const remote = (store: ObjectStore): ObjectStore => ({
    ...store,
    capabilities: { ...store.capabilities, reach: 'remote' },
  })

  it('takes a disk at its word, and races what is asked over a network, leaving nothing', async () => {
    const store = memoryStore()
    let creations = 0
    const counted: ObjectStore = { ...store, create: (key, body) => store.create(key, body).finally(() => creations++) }
    expect(await admitStore(counted, seededIds('a'))).toBeUndefined()
    expect(creations).toBe(0)
    expect(await admitStore(remote(counted), seededIds('b'))).toBeUndefined()
    expect(creations).toBe(27)
    expect(await keysOf(store)).toEqual([])
  })

  it('is refused to a store that says so, or that lets two win', async () => {
    const store = memoryStore()
    const modest = { ...store, capabilities: { ...store.capabilities, exclusiveCreate: false } }
    expect(await admitStore(modest, seededIds('a'))).toBe('it does not create objects exclusively')
    const liar: ObjectStore = {
      ...store,
      create: async (key, body) => store.put(key, body).then(() => ({ outcome: 'created' })),
    }
    expect(await admitStore(remote(liar), seededIds('b'))).toBe('8 of 8 writers created the same object')
    expect(await keysOf(store)).toEqual([])
  })
})
