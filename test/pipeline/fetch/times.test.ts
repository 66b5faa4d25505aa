import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isoTime } from '../../../src/core/clock.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import { run } from '../../../src/pipeline/run.js'
import { jumpClock } from '../../sources/http/jump-clock.js'
import { serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { refusal } from '../../support/refusal.js'
import { DAY, NOW } from './nbp-server.js'
import { answerRates, jumpDeps, lakeWith, ratePipe, ratesFor, says, sendJson } from './two-faced.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const day = (ms: number) => isoTime(ms).slice(0, 10)

describe('a clock that is ahead', () => {
  it('books nothing as fetched that was not over by the clock of the provider', async () => {
    const server = await serve((request: IncomingMessage, response: ServerResponse) => {
      const made = new Date(NOW - 10 * DAY)
      const rows = (ratesFor(request.url!) as { day: string }[]).filter(row => row.day <= day(made.getTime()))
      sendJson(response, rows, { date: made.toUTCString() })
    })
    const { project } = lakeWith(folder, [ratePipe('ahead', server.url)])
    await run(project, PLAIN_RUN, jumpDeps(jumpClock(NOW)))
    const second = await run(project, PLAIN_RUN, jumpDeps(jumpClock(NOW)))
    expect(second.sources![0]!.intervals[0]!.slice(0, 10)).toBe(day(NOW - 10 * DAY))
  })

  it('is refused when it is named', async () => {
    const server = await serve(answerRates)
    const { project } = lakeWith(folder, [ratePipe('later', server.url)])
    const deps = jumpDeps(jumpClock(NOW))
    const error = await refusal(() => run(project, { ...PLAIN_RUN, nowMs: NOW + 3 * DAY }, deps))
    expect(error).toMatchObject({ code: 'SLUICE_ARGUMENT_INVALID', message: expect.stringContaining('not over yet') })
    expect(server.asked).toEqual([])
    expect((await run(project, { ...PLAIN_RUN, nowMs: NOW - 3 * DAY }, deps)).status).toBe('published')
  })
})

it('asks for an interval that is named, also before the history that the pipe keeps up', async () => {
  const server = await serve(answerRates)
  const { project } = lakeWith(folder, [ratePipe('early', server.url)])
  const interval = { startMs: NOW - 900 * DAY, endMs: NOW - 890 * DAY }
  const { sources } = await run(project, { ...PLAIN_RUN, interval }, jumpDeps(jumpClock(NOW)))
  expect(sources![0]!.intervals.join()).toContain(day(interval.startMs))
})

it('waits for a day at most, whatever a provider says', async () => {
  const server = await serve(says(429, '', { 'retry-after': '99999999' }))
  const { project } = lakeWith(folder, [ratePipe('parked', server.url)])
  const { sources } = await run(project, PLAIN_RUN, jumpDeps(jumpClock(NOW)))
  const againMs = Date.parse(sources![0]!.again_at!)
  expect(againMs - NOW).toBeGreaterThan(23 * 3_600_000)
  expect(againMs - NOW).toBeLessThan(25 * 3_600_000)
})
