import { expect, it } from 'vitest'
import { checkLayout, ensureLayout } from '../../src/lake/layout.js'
import { memoryStore } from '../../src/storage/memory-store.js'

it('marks an empty lake once and keeps the first mark', async () => {
  const store = memoryStore()
  await checkLayout(store)
  expect(await store.head('_layout.json')).toBeUndefined()
  await Promise.all([ensureLayout(store, 'sluice 0.1.0'), ensureLayout(store, 'sluice 0.1.0')])
  await ensureLayout(store, 'sluice 0.2.0')
  await checkLayout(store)
  expect(JSON.parse(String(await store.get('_layout.json')))).toEqual({ layout: 1, createdBy: 'sluice 0.1.0' })
})

it('refuses a lake of a newer layout and leaves it alone', async () => {
  const store = memoryStore()
  await store.put('_layout.json', Buffer.from('{"layout":2,"createdBy":"sluice 9"}'))
  for (const open of [checkLayout(store), ensureLayout(store, 'sluice 0.1.0')])
    await expect(open).rejects.toMatchObject({ code: 'SLUICE_LAYOUT_NEWER', kind: 'corrupt', details: { layout: 2 } })
  expect(String(await store.get('_layout.json'))).toContain('sluice 9')
})

it.each(['', '{', 'null', '{}', '{"layout":"1"}', '{"layout":0}', '{"layout":1.5}'])(
  'refuses a lake whose mark is %j',
  async text => {
    const store = memoryStore()
    await store.put('_layout.json', Buffer.from(text))
    await expect(checkLayout(store)).rejects.toMatchObject({ code: 'SLUICE_METADATA_CORRUPT' })
    await expect(ensureLayout(store, 'x')).rejects.toMatchObject({ code: 'SLUICE_METADATA_CORRUPT' })
  },
)
