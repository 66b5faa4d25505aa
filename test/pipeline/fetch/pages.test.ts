import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isoTime } from '../../../src/core/clock.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import { run } from '../../../src/pipeline/run.js'
import type { HttpBlock } from '../../../src/sources/generic/http-block.js'
import type { Paging } from '../../../src/sources/source.js'
import { jumpClock } from '../../sources/http/jump-clock.js'
import { serve } from '../../sources/http/loopback.js'
import { type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { DAY, NOW } from './nbp-server.js'
import { answerRates, capturesIn, DAYS, jumpDeps, lakeWith, ratePipe, ratesFor, says, sendJson } from './two-faced.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const SIZE = 5

interface Page {
  readonly rows: readonly object[]
  readonly page: number
  readonly isLast: boolean
}

/** A server that gives the days of an address in pages of five. */
function paged(
  param: string,
  body: (page: Page) => unknown,
  headers: (page: Page) => Record<string, string> = () => ({}),
) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const page = Number(new URL(request.url!, 'http://a').searchParams.get(param) ?? 1)
    const all = ratesFor(request.url!)
    const rows = all.slice((page - 1) * SIZE, page * SIZE)
    const given = { rows, page, isLast: page * SIZE >= all.length }
    sendJson(response, body(given), headers(given))
  }
}

/** Two runs of one pipe, a moment apart. */
async function twice(answer: Parameters<typeof serve>[0], parts: Partial<HttpBlock>, later?: Partial<HttpBlock>) {
  const server = await serve(answer)
  const lake = lakeWith(folder, [ratePipe('paged', server.url, parts)])
  const clock = jumpClock(NOW)
  const first = await run(lake.project, PLAIN_RUN, jumpDeps(clock))
  const asked = server.asked.length
  clock.advance(60_000)
  const project = { ...lake.project, pipes: [ratePipe('paged', server.url, later ?? parts)] }
  const second = await run(project, PLAIN_RUN, jumpDeps(clock))
  return {
    captures: await capturesIn(lake),
    first: { rows: first.pipes.reduce((sum, pipe) => sum + pipe.accepted, 0), source: first.sources![0]! },
    second: { intervals: second.sources![0]!.intervals, source: second.sources![0]! },
    asked,
  }
}

const BY_CURSOR: Paging = { by: 'cursor', param: 'page', path: '$.next', maxPages: 20 }
const IN_DATA = { records: '$.data', paging: BY_CURSOR }
/** Where the history of the pipe begins. */
const WHOLE = isoTime(NOW - 30 * DAY).slice(0, 10)

describe('the last page', () => {
  it.each<[string, Paging, (page: Page) => unknown]>([
    ['an empty page', { by: 'page', param: 'page', start: 1, maxPages: 20 }, ({ rows }) => ({ data: rows })],
    [
      'null for a list',
      { by: 'page', param: 'page', start: 1, maxPages: 20 },
      ({ rows }) => ({ data: rows.length ? rows : null }),
    ],
    ['no cursor', BY_CURSOR, ({ rows, page, isLast }) => ({ data: rows, next: isLast ? null : page + 1 })],
    [
      'an empty page that names itself',
      BY_CURSOR,
      ({ rows, page }) => ({ data: rows, next: rows.length ? page + 1 : page }),
    ],
  ])('is %s: all is fetched, once', async (_, paging, body) => {
    const { first, second, captures } = await twice(paged('page', body), { records: '$.data', paging })
    expect(first.source).toMatchObject({ state: 'answered' })
    expect(first.rows).toBe(DAYS)
    expect(captures.every(({ classification }) => ['data', 'empty'].includes(classification))).toBe(true)
    expect(second.intervals.join()).not.toContain(WHOLE)
  })
})

describe('pages that end too early', () => {
  it.each<[string, Partial<HttpBlock>, (page: Page) => unknown, RegExp]>([
    [
      'more than may be asked for',
      { ...IN_DATA, paging: { ...BY_CURSOR, maxPages: 3 } },
      ({ rows, page }) => ({ data: rows, next: page + 1 }),
      /more pages than the 3/,
    ],
    ['a cursor that is an object', IN_DATA, ({ rows }) => ({ data: rows, next: { page: 2 } }), /no text or number/],
    [
      'a cursor that stays',
      IN_DATA,
      ({ rows, page }) => ({ data: rows, next: Math.min(page + 1, 3) }),
      /asked for already/,
    ],
    ['a circle', IN_DATA, ({ rows, page }) => ({ data: rows, next: (page % 3) + 1 }), /asked for already/],
  ])('are said, and asked for again: %s', async (_, parts, body, why) => {
    const { first, second } = await twice(paged('page', body), parts)
    expect(first.source).toMatchObject({ state: 'failed', meaning: 'truncated', why: expect.stringMatching(why) })
    expect(first.rows).toBeGreaterThanOrEqual(SIZE)
    expect(second.intervals.join()).toContain(WHOLE)
  })

  it('never goes to another host', async () => {
    const other = await serve(answerRates)
    const link = ({ page }: Page) => ({ link: `<${other.url}/x?page=${page + 1}>; rel="next"` })
    const { first } = await twice(
      paged('page', ({ rows }) => rows, link),
      { paging: { by: 'link', maxPages: 20 } },
    )
    expect(first.source).toMatchObject({
      state: 'failed',
      meaning: 'truncated',
      why: expect.stringContaining('another host'),
    })
    expect(other.asked).toEqual([])
  })
})

describe('an answer without records', () => {
  it('is empty where its list is there and has none', async () => {
    const { first, second, captures } = await twice(says(200, '{"data":[]}'), { records: '$.data' })
    expect(first.source.state).toBe('answered')
    expect(captures[0]).toMatchObject({ classification: 'empty', why: 'no record at $.data' })
    expect(second.intervals.join()).not.toContain(WHOLE)
  })

  it.each(['{"data":null}', '{"rows":[]}', 'null', '{}'])('is none where its list is not: %s', async body => {
    const { first, second } = await twice(says(200, body), { records: '$.data' })
    expect(first.source).toMatchObject({ state: 'failed', meaning: 'mismatch' })
    expect(second.intervals.join()).toContain(WHOLE)
  })

  it('is none with 304 that nobody asked for', async () => {
    const { first, second } = await twice(says(304, ''), {})
    expect(first.source).toMatchObject({ state: 'failed', meaning: 'mismatch' })
    expect(second.intervals.join()).toContain(WHOLE)
  })
})

describe('a pipe that asks something else than before', () => {
  it.each<[string, Partial<HttpBlock>]>([
    ['another path', { path: '/other/{start:date}/{end:last-date}' }],
    ['another query', { query: { currency: 'EUR' } }],
    ['another header', { headers: { 'x-unit': 'percent' } }],
  ])('has fetched nothing yet: %s', async (_, later) => {
    const { first, second } = await twice(answerRates, {}, later)
    expect(first.source.state).toBe('answered')
    expect(second.intervals.join()).toContain(WHOLE)
  })

  it('has fetched all when it only reads otherwise', async () => {
    const { second } = await twice(
      answerRates,
      {},
      { columns: { day: '$.day', code: '$.code', rate: '$.rate', more: '$.x' } },
    )
    expect(second.intervals.join()).not.toContain(WHOLE)
  })
})
