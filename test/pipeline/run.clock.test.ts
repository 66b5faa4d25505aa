import { afterAll, beforeAll, expect, it } from 'vitest'
import { verify } from '../../src/pipeline/verify/verify.js'
import { serve } from '../sources/http/loopback.js'
import { NOW, type ProjectFolder, projectFolder } from '../support/lakes.js'
import { ndjson, trades } from '../support/records.js'
import { dailyPipe, pastLake, runAt, TODAY } from './backfill/past-project.js'
import { answerRates } from './fetch/two-faced.js'

const DAY = 86_400_000

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

it('a clock that goes back between two runs loses no row, and leaves nothing that cannot be as it says', async () => {
  const lake = folder.lake({ models: [] })
  const load = async (runId: string, nowMs: number) => {
    const input = [await folder.write(`${runId}.ndjson`, ndjson(trades(3, {}, runId)))]
    return lake.run({ input, contract: 'market_events', runId, nowMs })
  }
  for (const [runId, nowMs] of [
    ['first', NOW],
    ['before', NOW - 2 * DAY],
    ['after', NOW + 1],
  ] as const)
    expect((await load(runId, nowMs)).status).toBe('published')
  const counted = (asOf?: string) => lake.rows('SELECT count(*)::INT AS rows FROM silver.market_events', asOf)
  expect([await counted('first'), await counted('before'), await counted()]).toEqual([3, 6, 9].map(rows => [{ rows }]))
  const { verdict, faults, tables } = await verify(lake.project, {})
  const silver = tables.find(({ table }) => table === 'silver.market_events')
  expect([verdict, silver?.verdict]).toEqual(['ok', expect.stringMatching(/exact|equal_rows/)])
  // Commits are in order of time whatever the clock says.
  expect(faults).toEqual([])
})

it('what was fetched by a later clock is not asked for again when it goes back and on', async () => {
  const server = await serve(answerRates)
  const lake = pastLake(folder, [dailyPipe('rate', server.url, { sinceMs: TODAY - 3 * DAY })]).with({ models: [] })
  const asked = async (nowMs: number) => {
    server.asked.splice(0)
    await runAt(lake, nowMs)
    return server.asked.map(({ url }) => /20\d\d-\d\d-\d\d/.exec(url)![0]).sort()
  }
  const later = TODAY + DAY / 2
  const first = await asked(later)
  expect(first).toHaveLength(4)
  // Of the day that is not over then: it was asked for already, and is over by the other clock.
  const back = await asked(later - 2 * DAY)
  expect(back.filter(day => day < first.at(-2)!)).toEqual([])
  expect((await asked(later)).filter(day => day < first.at(-1)!)).toEqual([])
  expect(
    await lake.rows('SELECT count(*)::INT AS rows, count(DISTINCT event_time)::INT AS days FROM silver.fx_rates'),
  ).toEqual([{ rows: 4, days: 4 }])
})
