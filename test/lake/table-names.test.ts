import { expect, it } from 'vitest'
import type { TableName } from '../../src/lake/catalog.js'
import { LAYOUT_KEY } from '../../src/lake/layout.js'
import { isNamed, namedTables, nameTables } from '../../src/lake/table-names.js'
import { countingStore } from '../../src/storage/counting-store.js'
import { memoryStore } from '../../src/storage/memory-store.js'

const table = (at: number): TableName => ({ layer: 'silver', dataset: `table_${at}`, major: 1 })
const names = Array.from({ length: 30 }, (_, at) => table(at))

it('looks once for all tables that are asked for at one moment', async () => {
  const { store, counts } = countingStore(memoryStore())
  await nameTables(store, [table(100)])
  const before = counts().requests
  expect(await Promise.all(names.map(name => isNamed(store, name)))).toEqual(names.map(() => false))
  const { head, get } = counts().requests
  expect(head + get - before.head - before.get).toBeLessThanOrEqual(4)
})

it('sees what another process named before it was asked, also while a look is under way', async () => {
  const lake = memoryStore()
  await lake.create(LAYOUT_KEY, Buffer.from('{"layout":2}'))
  const { store: own } = countingStore(lake)
  const { store: other } = countingStore(lake)
  await nameTables(own, [table(100)])
  const early = names.map(name => isNamed(own, name))
  await nameTables(other, names)
  expect(await Promise.all(names.map(name => isNamed(own, name)))).toEqual(names.map(() => true))
  await Promise.all(early)
  expect(await namedTables(own)).toHaveLength(names.length + 1)
})
