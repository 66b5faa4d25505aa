import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import { randomIds } from '../../src/core/ids.js'
import { type DuckDb, type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import { commitGroups } from '../../src/lake/commit-groups.js'
import { byContent } from '../../src/lake/content-name.js'
import { fileCatalog } from '../../src/lake/file-catalog.js'
import { openLakeOn } from '../../src/lake/lake.js'
import { openTable } from '../../src/lake/open-table.js'
import { withoutUnchanged } from '../../src/lake/unchanged-files.js'
import { ADOPTIONS, type FileWriter, writePartitioned, writePartitions } from '../../src/lake/write-files.js'
import { localStore } from '../../src/storage/local-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'

const SHAPE = {
  name: { layer: 'silver', dataset: 'files', major: 1 },
  columns: [{ name: 'event_time', type: 'timestamptz', sqlType: 'TIMESTAMPTZ' }],
  partition: { column: 'event_time', grain: 'hour' },
  order: ['event_time'],
  contractVersion: 'v1.0.0',
} as const

const HOURS = Array.from({ length: 3 * ADOPTIONS }, (_, hour) => hour)
const timeOf = (hour: number | string): string => `to_timestamp(3600 * ${hour})`

let base: string
let db: DuckDb
let engines: DuckDbConnection[]
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'sluice-files-'))
  db = await openDuckDb({ threads: 2, memoryLimit: '256MB', tempFolder: base })
  engines = [await db.connect(), await db.connect()]
})
afterAll(async () => {
  for (const engine of engines) engine.close()
  db.close()
  await rm(base, { recursive: true })
})

async function writerOn(store: ObjectStore, runId = 'run'): Promise<FileWriter> {
  const clock = fixedClock(1_000)
  const catalog = fileCatalog({ store, clock })
  const lake = openLakeOn({ store, catalog, clock, ids: randomIds, commits: commitGroups() })
  return { lake, table: await openTable(lake, SHAPE), runId, spool: await mkdtemp(join(base, 'spool-')) }
}

const newStore = async (): Promise<ObjectStore> => localStore(await mkdtemp(join(base, 'lake-')))

/** A store in which nothing is adopted before as many adoptions as are allowed are under way: one after another they would never end. */
function gated(inner: ObjectStore): { readonly store: ObjectStore; readonly most: () => number } {
  let underWay = 0
  let most = 0
  let open = (): void => undefined
  const full = new Promise<void>(resolve => {
    open = resolve
  })
  const adopt: ObjectStore['adopt'] = async (...call) => {
    most = Math.max(most, ++underWay)
    if (underWay === ADOPTIONS) open()
    await full
    try {
      return await inner.adopt(...call)
    } finally {
      underWay--
    }
  }
  return { store: { ...inner, adopt }, most: () => most }
}

const ways = {
  writePartitions: (writer: FileWriter) =>
    writePartitions(writer, engines, HOURS, async hour => `SELECT ${timeOf(hour)} AS event_time`),
  writePartitioned: (writer: FileWriter) =>
    writePartitioned(writer, engines, HOURS, (first, last) => {
      const rows = `SELECT ${timeOf('h')} AS event_time, h::INTEGER AS _p FROM range(${first}, ${last + 1}) r(h)`
      return rows
    }),
}

it.each(Object.entries(ways))(
  '%s moves files into the lake side by side, and no more than are allowed',
  async (_, write) => {
    const { store, most } = gated(await newStore())
    const writer = await writerOn(store)
    const written = await write(writer)
    expect(written.map(({ ordinal }) => ordinal).sort((a, b) => a - b)).toEqual(HOURS)
    expect(written.every(({ fresh }) => fresh)).toBe(true)
    expect(most()).toBeGreaterThanOrEqual(ADOPTIONS)
    expect(most()).toBeLessThanOrEqual(ADOPTIONS + engines.length)
    expect((await readdir(writer.spool, { recursive: true })).filter(name => name.endsWith('.parquet'))).toEqual([])
  },
)

it('takes a standing file for one that comes out the same, unless that is gone', async () => {
  const store = await newStore()
  const written = await ways.writePartitions(await writerOn(store, 'first'))
  const [gone, ...whole] = written
  await store.delete(gone!.key)
  const files = written.map(({ file }) => file)
  const writer = { ...(await writerOn(store, 'second')), standing: byContent(files) }
  const again = await ways.writePartitions(writer)
  expect(again.filter(({ fresh }) => fresh).map(({ ordinal }) => ordinal)).toEqual([gone!.ordinal])
  expect(again.slice(1).map(({ key, sha256 }) => [key, sha256])).toEqual(whole.map(({ key, sha256 }) => [key, sha256]))
  const { added, removed } = await withoutUnchanged(again, files, writer.lake)
  expect([added.map(({ key }) => key), removed]).toEqual([[again[0]!.key], [gone!.file]])
  for (const { key } of again) expect(await store.head(key)).toBeDefined()
})
