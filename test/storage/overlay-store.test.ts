import { afterAll, describe, expect, it } from 'vitest'
import { type MemoryStore, memoryStore } from '../../src/storage/memory-store.js'
import { overlayStore } from '../../src/storage/overlay-store.js'
import { objectStoreBehaviour } from '../behaviour/object-store.js'

const stores: MemoryStore[] = []
afterAll(() => Promise.all(stores.map(store => store.close())))

function memory(): MemoryStore {
  const store = memoryStore()
  stores.push(store)
  return store
}

objectStoreBehaviour('memory over memory', async () =>
  overlayStore({ base: memory(), top: memory(), hides: () => false }),
)

describe('an overlay', () => {
  it('reads what is below but for what is hidden, and never writes to it', async () => {
    const [base, top] = [memory(), memory()]
    for (const key of ['a/1', 'a/2', 'hidden/1', 'b/1']) await base.put(key, Buffer.from(key))
    const store = overlayStore({ base, top, hides: key => key.startsWith('hidden/') })
    await store.put('a/2', Buffer.from('new'))
    await store.put('hidden/2', Buffer.from('new'))
    expect(await store.create('a/1', Buffer.from('other'))).toEqual({ outcome: 'exists' })
    expect(await store.create('hidden/1', Buffer.from('other'))).toEqual({ outcome: 'created' })
    const keys: string[] = []
    for await (const { key } of store.list('')) keys.push(`${key} ${await store.get(key)}`)
    expect(keys).toEqual(['a/1 a/1', 'a/2 new', 'b/1 b/1', 'hidden/1 other', 'hidden/2 new'])
    expect(await store.listFolders('')).toEqual(['a', 'b', 'hidden'])
    expect(String(await base.get('a/2'))).toBe('a/2')
    expect(await base.get('hidden/2')).toBeUndefined()
  })
})
