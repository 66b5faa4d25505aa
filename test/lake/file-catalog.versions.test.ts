import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import type { LoadedTable, TableName } from '../../src/lake/catalog.js'
import { fileCatalog } from '../../src/lake/file-catalog.js'
import { keyOf, pathOf, tableLocation } from '../../src/lake/table-location.js'
import { localStore } from '../../src/storage/local-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { emptyTable } from '../behaviour/catalog.js'

const name: TableName = { layer: 'silver', dataset: 'bars', major: 1 }
const folder = 'silver/bars/contract_version=v1'
const hint = `${folder}/metadata/version-hint.text`
const clock = fixedClock(1_767_225_600_000)

let base: string
let store: ObjectStore
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'sluice-versions-'))
  store = localStore(join(base, 'lake'))
})
afterEach(() => rmSync(base, { recursive: true }))

async function tableWith(commits: number): Promise<LoadedTable> {
  const catalog = fileCatalog({ store, clock })
  await catalog.create(name, emptyTable(store, name))
  for (let i = 0; i < commits; i++) {
    const table = (await catalog.load(name))!
    await catalog.commit(table, [], [{ action: 'set-properties', updates: { commit: String(i) } }])
  }
  return (await catalog.load(name))!
}

it('keeps versions as Hadoop tables do, and the newest in the hint', async () => {
  const table = await tableWith(11)
  expect(table.metadataKey).toBe(`${folder}/metadata/v12.metadata.json`)
  expect(readFileSync(join(base, 'lake', hint), 'utf8')).toBe('12')
  expect(table.metadata.location).toBe(join(base, 'lake', folder))
})

it.each(['1', '11', '0', '-3', 'v12', '012', '1e1', '', 'x\n', '9'.repeat(400)])(
  'finds the newest version when the hint says %j',
  async text => {
    await tableWith(11)
    await store.put(hint, Buffer.from(text))
    expect((await fileCatalog({ store, clock }).load(name))?.version).toBe(12)
  },
)

it.each([1, 2])(
  'refuses a table whose newest version is gone, to readers and writers, in layout %s, until the hint is taken away',
  async layout => {
    await store.put('_layout.json', Buffer.from(JSON.stringify({ layout })))
    const table = await tableWith(2)
    await store.delete(table.metadataKey)
    const catalog = fileCatalog({ store, clock })
    await expect(catalog.load(name)).rejects.toMatchObject({
      code: 'SLUICE_METADATA_CORRUPT',
      message: expect.stringContaining('silver.bars came to that version; the newest that is left is version 2.'),
      details: { place: { file: join(base, 'lake', table.metadataKey) }, next: expect.stringContaining('verify') },
    })
    // It is listed, so that whoever looks at all tables is told as well.
    expect(await catalog.list()).toEqual([name])
    await store.delete(hint)
    expect((await catalog.load(name))?.version).toBe(2)
  },
)

it.each([
  ['1, where any version may have been deleted', 1],
  ['2, where the first stays', 2],
])(
  'finds the newest version without a hint and when the oldest versions were deleted, in layout %s',
  async (_, layout) => {
    await store.put('_layout.json', Buffer.from(JSON.stringify({ layout })))
    await tableWith(11)
    await store.delete(hint)
    for (let version = layout; version <= 5; version++)
      await store.delete(`${folder}/metadata/v${version}.metadata.json`)
    expect((await fileCatalog({ store, clock }).load(name))?.version).toBe(12)
    expect(await fileCatalog({ store, clock }).list()).toEqual([name])
  },
)

it.each([1, 2])(
  'refuses a base whose successors may have been deleted, instead of winning on a dead branch, in layout %s',
  async layout => {
    await store.put('_layout.json', Buffer.from(JSON.stringify({ layout })))
    const catalog = fileCatalog({ store, clock })
    const stale = await tableWith(0)
    await tableWith(0)
    for (let i = 0; i < 6; i++)
      await catalog.commit(
        (await catalog.load(name))!,
        [],
        [{ action: 'set-properties', updates: { commit: String(i) } }],
      )
    for (let version = layout; version <= 4; version++)
      await store.delete(`${folder}/metadata/v${version}.metadata.json`)
    const outcome = await catalog.commit(stale, [], [{ action: 'set-properties', updates: { lost: 'yes' } }])
    expect(outcome.outcome).toBe('conflict')
    expect((await catalog.load(name))?.version).toBe(7)
    expect((await catalog.create(name, emptyTable(store, name))).outcome).toBe('conflict')
  },
)

it('leaves the hint at the newest version when commits overtake each other', async () => {
  const held: (() => void)[] = []
  const slow: ObjectStore = {
    ...store,
    async put(key, body) {
      if (key === hint) await new Promise<void>(release => held.push(release))
      await store.put(key, body)
    },
  }
  const first = await tableWith(0)
  const overtaken = fileCatalog({ store: slow, clock }).commit(
    first,
    [],
    [{ action: 'set-properties', updates: { a: '1' } }],
  )
  while (held.length === 0) await new Promise(resolve => setImmediate(resolve))
  const catalog = fileCatalog({ store, clock })
  await catalog.commit((await catalog.load(name))!, [], [{ action: 'set-properties', updates: { b: '2' } }])
  expect(String(await store.get(hint))).toBe('3')
  held.shift()!()
  while (held.length === 0) await new Promise(resolve => setImmediate(resolve))
  expect(String(await store.get(hint))).toBe('2')
  held.shift()!()
  expect((await overtaken).outcome).toBe('committed')
  expect(String(await store.get(hint))).toBe('3')
})

it('commits even when the hint cannot be written', async () => {
  const table = await tableWith(0)
  const failing: ObjectStore = {
    ...store,
    async put() {
      throw new Error('full')
    },
  }
  const outcome = await fileCatalog({ store: failing, clock }).commit(
    table,
    [],
    [{ action: 'set-properties', updates: { a: '1' } }],
  )
  expect(outcome.outcome).toBe('committed')
  expect((await fileCatalog({ store, clock }).load(name))?.version).toBe(2)
})

it('ignores other files among the metadata', async () => {
  await tableWith(1)
  await store.delete(hint)
  for (const file of ['v007.metadata.json', 'v9.metadata.json.bak', 'v9.gz.metadata.json', 'sub/v9.metadata.json'])
    await store.put(`${folder}/metadata/${file}`, Buffer.from('x'))
  expect((await fileCatalog({ store, clock }).load(name))?.version).toBe(2)
})

it('opens, reads paths of, and commits to a lake that was moved', async () => {
  const before = await tableWith(1)
  const path = `${before.metadata.location}/year=2026/x.parquet`
  renameSync(join(base, 'lake'), join(base, 'moved'))
  cpSync(join(base, 'moved'), join(base, 'copy'), { recursive: true })
  for (const root of ['moved', 'copy']) {
    store = localStore(join(base, root))
    const catalog = fileCatalog({ store, clock })
    const table = (await catalog.load(name))!
    expect(keyOf(table, path)).toBe(`${folder}/year=2026/x.parquet`)
    expect(pathOf(table, keyOf(table, path))).toBe(path)
    const next = await catalog.commit(table, [], [{ action: 'set-properties', updates: { a: '1' } }])
    expect(next).toMatchObject({ outcome: 'committed', table: { version: 3 } })
  }
})

it('derives keys from paths as other engines write them, and refuses files outside the table', () => {
  const at = (location: string) => ({ name, metadata: { ...emptyTable(store, name), location } })
  const inside: [location: string, path: string][] = [
    ['/lake/t', '/lake/t/a.avro'],
    ['/lake/t/', '/lake/t/a.avro'],
    ['file:///lake/t', '/lake/t/a.avro'],
    ['/lake/t', 'file:/lake/t/a.avro'],
    ['/lake/t', 'file:///lake/t/a.avro'],
    ['s3://b/t', 's3a://b/t/a.avro'],
  ]
  for (const [location, path] of inside) expect(keyOf(at(location), path)).toBe(`${folder}/a.avro`)
  for (const path of ['/lake/t2/a.avro', '/lake/t', '/elsewhere', 's3://lake/t/a', ''])
    expect(() => keyOf(at('/lake/t'), path)).toThrow(expect.objectContaining({ code: 'SLUICE_MANIFEST_CORRUPT' }))
  expect(tableLocation({ ...store, root: '/' }, name)).toBe(`/${folder}`)
})
