import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../../../src/lake/catalog.js'
import { commitFiles } from '../../../src/lake/commit-files.js'
import { commitGroups } from '../../../src/lake/commit-groups.js'
import type { Lake } from '../../../src/lake/lake.js'
import { currentSchema } from '../../../src/lake/open-table.js'
import { readFilesSql } from '../../../src/lake/read-sql.js'
import { dataFiles, ordinalOf } from '../../../src/lake/scan.js'
import { writePartition } from '../../../src/lake/write-files.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { compact } from '../../../src/pipeline/maintain/compact.js'
import { type Compaction, compactTable, planCompaction } from '../../../src/pipeline/maintain/compact-table.js'
import { rowOrder } from '../../../src/pipeline/maintain/row-order.js'
import { describeTable } from '../../../src/pipeline/read/tables.js'
import { openWorkspace } from '../../../src/pipeline/workspace.js'
import { errorOf, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { contentHashes, copyOf, FILLED, feed, fileCounts, smallFiles } from '../../support/maintaining.js'
import { trade } from '../../support/records.js'

const ALL = { tables: [], dryRun: false }
const SILVER = { layer: 'silver', dataset: 'market_events', major: 1 } as const

let folder: ProjectFolder
/** Six runs, as they left it. */
let grown: TestLake
let lake: TestLake
let before: Record<string, string>
beforeAll(async () => {
  folder = await projectFolder()
  grown = await smallFiles(folder, 6)
  lake = await copyOf(folder, grown)
  before = await lake.contents(FILLED)
})
afterAll(() => folder.remove())

describe('compact', () => {
  it('says with --dry-run what it would join, and writes nothing', async () => {
    const files = await lake.files()
    const planned = await compact(lake.project, { ...ALL, dryRun: true })
    expect(
      planned.map(({ table, outcome, files_before, files_after }) => [table, outcome, files_before, files_after]),
    ).toEqual(
      FILLED.map(table => [table, 'planned', 6, 1]).sort((a, b) => LAYERS.indexOf(layer(a)) - LAYERS.indexOf(layer(b))),
    )
    expect(await lake.files()).toEqual(files)
  })

  it('joins the small files of each partition without a change of rows, now and as of before', async () => {
    const done = await compact(lake.project, ALL)
    expect(
      done.every(
        ({ outcome, files_before, files_after }) => outcome === 'compacted' && files_before === 6 && files_after === 1,
      ),
    ).toBe(true)
    expect(await fileCounts(lake)).toEqual(Object.fromEntries(FILLED.map(table => [table, 1])))
    expect(await lake.contents(FILLED)).toEqual(before)
    expect(await lake.rows('SELECT count(*)::INTEGER AS rows FROM silver.market_events', 'run-2')).toEqual([
      { rows: 6 },
    ])
    const { snapshotLog } = await describeTable(lake.project, 'silver.market_events', { files: false })
    expect(snapshotLog.at(-1)).toMatchObject({ operation: 'replace', totalRows: 12 })
    expect((await compact(lake.project, ALL)).map(({ outcome }) => outcome)).toEqual(FILLED.map(() => 'nothing'))
  })

  it('gives the same bytes from the same files', async () => {
    const again = await copyOf(folder, grown)
    await compact(again.project, ALL)
    expect(await contentHashes(again)).toEqual(await contentHashes(lake))
  })

  it('leaves a lake in which later runs come to what they come to without it', async () => {
    const plain = await copyOf(folder, grown)
    const next = [trade('a1', { price: 7 }), trade('new'), trade('c2', { price: 3 })]
    for (const one of [lake, plain]) {
      await feed(folder, one, next, 'next')
      await one.run({
        runId: 'replaced',
        replace: true,
        input: [await folder.write('again.ndjson', JSON.stringify(trade('late')))],
        contract: 'market_events',
      })
    }
    const tables = ['bronze.market_events', 'silver.market_events', 'quarantine.market_events']
    const withoutTimes = (text: Record<string, string>) => Object.values(text).join('\n').split('\n').sort()
    expect(withoutTimes(await lake.contents(tables))).toEqual(withoutTimes(await plain.contents(tables)))
  })

  it('joins no bronze file of a run that has no record, or that holds a batch back', async () => {
    const open = await copyOf(folder, grown)
    const record = (run: string): string => join(open.root, `_runs/${run}.json`)
    await rm(record('run-1'))
    const held = JSON.parse(await readFile(record('run-2'), 'utf8'))
    await writeFile(
      record('run-2'),
      JSON.stringify({ ...held, inputs: held.inputs.map((input: object) => ({ ...input, held: true })) }),
    )
    await compact(open.project, ALL)
    expect(await fileCounts(open)).toMatchObject({ 'bronze.market_events': 3, 'silver.market_events': 1 })
  })

  it('refuses a table that is not there, with the nearest name', async () => {
    const error = await errorOf(compact(lake.project, { tables: ['silver.market_event'], dryRun: false }))
    expect(error).toMatchObject({ code: 'SLUICE_TABLE_UNKNOWN', next: expect.stringContaining('silver.market_events') })
  })
})

const LAYERS = ['bronze', 'silver', 'gold', 'quarantine']
const layer = ([table]: readonly unknown[]): string => String(table).split('.')[0]!

/** Compacts silver while `rival` does its work before each try to commit. */
async function compactAgainst(own: TestLake, rival: (lake: Lake) => Promise<unknown>): Promise<Compaction> {
  await using workspace = await openWorkspace(own.project, systemDeps, { runId: 'compact-mine', connections: 1 })
  const commit: Catalog['commit'] = async (base, ...change) => {
    await rival(workspace.lake)
    return workspace.lake.catalog.commit(base, ...change)
  }
  // The rivals are of other processes.
  const lakeOf = { ...workspace.lake, commits: commitGroups(), catalog: { ...workspace.lake.catalog, commit } }
  const compacting = {
    workspace: { ...workspace, lake: lakeOf },
    runId: 'compact-mine',
    orderOf: (table: Parameters<typeof rowOrder>[0]) => rowOrder(table, own.project.contracts),
  }
  const table = (await workspace.lake.catalog.load(SILVER))!
  return await compactTable(compacting, table, await planCompaction(compacting, table))
}

describe('compact beside other writers', () => {
  it('keeps what is appended to the same partition meanwhile', async () => {
    const own = await copyOf(folder, grown)
    let rivals = 0
    const done = await compactAgainst(own, async () => {
      if (rivals++ < 2) await feed(folder, own, [trade(`rival-${rivals}`)], `rival-${rivals}`)
    })
    expect(done).toMatchObject({ outcome: 'compacted', givenUp: 0 })
    expect(
      await own.rows(
        'SELECT count(*)::INTEGER AS n, count(DISTINCT event_id)::INTEGER AS ids FROM silver.market_events',
      ),
    ).toEqual([{ n: 14, ids: 14 }])
    expect((await fileCounts(own))['silver.market_events']).toBe(3)
  })

  it('gives a partition up that another writer rewrote, and joins the others', async () => {
    const own = await copyOf(folder, grown)
    for (const at of [1, 2])
      await feed(folder, own, [trade(`other-${at}`, { event_time: '2026-01-06T10:00:00Z' })], `other-${at}`)
    let rivals = 0
    const done = await compactAgainst(own, async () => {
      if (rivals++ === 0)
        await own.run({
          runId: 'rewrites',
          replace: true,
          input: [await folder.write('rewrites.ndjson', JSON.stringify(trade('r')))],
          contract: 'market_events',
        })
    })
    expect(done).toMatchObject({ outcome: 'compacted', givenUp: 1 })
    expect(
      await own.rows(
        'SELECT count(*)::INTEGER AS n, count(DISTINCT event_id)::INTEGER AS ids FROM silver.market_events',
      ),
    ).toEqual([{ n: 15, ids: 15 }])
    expect((await fileCounts(own))['silver.market_events']).toBe(2)
    const left = Object.keys(await own.files('silver')).filter(path => /run_id=compact-.*parquet$/.test(path))
    expect(left).toHaveLength(1)
  })

  it('lets an append through that was computed over the files before', async () => {
    const own = await copyOf(folder, grown)
    await using workspace = await openWorkspace(own.project, systemDeps, { runId: 'append', connections: 1 })
    const { lake: open, engines, spool } = workspace
    const base = (await open.catalog.load(SILVER))!
    const files = await dataFiles(open, base)
    const rows = await readFilesSql(open, base, currentSchema(base), files)
    const select = `SELECT * REPLACE ('x-' || event_id AS event_id) FROM (${rows}) ORDER BY event_id`
    const writer = { lake: open, table: base, runId: 'append', spool }
    const written = (await writePartition(writer, engines[0]!, ordinalOf(base, files[0]!), select))!
    await compact(own.project, ALL)
    const change = { added: [written.file], removed: [], runId: 'append', inputHash: '', keys: 'unique' as const }
    expect(await commitFiles(open, base, change)).toMatchObject({ outcome: 'committed' })
    expect(await own.rows('SELECT count(*)::INTEGER AS n FROM silver.market_events')).toEqual([{ n: 24 }])
    await feed(folder, own, [trade('after')], 'after')
    const late = { ...change, runId: 'late' }
    expect(await commitFiles(open, base, late)).toMatchObject({ outcome: 'rebase' })
  })
})
