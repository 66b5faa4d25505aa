import { existsSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { type MemoryStore, memoryStore } from '../../src/storage/memory-store.js'
import { objectStoreBehaviour } from '../behaviour/object-store.js'

const stores: MemoryStore[] = []
afterAll(() => Promise.all(stores.map(store => store.close())))

objectStoreBehaviour('memory', async () => {
  const store = memoryStore()
  stores.push(store)
  return store
})

it('keeps a spooled file as it was when the object is replaced, and removes it on close', async () => {
  const store = memoryStore()
  await store.put('k', Buffer.from('one'))
  const first = await store.localPath('k')
  await store.put('k', Buffer.from('two'))
  const second = await store.localPath('k')
  expect(second).not.toBe(first)
  expect(await store.localPath('k')).toBe(second)
  expect(existsSync(first)).toBe(true)
  await store.close()
  expect(existsSync(first)).toBe(false)
})
