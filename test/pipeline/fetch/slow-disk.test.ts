import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemDeps } from '../../../src/pipeline/deps.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { run } from '../../../src/pipeline/run.js'
import { verify } from '../../../src/pipeline/verify/verify.js'
import { type Operation, plantFaults } from '../../crash/fault-fs.js'
import { serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { answerAsNbp, lakeOn, NOW, nbpPipe } from './nbp-server.js'

const RATES = 'SELECT COLUMNS(name -> NOT starts_with(name, $$_$$)) FROM silver.fx_rates ORDER BY ALL'
const HOUR_MS = 3_600_000

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

interface Standing {
  readonly late: 'before' | 'after'
  /** A part of the path of what stands, and of what was changed before. */
  readonly at: string
  readonly once?: string
}

/** A run during which one change stands still; `meanwhile` comes and goes before it is let go. */
async function runSlowly(
  lake: TestLake,
  { late, at, once = '' }: Standing,
  meanwhile: (clock: { nowMs: number }) => Promise<void>,
): Promise<RunRecord> {
  const time = { nowMs: NOW }
  const deps = { ...systemDeps, clock: { now: () => time.nowMs, monotonicMs: systemDeps.clock.monotonicMs } }
  let [stood, isNext] = [false, false]
  const takeAway = await plantFaults(lake.root, ({ path, changes }: Operation) => {
    if (changes && path.includes(once)) isNext = true
    if (stood || !changes || !isNext || !path.includes(at)) return undefined
    stood = true
    return { late, pass: () => meanwhile(time) }
  })
  const record = await run(lake.project, { ...PLAIN_RUN, runId: 'slow' }, deps).finally(takeAway)
  expect(stood).toBe(true)
  return record
}

/** Another run, three hours later: the lease of the slow one has run out. */
async function runLater(lake: TestLake, time: { nowMs: number }): Promise<RunRecord> {
  time.nowMs = NOW + 3 * HOUR_MS
  const clock = { now: () => time.nowMs, monotonicMs: systemDeps.clock.monotonicMs }
  return run(lake.project, { ...PLAIN_RUN, runId: 'quick' }, { ...systemDeps, clock })
}

describe('a lease that runs out because the disk is slow', () => {
  it.each<[string, Standing]>([
    ['before its captures are kept', { late: 'before', at: 'bronze/captures/' }],
    ['after its captures are kept', { late: 'after', at: 'bronze/captures/' }],
    ['before it names its tables', { late: 'before', at: '_state/tables/' }],
    ['before it notes what is published', { late: 'before', at: '_state/pipes_nbp/', once: '/silver/fx_rates' }],
    ['after it notes what is published', { late: 'after', at: '_state/pipes_nbp/', once: '/silver/fx_rates' }],
  ])('lets another run publish the same, and neither is lost: the slow one stood %s', async (_, where) => {
    const server = await serve((request, response) => answerAsNbp(request, response))
    const undisturbed = lakeOn(folder, server, [nbpPipe('nbp-a')])
    await undisturbed.run({ nowMs: NOW })
    const lake = lakeOn(folder, server, [nbpPipe('nbp-a')])
    let quick: RunRecord | undefined
    const slow = await runSlowly(lake, where, async time => {
      quick = await runLater(lake, time)
    })
    expect([quick!.status, slow.status]).toEqual(['published', 'published'])
    expect(slow.sources).toMatchObject([{ state: 'answered', lease_lost_at: expect.stringMatching(/^2026-01-30T14/) }])
    expect(quick!.sources?.[0]).not.toHaveProperty('lease_lost_at')
    expect(await lake.text(RATES)).toBe(await undisturbed.text(RATES))
    expect((await verify(lake.project, {})).verdict).toBe('ok')
    // Nobody has the pipe any more, and only the day that was not over is asked for again.
    expect((await lake.run({ nowMs: NOW + 3 * HOUR_MS })).sources).toMatchObject([{ state: 'answered', requests: 1 }])
  })

  it('is not told of where nobody took the pipe', async () => {
    const lake = lakeOn(folder, await serve((request, response) => answerAsNbp(request, response)), [nbpPipe('nbp-a')])
    const slow = await runSlowly(lake, { late: 'before', at: '_state/tables/' }, async time => {
      time.nowMs = NOW + 3 * HOUR_MS
    })
    expect(slow.status).toBe('published')
    expect(slow.sources?.[0]).not.toHaveProperty('lease_lost_at')
  })
})
