import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import { commitFiles } from '../../../src/lake/commit-files.js'
import { currentSnapshot, dataFiles } from '../../../src/lake/scan.js'
import { keyOf } from '../../../src/lake/table-location.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { openMetadata } from '../../../src/pipeline/read/tables.js'
import { NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { copyOf, feed, smallFiles } from '../../support/maintaining.js'
import { trade } from '../../support/records.js'

const BRONZE = { layer: 'bronze', dataset: 'market_events', major: 1 } as const

let folder: ProjectFolder
/** Its table of bronze has 99 commits of as many small files of one partition: the next one is the hundredth. */
let grown: TestLake
beforeAll(async () => {
  folder = await projectFolder()
  grown = await smallFiles(folder, 1)
  await fill(grown, 99)
})
afterAll(() => folder.remove())

/** Commits copies of the newest file, each as a run of its own would have: file, snapshot and record. */
async function fill({ project, root }: TestLake, commits: number): Promise<void> {
  const lake = await openMetadata(project, { ...systemDeps, clock: fixedClock(NOW) })
  let table = (await lake.catalog.load(BRONZE))!
  const file = (await dataFiles(lake, table)).at(-1)!
  const record = JSON.parse(await readFile(join(root, '_runs/run-0.json'), 'utf8'))
  while (Number(currentSnapshot(table)!['sequence-number']) < commits) {
    const runId = `fill-${currentSnapshot(table)!['sequence-number']}`
    const path = file['file-path'].replace('run_id=run-0', `run_id=${runId}`)
    await copyFile(join(root, keyOf(table, file['file-path'])), join(root, keyOf(table, path)))
    const added = [{ ...file, 'file-path': path }]
    const commit = await commitFiles(lake, table, { added, removed: [], runId, inputHash: '', keys: 'free' })
    await writeFile(join(root, `_runs/${runId}.json`), JSON.stringify({ ...record, run_id: runId, inputs: [] }))
    table = commit.table
  }
}

async function stateOf({ project, rows }: TestLake) {
  const lake = await openMetadata(project, systemDeps)
  const table = (await lake.catalog.load(BRONZE))!
  const [counted] = await rows('SELECT count(*)::INTEGER AS n FROM bronze.market_events')
  return {
    files: (await dataFiles(lake, table)).length,
    snapshots: table.metadata.snapshots.length,
    rows: Number(counted!['n']),
  }
}

const withMaintenance = (lake: TestLake, maintenance: NonNullable<TestLake['project']['config']['maintenance']>) =>
  lake.with({ config: { ...lake.project.config, maintenance } })

it('joins many small files and forgets the oldest of too many snapshots when a table has its hundredth commit', async () => {
  const lake = withMaintenance(await copyOf(folder, grown), { afterRuns: true, maxSnapshots: 50 })
  const before = await stateOf(lake)
  expect(before).toMatchObject({ files: 99, snapshots: 99 })
  const data = Object.keys(await lake.files('bronze')).filter(path => path.endsWith('.parquet'))
  await feed(folder, lake, [trade('hundredth')], 'hundredth')
  expect(await stateOf(lake)).toEqual({ files: 1, snapshots: 40, rows: before.rows + 1 })
  // Whoever reads an older snapshot meanwhile finds its files.
  expect(Object.keys(await lake.files('bronze'))).toEqual(expect.arrayContaining(data))
  await feed(folder, lake, [trade('next')], 'next')
  expect(await stateOf(lake)).toEqual({ files: 2, snapshots: 41, rows: before.rows + 2 })
})

it('leaves a table alone whose owner looks after it', async () => {
  const lake = withMaintenance(await copyOf(folder, grown), { maxSnapshots: 50, afterRuns: false })
  const before = await stateOf(lake)
  await feed(folder, lake, [trade('hundredth')], 'hundredth')
  expect(await stateOf(lake)).toEqual({ files: 100, snapshots: 100, rows: before.rows + 1 })
})

it('fails no run: what it cannot do is left to a later look', async () => {
  const lake = withMaintenance(await copyOf(folder, grown), { afterRuns: true, maxSnapshots: 50 })
  const own = Object.keys(await lake.files('bronze')).find(path => path.includes('run_id=fill-5-'))!
  const bytes = await readFile(join(lake.root, own))
  await writeFile(join(lake.root, own), Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])]))
  expect(
    await feed(folder, lake, [trade('hundredth', { event_time: '2026-01-06T10:00:00Z' })], 'hundredth'),
  ).toMatchObject({ status: 'published' })
  const lakeNow = await openMetadata(lake.project, systemDeps)
  expect(await dataFiles(lakeNow, (await lakeNow.catalog.load(BRONZE))!)).toHaveLength(100)
})
