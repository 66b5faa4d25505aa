import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runStore } from '../../src/lake/run-store.js'
import { memoryStore } from '../../src/storage/memory-store.js'
import { lossyStore } from '../support/lossy-store.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-run-store-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function localFile(name: string): Promise<string> {
  await writeFile(join(folder, name), name)
  return join(folder, name)
}

describe('the store of a run', () => {
  it('knows what it moved into the lake, but for what was there before and what it deleted', async () => {
    const inner = memoryStore()
    await inner.create('there', Buffer.from('x'))
    const { store, shut } = runStore(inner)
    for (const name of ['there', 'kept', 'gone']) await store.adopt(await localFile(name), name)
    await store.delete('gone')
    expect(await shut()).toEqual({ adopted: ['kept'], certain: true, committed: false })
  })

  it('knows whether a commit of it stands', async () => {
    const { through, shut } = runStore(memoryStore())
    await expect(through(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
    await through(async () => 'committed')
    expect(await shut()).toMatchObject({ committed: true })
  })

  it('of which every commit failed has none that stands', async () => {
    const { through, shut } = runStore(memoryStore())
    await expect(through(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
    expect(await shut()).toMatchObject({ committed: false })
  })

  it('that is shut waits for writes under way and refuses new ones', async () => {
    const inner = memoryStore()
    const { store, shut } = runStore(inner)
    const underWay = store.create('first', Buffer.from('x'))
    await shut()
    expect(await inner.head('first')).toBeDefined()
    expect(await underWay).toEqual({ outcome: 'created' })
    const late = await localFile('late')
    for (const write of [
      () => store.create('late', Buffer.from('x')),
      () => store.put('late', Buffer.from('x')),
      () => store.adopt(late, 'late'),
      () => store.delete('first'),
    ])
      await expect(write()).rejects.toMatchObject({ code: 'SLUICE_CANCELLED' })
    expect(await inner.head('late')).toBeUndefined()
    expect(await inner.head('first')).toBeDefined()
  })

  it('is not certain of its commits once an answer was lost', async () => {
    const lossy = lossyStore(memoryStore())
    const { store, shut } = runStore(lossy.store)
    lossy.lose(['done'])
    await store.create('v1.metadata.json', Buffer.from('x'))
    expect(await shut()).toMatchObject({ certain: false })
  })
})
