import { expect, it } from 'vitest'
import { checkLayout, ensureLayout, isFoundByName, type LayoutOptions } from '../../src/lake/layout.js'
import { memoryStore } from '../../src/storage/memory-store.js'

const new010: LayoutOptions = { createdBy: 'sluice 0.1.0', writers: 'several', admit: async () => undefined }
const loser: LayoutOptions = { ...new010, admit: async () => '3 of 8 writers created the same object' }

it('marks an empty lake once and keeps the first mark', async () => {
  const store = memoryStore()
  await checkLayout(store)
  expect(await store.head('_layout.json')).toBeUndefined()
  await Promise.all([ensureLayout(store, new010), ensureLayout(store, new010)])
  await ensureLayout(store, { ...new010, createdBy: 'sluice 0.2.0' })
  await checkLayout(store)
  expect(JSON.parse(String(await store.get('_layout.json')))).toEqual({ layout: 2, createdBy: 'sluice 0.1.0' })
})

it('marks a lake that has lost its mark as one whose tables are found by listing', async () => {
  for (const [key, layout] of [
    ['silver/bars/contract_version=v1/metadata/v1.metadata.json', 1],
    ['bronze/bars/contract_version=v1/metadata/v1.metadata.json', 1],
    ['bronze/captures/provider=sample/date=2026-01-01/run_id=a-0.ndjson.gz', 2],
  ] as const) {
    const store = memoryStore()
    await store.put(key, Buffer.from('x'))
    await ensureLayout(store, new010)
    expect(JSON.parse(String(await store.get('_layout.json')))).toMatchObject({ layout })
    expect(await isFoundByName(store)).toBe(layout === 2)
  }
})

it('refuses a lake of a newer layout and leaves it alone', async () => {
  const store = memoryStore()
  await store.put('_layout.json', Buffer.from('{"layout":3,"createdBy":"sluice 9"}'))
  for (const open of [checkLayout(store), ensureLayout(store, new010)])
    await expect(open).rejects.toMatchObject({ code: 'SLUICE_LAYOUT_NEWER', kind: 'corrupt', details: { layout: 3 } })
  expect(String(await store.get('_layout.json'))).toContain('sluice 9')
})

it.each(['', '{', 'null', '{}', '{"layout":"1"}', '{"layout":0}', '{"layout":1.5}'])(
  'refuses a lake whose mark is %j',
  async text => {
    const store = memoryStore()
    await store.put('_layout.json', Buffer.from(text))
    await expect(checkLayout(store)).rejects.toMatchObject({ code: 'SLUICE_METADATA_CORRUPT' })
    await expect(ensureLayout(store, new010)).rejects.toMatchObject({ code: 'SLUICE_METADATA_CORRUPT' })
  },
)

it('refuses several writers on a store that did not stand the race, before anything is written', async () => {
  const store = memoryStore()
  await expect(ensureLayout(store, loser)).rejects.toMatchObject({
    code: 'SLUICE_STORE_UNFIT',
    message: expect.stringContaining('3 of 8 writers'),
  })
  expect(await store.head('_layout.json')).toBeUndefined()
})

it('remembers that a lake has one writer, and refuses who does not promise to be it', async () => {
  const store = memoryStore()
  await ensureLayout(store, { ...loser, writers: 'one' })
  expect(String(await store.get('_layout.json'))).toContain('"writers":"one"')
  await ensureLayout(store, { ...new010, writers: 'one' })
  await expect(ensureLayout(store, new010)).rejects.toMatchObject({ code: 'SLUICE_STORE_UNFIT' })
  await checkLayout(store)
})

it('asks a store once: not again when the lake is there', async () => {
  const store = memoryStore()
  let asked = 0
  const counted = { ...new010, admit: async () => void asked++ }
  for (let run = 0; run < 3; run++) await ensureLayout(store, counted)
  expect(asked).toBe(1)
  await ensureLayout(memoryStore(), { ...counted, writers: 'one' })
  expect(asked).toBe(2)
})
