import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listRows } from '../../../src/pipeline/ledger/list-runs.js'
import { serve } from '../../sources/http/loopback.js'
import { errorOf, type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { mountDisk } from '../../support/mounted-disk.js'
import { answerRates } from '../fetch/two-faced.js'
import { dailyPipe, days, fill, pastLake, storedRecord } from './past-project.js'

const disk = mountDisk(20_000_000)
if (disk === undefined) console.warn('NOT TESTED: a backfill onto a full disk, because none could be mounted')
let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(async () => {
  await folder.remove()
  disk?.unmount()
})

describe.runIf(disk !== undefined)('a disk', () => {
  it('that fills up keeps the answers that had come: they are published and not asked for again', async () => {
    const ballast = join(disk!.path, 'ballast')
    const asked: string[] = []
    let fills = true
    const server = await serve(async (request, response) => {
      if (fills && request.url!.includes('2026-01-24')) {
        // What came before is packed and written beside the asking.
        await vi.waitFor(() => expect(spooledBytes(join(disk!.path, 'kept'))).toBeGreaterThan(0), { timeout: 30_000 })
        spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=16k'])
      }
      asked.push(/20\d\d-\d\d-\d\d/.exec(request.url!)![0])
      answerRates(request, response)
    })
    const pipe = dailyPipe('kept', server.url)
    const limits = { perSecond: 100, burst: 100, concurrency: 1 }
    const made = pastLake(folder, [{ ...pipe, http: { ...pipe.http!, limits } }])
    const lake = made.with({ models: [], config: { ...made.project.config, lake: join(disk!.path, 'kept') } })
    expect((await errorOf(fill(lake, days(10, 5)))).code).toBe('SLUICE_STORE_FULL')
    const [first] = asked
    const before = asked.length
    fills = false
    rmSync(ballast)
    const { rows } = await listRows(lake.project, { limit: 10 })
    expect(rows.map(({ status }) => status)).not.toContain('died')
    const done = await fill(lake, days(10, 5))
    expect([done.status, done.intervals.map(({ rows: own }) => own)]).toEqual(['complete', [6]])
    expect(before).toBeGreaterThan(1)
    expect(asked.slice(before)).not.toContain(first)
    expect(new Set(asked).size).toBe(6)
  })

  it('that fills up in the middle ends a backfill with its code, and the same command goes on when there is room', async () => {
    const ballast = join(disk!.path, 'ballast')
    let fills = true
    const server = await serve((request, response) => {
      if (fills && request.url!.includes('2026-01-22')) spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=16k'])
      answerRates(request, response)
    })
    const pipe = dailyPipe('rate', server.url)
    const limits = { perSecond: 1, burst: 100, concurrency: 1 }
    const made = pastLake(folder, [{ ...pipe, http: { ...pipe.http!, limits } }])
    const { config } = made.project
    // Two days are a run.
    const fetch = { ...config.fetch, deadlineMs: 3_000 }
    const lake = made.with({ models: [], config: { ...config, fetch, lake: join(disk!.path, 'lake') } })

    const error = await errorOf(fill(lake, days(10, 5)))
    expect(error.code).toBe('SLUICE_STORE_FULL')
    fills = false
    rmSync(ballast)
    const before = await storedRecord(lake, days(10, 5))
    expect(before.intervals[0]).toMatchObject({ state: 'done', rows: 2 })
    const done = await fill(lake, days(10, 5))
    expect([done.status, done.intervals.map(({ rows }) => rows)]).toEqual(['complete', [2, 2, 2]])
    expect(await lake.rows('SELECT count(*)::INT AS rows FROM silver.fx_rates')).toEqual([{ rows: 6 }])

    disk!.remountReadOnly()
    expect((await errorOf(fill(lake, days(20, 15)))).code).toBe('SLUICE_STORE_READ_ONLY')
    expect((await fill(lake, days(20, 15), { dryRun: true })).estimate.requests).toBe(6)
    expect(await lake.rows('SELECT count(*)::INT AS rows FROM silver.fx_rates')).toEqual([{ rows: 6 }])
  })
})

/** Of answers that a run of the lake has written down and not yet moved into it. */
function spooledBytes(lake: string): number {
  const names = readdirSync(lake, { recursive: true }).map(String)
  return names
    .filter(name => /\.tmp-run-.*\/segment-/.test(name))
    .reduce((sum, name) => sum + statSync(join(lake, name)).size, 0)
}
