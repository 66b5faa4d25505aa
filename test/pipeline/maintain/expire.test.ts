import { existsSync } from 'node:fs'
import { rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import { SluiceError } from '../../../src/core/errors.js'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { doctor } from '../../../src/pipeline/doctor/doctor.js'
import { compact } from '../../../src/pipeline/maintain/compact.js'
import { type ExpireOptions, expire } from '../../../src/pipeline/maintain/expire.js'
import { collectGarbage, collectIn } from '../../../src/pipeline/maintain/gc.js'
import { openMetadata } from '../../../src/pipeline/read/tables.js'
import { openSpool } from '../../../src/pipeline/spool.js'
import { writeTemp } from '../../../src/storage/durable.js'
import { errorOf, NOW, type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { copyOf, FILLED, feed, smallFiles } from '../../support/maintaining.js'
import { trade } from '../../support/records.js'

const DAY = 86_400_000
const SILVER = 'silver.market_events'

let folder: ProjectFolder
/** Six runs and a compaction, as they left it. */
let grown: TestLake
let before: Record<string, string>
beforeAll(async () => {
  folder = await projectFolder()
  grown = await smallFiles(folder, 6)
  await compact(grown.project, { tables: [], dryRun: false })
  before = await grown.contents(FILLED)
})
afterAll(() => folder.remove())

/** Deps whose clock is so many days after the runs. */
const after = (days: number) => ({ ...systemDeps, clock: fixedClock(NOW + days * DAY) })

function expireAll(lake: TestLake, options: Partial<ExpireOptions> = {}, days = 30) {
  return expire(lake.project, { tables: [], dryRun: false, ...options }, after(days))
}

const of = <Told extends { readonly table: string }>(tables: readonly Told[], name = SILVER) =>
  tables.find(({ table }) => table === name)

describe('expire', () => {
  it('says with --dry-run what would go, and changes nothing', async () => {
    const files = await grown.files()
    expect(of(await expireAll(grown, { keep: 2, dryRun: true }))).toMatchObject({
      outcome: 'planned',
      snapshots: 5,
      snapshots_left: 2,
    })
    expect(await grown.files()).toEqual(files)
  })

  it('forgets snapshots by age and number, and keeps the rows and the newest ones', async () => {
    const lake = await copyOf(folder, grown)
    expect(of(await expireAll(lake, {}, 4))).toMatchObject({ outcome: 'nothing', snapshots_left: 7 })
    expect(of(await expireAll(lake, { keep: 3 }))).toMatchObject({
      outcome: 'expired',
      snapshots: 4,
      snapshots_left: 3,
    })
    expect(await lake.contents(FILLED)).toEqual(before)
    expect(await lake.rows(`SELECT count(*)::INTEGER AS n FROM ${SILVER}`, 'run-4')).toEqual([{ n: 10 }])
    const asked = await errorOf(lake.rows(`SELECT * FROM ${SILVER}`, 'run-1'))
    expect(asked).toMatchObject({ code: 'SLUICE_SNAPSHOT_EXPIRED', next: expect.stringContaining('sluice tables') })
    expect((await errorOf(lake.rows(`SELECT * FROM ${SILVER}`, '2026-01-01'))).code).toBe('SLUICE_SNAPSHOT_EXPIRED')
    expect(of(await expireAll(lake, { olderThanMs: 0, keep: 1 }))).toMatchObject({ snapshots_left: 1 })
    expect(await lake.contents(FILLED)).toEqual(before)
  })

  it('keeps the snapshots of a run without a record, and the ones before them, so that it can be finished', async () => {
    const lake = await copyOf(folder, grown)
    await rm(join(lake.root, '_runs/run-3.json'))
    expect(of(await expireAll(lake, { keep: 1 }))).toMatchObject({ snapshots: 4, snapshots_left: 3 })
    const feedAgain = [trade('a3'), trade('b3', { price: 203 }), trade('c3', { price: -1 })]
    expect(await feed(folder, lake, feedAgain, 'run-3')).toMatchObject({ status: 'published' })
    expect(await lake.contents(['bronze.market_events', SILVER])).toEqual(
      Object.fromEntries(['bronze.market_events', SILVER].map(name => [name, before[name]])),
    )
  })

  it('follows what a table says of itself, and expires nothing by a clock that went back', async () => {
    const lake = await copyOf(folder, grown)
    expect(of(await expireAll(lake, { olderThanMs: 0 }, -400))).toMatchObject({ outcome: 'nothing' })
  })

  it('takes out whole partitions that are older than the retention of the contract', async () => {
    const contracts = folder.project.contracts.map(contract =>
      contract.dataset === 'market_events' ? { ...contract, retentionHours: 24 * 30 } : contract,
    )
    const lake = (await copyOf(folder, grown)).with({ contracts })
    await feed(folder, lake, [trade('young', { event_time: '2026-01-25T10:00:00Z' })], 'young')
    const { outcome: _, ...planned } = of(await expireAll(lake, { dryRun: true }, 5))!
    const { outcome: __, ...done } = of(await expireAll(lake, {}, 5))!
    expect(done).toEqual(planned)
    expect(done).toMatchObject({ past_rows: 12, past_files: 1 })
    expect(await lake.rows(`SELECT event_id FROM ${SILVER}`)).toEqual([{ event_id: 'young' }])
    expect(await lake.rows('SELECT count(*)::INTEGER AS n FROM bronze.market_events')).toEqual([{ n: 1 }])
    expect(await lake.rows(`SELECT count(*)::INTEGER AS n FROM ${SILVER}`, 'young')).toEqual([{ n: 13 }])
  })
})

/** Makes every file of a lake so many days old. */
async function age(lake: TestLake, days: number): Promise<void> {
  const at = (systemDeps.clock.now() - days * DAY) / 1000
  for (const path of Object.keys(await lake.files())) await utimes(join(lake.root, path), at, at)
}

const findings = async (lake: TestLake) => (await doctor(lake.project)).find(({ subject }) => subject === 'leftovers')!
const gc = (lake: TestLake, yes: boolean, olderThanMs = DAY) => collectGarbage(lake.project, { olderThanMs, yes })

describe('gc', () => {
  it('deletes what no snapshot names, and only when it is told to', async () => {
    const lake = await copyOf(folder, grown)
    expect(await gc(lake, true)).toMatchObject({ outcome: 'nothing', files: 0, kept_files: 0 })
    await expireAll(lake, { keep: 1 })
    // The metadata of a moment ago names them still: a reader may have opened it.
    expect(await gc(lake, true)).toMatchObject({ outcome: 'nothing' })
    await age(lake, 2)
    const planned = await gc(lake, false)
    expect(planned).toMatchObject({ outcome: 'planned', under_way: [] })
    const files = await lake.files()
    const done = await gc(lake, true)
    expect(done).toEqual({ ...planned, outcome: 'deleted' })
    const left = await lake.files()
    expect(
      Object.keys(files)
        .filter(path => !(path in left))
        .sort(),
    ).toEqual(done.tables.flatMap(({ keys }) => keys).sort())
    expect(done.tables.flatMap(({ keys }) => keys).filter(key => key.endsWith('.parquet'))).toHaveLength(24)
    expect(Object.keys(left).filter(path => path.startsWith('bronze/captures'))).toEqual(
      Object.keys(files).filter(path => path.startsWith('bronze/captures')),
    )
    expect(await lake.contents(FILLED)).toEqual(before)
    expect(await gc(lake, true)).toMatchObject({ outcome: 'nothing' })
    await feed(folder, lake, [trade('next')], 'next')
    expect(await lake.rows(`SELECT count(*)::INTEGER AS n FROM ${SILVER}`)).toEqual([{ n: 13 }])
  })

  it('keeps what is younger than a day while somebody may be writing, whatever it is told', async () => {
    const lake = await copyOf(folder, grown)
    await expireAll(lake, { keep: 1 })
    const other = await openSpool(lake.root, 'other')
    expect(await gc(lake, true, 0)).toMatchObject({ outcome: 'nothing', under_way: ['other'] })
    await other.remove()
    expect(await gc(lake, false, 0)).toMatchObject({ outcome: 'planned', under_way: [] })
  })

  it('keeps the files of a run that is under way, however old', async () => {
    const lake = await copyOf(folder, grown)
    await expireAll(lake, { keep: 1 })
    await age(lake, 9)
    const run = await openSpool(lake.root, 'run-2')
    const garbage = await gc(lake, true)
    const kept = Object.keys(await lake.files()).filter(path => /run_id=run-2-.*parquet$/.test(path))
    expect([garbage.kept_files, kept.length]).toEqual([4, 4])
    await run.remove()
  })

  it('discards writes that were begun and not finished a day ago, and says so first', async () => {
    const lake = await copyOf(folder, grown)
    const folderOf = join(lake.root, 'silver/market_events/contract_version=v1/metadata')
    const left = await writeTemp(folderOf, Buffer.from('half of it'))
    expect(await gc(lake, true, 0)).toMatchObject({ outcome: 'nothing', unfinished: { writes: 0, bytes: 0 } })
    const at = systemDeps.clock.now() / 1000 - 90_000
    await utimes(left, at, at)
    expect((await findings(lake)).detail).toBe('1 files that nothing names, 10 bytes: left by runs that died')
    const unfinished = { writes: 1, bytes: 10 }
    expect(await gc(lake, false)).toMatchObject({ outcome: 'planned', files: 0, unfinished })
    expect(existsSync(left)).toBe(true)
    expect(await gc(lake, true)).toMatchObject({ outcome: 'deleted', files: 0, unfinished })
    expect(existsSync(left)).toBe(false)
    expect(await gc(lake, true)).toMatchObject({ outcome: 'nothing', unfinished: { writes: 0 } })
  })

  it('collects all else where unfinished writes may not be listed, and says that it did not look', async () => {
    const lake = await copyOf(folder, grown)
    const opened = await openMetadata(lake.project, systemDeps)
    const denied = new SluiceError('SLUICE_STORE_DENIED', 'denied')
    const store = { ...opened.store, unfinished: () => Promise.reject(denied) }
    const garbage = await collectIn({ ...opened, store }, { olderThanMs: DAY, yes: true })
    expect(garbage).toMatchObject({ outcome: 'nothing', unfinished: null })
  })

  it('deletes nothing when it cannot read all that may name files', async () => {
    const lake = await copyOf(folder, grown)
    await expireAll(lake, { keep: 1 })
    await age(lake, 2)
    const hint = Object.keys(await lake.files('quarantine')).find(path => path.endsWith('v8.metadata.json'))
    const list = Object.keys(await lake.files('quarantine')).filter(path => /snap-.*avro$/.test(path))
    expect(hint).toBeDefined()
    for (const path of list) await rm(join(lake.root, path))
    const files = await lake.files()
    expect((await errorOf(gc(lake, true))).code).toBe('SLUICE_DATA_FILE_MISSING')
    expect(await lake.files()).toEqual(files)
  })
})
