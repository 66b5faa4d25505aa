import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { countingStore } from '../../src/storage/counting-store.js'
import { type MemoryStore, memoryStore } from '../../src/storage/memory-store.js'
import { objectStoreBehaviour } from '../behaviour/object-store.js'

const stores: MemoryStore[] = []
afterAll(() => Promise.all(stores.map(store => store.close())))

objectStoreBehaviour('counted memory', async () => {
  const inner = memoryStore()
  stores.push(inner)
  return countingStore(inner).store
})

it('counts requests by class and the bytes that were read and became objects', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-count-'))
  const { store, counts } = countingStore(memoryStore())
  const before = counts()
  await store.put('a', Buffer.alloc(10))
  await store.create('b', Buffer.alloc(100))
  await store.create('b', Buffer.alloc(5000))
  await writeFile(join(folder, 'staged'), Buffer.alloc(1000))
  await store.adopt(join(folder, 'staged'), 'c')
  await store.get('c')
  await store.get('missing')
  await store.getRange('b', 90, 200)
  await store.head('a')
  for await (const _entry of store.list('')) await store.head('a')
  for (const key of ['b', 'c', 'b']) await store.localPath(key)
  await store.delete('a')
  await expect(store.put('', Buffer.alloc(7))).rejects.toThrow()
  expect(counts()).toEqual({
    requests: { get: 2, range: 1, head: 4, put: 2, create: 2, adopt: 1, list: 1, delete: 1, open: 2 },
    bytesRead: 1010,
    bytesWritten: 1110,
  })
  expect(before.requests.put).toBe(0)
  await rm(folder, { recursive: true })
})
