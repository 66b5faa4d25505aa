import { expect, it } from 'vitest'
import { fixedClock } from '../../src/core/clock.js'
import { randomIds } from '../../src/core/ids.js'
import type { DataFile } from '../../src/iceberg/types.js'
import type { LoadedTable } from '../../src/lake/catalog.js'
import { commitFiles, RUN_ID } from '../../src/lake/commit-files.js'
import { commitGroups } from '../../src/lake/commit-groups.js'
import { fileCatalog } from '../../src/lake/file-catalog.js'
import { type Lake, openLakeOn } from '../../src/lake/lake.js'
import { openTable } from '../../src/lake/open-table.js'
import { runStore } from '../../src/lake/run-store.js'
import { dataFiles } from '../../src/lake/scan.js'
import { memoryStore } from '../../src/storage/memory-store.js'
import type { ObjectStore } from '../../src/storage/object-store.js'
import { fileAt } from '../iceberg/samples.js'
import { failingStore } from '../support/failing-store.js'
import { lossyStore } from '../support/lossy-store.js'

const SHAPE = {
  name: { layer: 'silver', dataset: 'commits', major: 1 },
  columns: [{ name: 'event_time', type: 'timestamptz', sqlType: 'TIMESTAMPTZ' }],
  partition: { column: 'event_time', grain: 'hour' },
  order: ['event_time'],
  contractVersion: 'v1.0.0',
} as const

const lakeOn = (store: ObjectStore, commits = commitGroups()): Lake => {
  const clock = fixedClock(1_000)
  return openLakeOn({ store, catalog: fileCatalog({ store, clock }), clock, ids: randomIds, commits })
}

/** A table in a new lake. `writer` is a lake opened for one more writer. */
async function tableIn(store: ObjectStore = memoryStore()) {
  const commits = commitGroups()
  const writer = (on = store): Lake => lakeOn(on, commits)
  return { store, writer, table: await openTable(writer(), SHAPE) }
}

const append = (lake: Lake, table: LoadedTable, runId: string, hour: number, keys: 'free' | 'unique' = 'free') =>
  commitFiles(lake, table, { added: [fileIn(table, hour, runId)], removed: [], runId, inputHash: 'x', keys })

function fileIn(table: LoadedTable, hour: number, name: string): DataFile {
  const fieldId = table.metadata['partition-specs'][0]!.fields[0]!['field-id']
  const path = `${table.metadata.location}/${name}-${hour}.parquet`
  return { ...fileAt(hour, name), 'file-path': path, partition: { [fieldId]: hour } }
}

const names = Array.from({ length: 16 }, (_, at) => `run-${at}`)

it('puts the commits of many writers into few versions of a table, a snapshot for each', async () => {
  const { writer, table } = await tableIn()
  const done = await Promise.all(names.map((name, hour) => append(writer(), table, name, hour)))
  expect(done.map(({ outcome }) => outcome)).toEqual(names.map(() => 'committed'))
  const lake = writer()
  const after = (await lake.catalog.load(SHAPE.name))!
  expect(after.version - table.version).toBeLessThanOrEqual(2)
  expect(after.metadata.snapshots.map(({ summary }) => summary[RUN_ID]).sort()).toEqual([...names].sort())
  // A chain, of which the head holds all.
  const parents = after.metadata.snapshots.slice(1).map(one => one['parent-snapshot-id'])
  expect(parents).toEqual(after.metadata.snapshots.slice(0, -1).map(one => one['snapshot-id']))
  expect(await dataFiles(lake, after)).toHaveLength(16)
})

it('makes one of two that change the same partition compute again', async () => {
  const { writer, table } = await tableIn()
  const outcomes = await Promise.all([
    append(writer(), table, 'first', 1),
    append(writer(), table, 'a', 7, 'unique'),
    append(writer(), table, 'b', 7, 'unique'),
    append(writer(), table, 'c', 8, 'unique'),
  ])
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'committed', 'rebase', 'committed'])
  // Over what it gets, it can.
  expect(await append(writer(), outcomes[2]!.table, 'b', 7, 'unique')).toMatchObject({ outcome: 'committed' })
})

it('knows a run that comes twice at the same moment', async () => {
  const { writer, table } = await tableIn()
  const [, one, two, other] = await Promise.allSettled([
    append(writer(), table, 'first', 1),
    append(writer(), table, 'same', 2),
    append(writer(), table, 'same', 2),
    commitFiles(writer(), table, { added: [], removed: [], runId: 'same', inputHash: 'other', keys: 'free' }),
  ])
  expect([one, two]).toMatchObject([{ value: { outcome: 'committed' } }, { value: { outcome: 'already' } }])
  expect(other).toMatchObject({ status: 'rejected', reason: { code: 'SLUICE_RUN_ID_TAKEN' } })
})

it('lets no writer suffer for the store of another', async () => {
  for (let at = 1; at < 12; at++) {
    const { store, writer, table } = await tableIn()
    const failing = failingStore(store, at, 'dies')
    const done = await Promise.allSettled([
      append(writer(failing.store), table, 'fails', 1),
      append(writer(), table, 'a', 2),
      append(writer(failing.store), table, 'fails too', 3),
      append(writer(), table, 'b', 4),
    ])
    expect([done[1], done[3]]).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }])
    const lake = writer()
    const after = (await lake.catalog.load(SHAPE.name))!
    const runs = after.metadata.snapshots.map(({ summary }) => summary[RUN_ID])
    expect(runs).toEqual(expect.arrayContaining(['a', 'b']))
    // Whoever was told of a commit has one.
    const told = ['fails', 'a', 'fails too', 'b'].filter((_, one) => done[one]!.status === 'fulfilled')
    expect(runs).toEqual(expect.arrayContaining(told))
  }
})

it('tells all of a group that nobody knows what came of it, and that it came, when they ask again', async () => {
  const { store, writer, table } = await tableIn()
  const lossy = lossyStore({ ...store, get: async key => (/v3\.metadata/.test(key) ? undefined : store.get(key)) })
  lossy.lose(['done', 'done'], /v3\.metadata/)
  const run = runStore(store)
  const [, lost, member] = await Promise.allSettled([
    append(writer(), table, 'alone', 1),
    append(writer(lossy.store), table, 'lost', 2),
    run.through(() => append(writer(run.store), table, 'member', 3)),
  ])
  const unknown = { status: 'rejected', reason: { code: 'SLUICE_COMMIT_UNKNOWN' } }
  expect([lost, member]).toMatchObject([unknown, unknown])
  // It must not delete the files that a table may name.
  expect(await run.shut()).toMatchObject({ certain: false })
  expect(await append(writer(), table, 'member', 3)).toMatchObject({ outcome: 'already' })
})

it('commits nothing of a run whose store is shut, and is waited for by one that is being shut', async () => {
  const { store, writer, table } = await tableIn()
  const run = runStore(store)
  const own = writer(run.store)
  const first = append(writer(), table, 'first', 1)
  const joined = run.through(() => append(own, table, 'shut', 2))
  const { certain } = await run.shut()
  expect(certain).toBe(true)
  const [, ended] = await Promise.allSettled([first, joined])
  const after = (await writer().catalog.load(SHAPE.name))!
  const runs = after.metadata.snapshots.map(({ summary }) => summary[RUN_ID])
  expect(runs.includes('shut')).toBe(ended.status === 'fulfilled')
  await expect(run.through(() => append(own, table, 'late', 3))).rejects.toMatchObject({ code: 'SLUICE_CANCELLED' })
})
