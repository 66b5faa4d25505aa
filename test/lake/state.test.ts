import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readState, writeState } from '../../src/lake/state.js'
import { countingStore } from '../../src/storage/counting-store.js'
import { localStore } from '../../src/storage/local-store.js'
import { memoryStore } from '../../src/storage/memory-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { lossyStore } from '../support/lossy-store.js'

const base = mkdtempSync(join(tmpdir(), 'sluice-state-'))
afterAll(() => rmSync(base, { recursive: true }))
let count = 0

async function keysOf(store: ObjectStore): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list('_state/')) if (key.endsWith('.json')) found.push(key)
  return found
}

/** Raises a counter once, however often another writer is first. */
async function raise(store: ObjectStore): Promise<void> {
  for (;;) {
    const state = await readState(store, 'counter')
    const written = await writeState(store, 'counter', state?.n ?? 0, ((state?.value as number) ?? 0) + 1)
    if (written.outcome === 'written') return
    expect(written.outcome).toBe('conflict')
  }
}

/** A lake of a layout; its states are the same for whoever reads them. */
async function lakeIn(store: ObjectStore, layout: number): Promise<ObjectStore> {
  await store.put('_layout.json', Buffer.from(JSON.stringify({ layout })))
  return store
}

describe.each([
  ['memory, layout 1', () => lakeIn(memoryStore(), 1)],
  ['memory', () => lakeIn(memoryStore(), 2)],
  ['local disk', () => lakeIn(localStore(join(base, String(count++))), 2)],
] as [string, () => Promise<ObjectStore>][])('state in %s', (_name, make) => {
  it('is undefined before the first write and then the newest value', async () => {
    const store = await make()
    expect(await readState(store, 'breakers')).toBeUndefined()
    expect(await writeState(store, 'breakers', 0, { a: [1, null] })).toEqual({ outcome: 'written', n: 1 })
    expect(await writeState(store, 'breakers', 1, null)).toEqual({ outcome: 'written', n: 2 })
    expect(await readState(store, 'breakers')).toEqual({ n: 2, value: null })
    expect(await readState(store, 'breaker')).toBeUndefined()
  })

  it('is in conflict with a base that is not the newest, and keeps the value', async () => {
    const store = await make()
    await writeState(store, 's', 0, 'first')
    await writeState(store, 's', 1, 'second')
    for (const stale of [0, 1, 3]) expect(await writeState(store, 's', stale, 'x')).toEqual({ outcome: 'conflict' })
    expect(await readState(store, 's')).toEqual({ n: 2, value: 'second' })
  })

  it('counts right when ten writers raise one counter, though equal values meet', async () => {
    const store = await make()
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let i = 0; i < 4; i++) await raise(store)
      }),
    )
    expect(await readState(store, 'counter')).toEqual({ n: 40, value: 40 })
  })

  it('prunes old numbers, and a base of long ago is in conflict although its successor is free again', async () => {
    const store = await make()
    for (let n = 0; n < 60; n++) await writeState(store, 's', n, n)
    const keys = await keysOf(store)
    expect(keys.length).toBeGreaterThanOrEqual(20)
    expect(keys.length).toBeLessThan(28)
    expect(keys.at(-1)).toBe('_state/s/000000000060.json')
    for (const stale of [0, 5]) expect(await writeState(store, 's', stale, 'x')).toEqual({ outcome: 'conflict' })
    expect(await keysOf(store)).toEqual(keys)
  })
})

it('does not claim a write whose number was used and pruned while the writer slept', async () => {
  const inner = memoryStore()
  await writeState(inner, 's', 0, 'first')
  const sleepy: ObjectStore = {
    ...inner,
    async create(key, body) {
      for (let n = 1; n < 50; n++) await writeState(inner, 's', n, n)
      return inner.create(key, body)
    },
  }
  expect((await writeState(sleepy, 's', 1, 'lost')).outcome).toBe('unknown')
  expect(await readState(inner, 's')).toEqual({ n: 50, value: 49 })
})

it('is found by its name: no writer and no reader lists anything, however many numbers there were', async () => {
  const inner = await lakeIn(memoryStore(), 2)
  const { store, counts } = countingStore(inner)
  for (let n = 0; n < 100; n++) expect(await writeState(store, 's', n, n)).toEqual({ outcome: 'written', n: n + 1 })
  expect(await readState(store, 's')).toEqual({ n: 100, value: 99 })
  expect(await readState(store, 'none')).toBeUndefined()
  expect(counts().requests.list).toBe(0)
})

it('is found when its hint is behind, or of a number that is gone', async () => {
  const store = await lakeIn(memoryStore(), 2)
  for (let n = 0; n < 60; n++) await writeState(store, 's', n, n)
  for (const hint of ['48', '16', '']) {
    await store.put('_state/s/newest.text', Buffer.from(hint))
    const found = await readState(store, 's')
    // Without a hint, and without number 1, there is none: numbers go only after a hint is there.
    expect(found?.n).toBe(hint === '' ? undefined : 60)
  }
})

it('is refused when the number that its hint names is gone, and no later one is there', async () => {
  const store = await lakeIn(memoryStore(), 2)
  for (let n = 0; n < 8; n++) await writeState(store, 's', n, n)
  await store.delete('_state/s/000000000008.json')
  await expect(readState(store, 's')).rejects.toMatchObject({
    code: 'SLUICE_METADATA_CORRUPT',
    details: { place: { file: 'memory:/_state/s/000000000008.json' } },
  })
  await store.put('_state/s/newest.text', Buffer.from('7'))
  expect(await readState(store, 's')).toEqual({ n: 7, value: 6 })
})

it('finds out about a write whose answer was lost', async () => {
  const { store, lose } = lossyStore(memoryStore())
  lose(['done'])
  expect(await writeState(store, 's', 0, 'a')).toEqual({ outcome: 'written', n: 1 })
  lose(['not done'])
  expect(await writeState(store, 's', 1, 'b')).toEqual({ outcome: 'written', n: 2 })
  lose(['not done', 'done'])
  expect((await writeState(store, 's', 2, 'c')).outcome).toBe('unknown')
  expect(await readState(store, 's')).toEqual({ n: 3, value: 'c' })
})

it('names the file of a state that is corrupt', async () => {
  const store = memoryStore()
  await writeState(store, 's', 0, 1)
  for (const broken of ['', '{', '[]', 'null', '{"write_id":"x"}']) {
    await store.put('_state/s/000000000001.json', Buffer.from(broken))
    await expect(readState(store, 's')).rejects.toMatchObject({
      code: 'SLUICE_METADATA_CORRUPT',
      details: { place: { file: 'memory:/_state/s/000000000001.json' } },
    })
  }
})
