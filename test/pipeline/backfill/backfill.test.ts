import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BackfillRecord, backfillRecord } from '../../../src/pipeline/backfill/backfill-record.js'
import type { BackfillProgress } from '../../../src/pipeline/backfill/progress.js'
import { parsePipes } from '../../../src/pipeline/pipes/load-pipes.js'
import type { PipeDeclaration } from '../../../src/pipeline/pipes/pipe-declaration.js'
import { listRuns } from '../../../src/pipeline/record/runs.js'
import { serve } from '../../sources/http/loopback.js'
import { errorOf, type ProjectFolder, projectFolder } from '../../support/lakes.js'
import { answerAsNbp, NOW, nbpPipe } from '../fetch/nbp-server.js'
import { answerRates, lakeWith, sendJson } from '../fetch/two-faced.js'
import { DAY, dailyPipe, days, depsAt, entryOf, fill, pastLake, runAt, storedRecord, TODAY } from './past-project.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

describe('a backfill', () => {
  it('asks for what is missing in as few requests as the provider takes, and the second time for nothing', async () => {
    const server = await serve(answerAsNbp)
    const lake = lakeWith(folder, [nbpPipe('nbp-a', { universe: 'open', sinceMs: TODAY - 5 * DAY })], {
      providers: { nbp: server },
    }).with({ models: [] })
    // What a run has fetched of it: five days and today.
    await runAt(lake, NOW)
    server.asked.splice(0)
    const done = await fill(lake, days(199, 0))
    const asked = server.asked.map(({ url }) => /\/A\/([\d-]+)\/([\d-]+)\?/.exec(url)!.slice(1, 3))
    // 200 days less the five that are there and the one that is not over: 93 + 93 + 8.
    expect(asked.sort()).toEqual([
      ['2025-07-15', '2025-10-15'],
      ['2025-10-16', '2026-01-16'],
      ['2026-01-17', '2026-01-24'],
    ])
    expect([done.status, done.intervals.map(({ state }) => state), done.intervals[0]!.requests]).toEqual([
      'complete',
      ['done'],
      3,
    ])
    const [counted] = await lake.rows(
      'SELECT count(*) AS rows, count(DISTINCT event_time) AS days FROM silver.fx_rates',
    )
    expect([Number(counted!['rows']), counted!['rows']]).toEqual([done.intervals[0]!.rows + 5, counted!['days']])

    const record = await storedRecord(lake, days(199, 0))
    expect(record).toEqual(backfillRecord.parse(done))
    server.asked.splice(0)
    expect(await fill(lake, days(199, 0))).toEqual(record)
    expect(server.asked).toEqual([])
  })

  it('is cut into runs that have names of their own, and its gold is derived once', async () => {
    const server = await serve(answerRates)
    const pipes = Array.from({ length: 3 }, (_, at) => dailyPipe(`rate-${at}`, server.url))
    const lake = pastLake(folder, pipes)
    // At this rate a run may send 7 requests in its time: two days of three pipes.
    const slow = lake.with({
      pipes: pipes.map(pipe => ({
        ...pipe,
        http: { ...pipe.http!, limits: { perSecond: 1, burst: 100, concurrency: 4 } },
      })),
      config: { ...lake.project.config, fetch: { ...lake.project.config.fetch, deadlineMs: 10_000 } },
    })
    const done = await fill(slow, days(10, 6))
    expect(done.intervals.map(({ interval, state, rows }) => [interval.slice(0, 10), state, rows])).toEqual([
      ['2026-01-20', 'done', 6],
      ['2026-01-22', 'done', 6],
      ['2026-01-24', 'done', 3],
    ])
    const runs = await listRuns(slow.project)
    expect(runs.map(({ run_id }) => run_id).sort()).toEqual(
      [...done.intervals.flatMap(({ run_ids }) => run_ids), done.gold.run_id].sort(),
    )
    const derived = runs.filter(({ tables }) => tables.some(({ table }) => table === 'gold.fx_daily'))
    expect(derived.map(({ run_id }) => run_id)).toEqual([done.gold.run_id])
    expect(runs.map(({ backfill }) => backfill?.name).filter(name => name !== undefined)).toEqual(
      Array(3).fill(done.backfill),
    )
  })

  it('says in a dry run what it would take, and writes nothing', async () => {
    const server = await serve(answerRates)
    const lake = pastLake(folder, [dailyPipe('rate', server.url)])
    const planned = await fill(lake, days(9, 0), { dryRun: true })
    // Today is not over: no answer could settle it.
    expect([planned.status, planned.estimate.requests, planned.estimate.rows]).toEqual(['planned', 9, null])
    expect(await lake.files()).toEqual({})
    await fill(lake, days(20, 16))
    const known = await fill(lake, days(9, 0), { dryRun: true })
    expect(known.estimate.rows).toBe(9)
    expect([planned.estimate.cost?.basis, known.estimate.cost?.basis]).toEqual(['defaults', 'history'])
    expect(server.asked).toHaveLength(5)
  })

  it('says in a dry run how large a sample is, and how long it takes to make', async () => {
    const pipes = folder.project.pipes.filter(({ source }) => source.startsWith('sample.'))
    const march = { startMs: Date.UTC(2025, 2, 1), endMs: Date.UTC(2025, 3, 1) }
    const { estimate } = await fill(folder.lake().with({ pipes }), march, { dryRun: true })
    // 31 days, of which 21 are no weekend: three instruments all day, two from Monday to Friday, two for 8.5 hours, one for 6.5.
    const events = (31 * 3 * 24 + 21 * (2 * 24 + 2 * 8.5 + 6.5)) * 20
    const bars = 31 * 3 + 21 * 5
    expect(estimate.requests).toBe(0)
    expect(Math.abs(estimate.rows! / (events + bars) - 1)).toBeLessThan(0.05)
    expect([estimate.seconds > 10, estimate.bytes! > 10_000_000, estimate.cost?.once]).toEqual([
      true,
      true,
      expect.stringMatching(/^0\.0*[1-9]/),
    ])
  })

  it('that was stopped has published what was fetched, and goes on where it was', async () => {
    const stop = new AbortController()
    const server = await serve((request, response) => {
      if (server.asked.length === 4) stop.abort()
      answerRates(request, response)
    })
    const pipe = dailyPipe('rate', server.url)
    const lake = pastLake(folder, [{ ...pipe, http: { ...pipe.http!, limits: { perSecond: 1000, concurrency: 1 } } }])
    const ended: BackfillProgress[] = []
    const onProgress = (progress: BackfillProgress) => void (progress.ended && ended.push(progress))
    const first = await fill(lake, days(10, 1), { signal: stop.signal, onProgress })
    expect(first.status).toBe('interrupted')
    const [part] = first.intervals
    expect(ended.map(({ done, total }) => [done, total])).toEqual([[part!.requests, 10]])
    expect(part!.open).toEqual([{ pipe: 'rate', why: 'it was interrupted' }])
    expect([part!.state, part!.rows > 0, part!.rows < 10, part!.open!.length]).toEqual(['partial', true, true, 1])
    const asked = server.asked.map(({ url }) => url)
    const second = await fill(lake, days(10, 1), { resume: true })
    const again = server.asked.slice(asked.length).map(({ url }) => url)
    expect(again.filter(url => asked.slice(0, part!.rows).includes(url))).toEqual([])
    expect(second.intervals).toEqual(
      [
        {
          ...part,
          state: 'done',
          attempts: 2,
          rows: 10,
          open: undefined,
          run_ids: [part!.run_ids[0], `${part!.run_ids[0]}.2`],
          requests: expect.any(Number),
        },
      ].map(({ open: _, ...rest }) => rest),
    )
    expect([second.status, second.started_at]).toEqual(['complete', first.started_at])
    expect(await lake.rows('SELECT count(*)::INT AS rows FROM silver.fx_rates')).toEqual([{ rows: 10 }])
  })

  it('leaves a part open while another backfill has its pipe', async () => {
    let inner: Promise<BackfillRecord> | undefined
    const server = await serve((request, response) => {
      inner ??= fill(lake, days(19, 18))
      void inner.finally(() => answerRates(request, response))
    })
    const lake = pastLake(folder, [dailyPipe('rate', server.url)])
    expect((await fill(lake, days(9, 8))).status).toBe('complete')
    const other = (await inner)!
    expect([other.status, other.intervals.map(({ state, open }) => [state, open?.[0]?.why])]).toEqual([
      'partial',
      [['partial', expect.stringContaining('has this pipe now')]],
    ])
    expect((await fill(lake, days(19, 18))).status).toBe('complete')
  })
})

describe('what a lake knows of the present', () => {
  it('stays as it is: when a pipe was asked, how it failed, its breaker, and what waits', async () => {
    let wrong = false
    const server = await serve((request, response) => {
      if (wrong) response.writeHead(500).end('down')
      else answerRates(request, response)
    })
    const lake = pastLake(folder, [dailyPipe('rate', server.url, { sinceMs: TODAY - 3 * DAY })])
    await runAt(lake, NOW - DAY)
    wrong = true
    await runAt(lake, NOW)
    const before = await entryOf(lake)
    expect(before!.failure).toBeDefined()
    wrong = false
    const done = await fill(lake, days(30, 21))
    // What a run has read stays noted until the next run that has the pipe sees its record.
    const { fetched, published, unrecorded: _unrecorded, ...after } = (await entryOf(lake))!
    const { fetched: _fetched, published: _published, ...known } = before!
    expect([done.status, after]).toEqual(['complete', known])
    expect([fetched!.length, published!.length]).toEqual([2, 2])
  })

  it('is not held back because the past is wrong', async () => {
    const server = await serve((request, response) => {
      const past = request.url!.includes('2025-12')
      sendJson(response, [{ day: request.url!.split('/')[2], code: 'USD', rate: past ? 'n/a' : '3.5' }])
    })
    const lake = pastLake(folder, [dailyPipe('rate', server.url, { sinceMs: TODAY - 2 * DAY })])
    // Somebody is told of what happens.
    const events = { source: 'urn:test', deadlineMs: 5_000, attempts: 1, command: [process.execPath, '-e', ''] }
    const told = lake.with({ config: { ...lake.project.config, events } })
    const held = await fill(told, days(60, 31))
    expect(await told.files('_state/dataset_freshness')).toEqual({})
    expect([held.status, held.intervals[0]!.open![0]!.pipe]).toEqual(['held', 'rate'])
    const { status } = await runAt(lake, NOW)
    expect(status).toBe('published')
  })

  it('is left to the present: a breaker that is open holds the past too, and no probe is spent', async () => {
    let wrong = true
    const server = await serve((request, response) =>
      sendJson(response, [{ day: request.url!.split('/')[2], code: 'USD', rate: wrong ? 'n/a' : '3.5' }]),
    )
    const lake = pastLake(folder, [dailyPipe('rate', server.url, { sinceMs: TODAY - 9 * DAY })])
    expect((await runAt(lake, NOW)).status).toBe('held')
    wrong = false
    const breakers = await lake.files('_state/data_breakers')
    // Long after the cool-down.
    const done = await fill(lake, days(60, 51), {}, depsAt(NOW + 30 * DAY))
    expect([done.status, done.intervals[0]!.open![0]!.why]).toEqual(['held', expect.stringContaining('breaker')])
    expect(await lake.files('_state/data_breakers')).toEqual(breakers)
  })
})

describe('what cannot be backfilled is refused by name', () => {
  it.each([
    [
      'an end before its start',
      { startMs: TODAY - DAY, endMs: TODAY - 2 * DAY },
      'SLUICE_ARGUMENT_INVALID',
      /begin at/,
    ],
    ['the future', { startMs: TODAY, endMs: TODAY + 2 * DAY }, 'SLUICE_ARGUMENT_INVALID', /nobody knows the future/],
    ['a part of a second', { startMs: TODAY - DAY, endMs: TODAY - 1 }, 'SLUICE_ARGUMENT_INVALID', /whole second/],
  ] as const)('%s', async (_, interval, code, message) => {
    const lake = pastLake(folder, [dailyPipe('rate', 'http://127.0.0.1:1')])
    expect(await errorOf(fill(lake, interval))).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(await lake.files()).toEqual({})
  })

  it.each([
    ['knows only the present', { http: { interval: undefined } }, /knows only the present/],
    ['has no session then', { calendar: 'XWAR' }, /XWAR has no session/],
  ])('a pipe that %s', async (_, parts, message) => {
    const pipe = dailyPipe('rate', 'http://127.0.0.1:1')
    const { http, ...rest } = parts as { http?: object }
    const made = { ...pipe, ...rest, http: { ...pipe.http!, ...http } } as typeof pipe
    // A Saturday and a Sunday.
    const fault = await errorOf(fill(pastLake(folder, [made]), days(6, 5)))
    expect(fault).toMatchObject({ code: 'SLUICE_BACKFILL_NOTHING', message: expect.stringMatching(message) })
  })

  it('a source that does not reach so far back, and what of it lies too far', async () => {
    const server = await serve((_, response) => sendJson(response, { prices: [] }))
    const chart = nbpPipe('chart', {
      source: 'coingecko.market_chart',
      contract: 'market_events',
      params: { coin: 'bitcoin', vs: 'usd' },
    })
    const lake = lakeWith(folder, [chart], { providers: { coingecko: server } })
    const fault = await errorOf(fill(lake, days(900, 890)))
    expect([fault.code, fault.message]).toEqual(['SLUICE_BACKFILL_NOTHING', expect.stringContaining('the last')])
    const planned = await fill(lake, days(900, 1), { dryRun: true })
    expect(planned.skipped).toEqual([
      { pipe: 'chart', interval: expect.stringMatching(/^2023-08-14/), why: expect.any(String) },
    ])
  })

  it('a provider that has a first day, before which nobody asks it', async () => {
    const server = await serve((request, response) => {
      if (/\/(19|2000|2001)/.test(request.url!)) response.writeHead(400).end('400 BadRequest')
      else answerAsNbp(request, response)
    })
    const lake = lakeWith(folder, [nbpPipe('nbp-a', { universe: 'open' })], { providers: { nbp: server } })
    const own = lake.with({ models: [] })
    const quarter = { startMs: Date.UTC(1990, 2, 1), endMs: Date.UTC(1990, 5, 1) }
    const fault = await errorOf(fill(own, quarter, { dryRun: true }))
    expect([fault.code, fault.message]).toEqual([
      'SLUICE_BACKFILL_NOTHING',
      expect.stringContaining('does not reach further back than 2002-01-02'),
    ])
    const done = await fill(own, { startMs: Date.UTC(2001, 11, 20), endMs: Date.UTC(2002, 0, 8) })
    expect([done.status, done.skipped.map(({ interval }) => interval)]).toEqual([
      'complete',
      ['2001-12-20T00:00:00.000Z/2002-01-02T00:00:00.000Z'],
    ])
    expect(server.asked.map(({ url }) => url.split('?')[0])).toEqual(['/exchangerates/tables/A/2002-01-02/2002-01-07'])
  })

  it('what a pipe asks for has a first day that its provider does not say: before it nobody asks', async () => {
    const server = await serve(answerRates)
    const text = 'pipes: [{ name: young, source: stooq.daily, params: { symbol: pkn }, first_day: 2026-01-24 }]'
    const { firstDay } = parsePipes(text, 'pipes/young.yaml')[0]!
    const lake = pastLake(folder, [{ ...dailyPipe('young', server.url), ...(firstDay && { firstDay }) }])
    const why = 'it says that its provider has nothing before 2026-01-24: `first_day`'
    const fault = await errorOf(fill(lake, days(30, 20)))
    expect([fault.code, fault.message]).toEqual(['SLUICE_BACKFILL_NOTHING', expect.stringContaining(`young: ${why}`)])
    const done = await fill(lake.with({ models: [] }), days(10, 5))
    const part = '2026-01-20T00:00:00.000Z/2026-01-24T00:00:00.000Z'
    expect([done.status, done.skipped]).toEqual(['complete', [{ pipe: 'young', interval: part, why }]])
    const asked = server.asked.map(({ url }) => /20\d\d-\d\d-\d\d/.exec(url)![0])
    expect(asked.sort()[0]).toBe('2026-01-24')
    expect(asked).toHaveLength(2)
  })

  it('a time before Binance was there, or before any day of FRED', async () => {
    const pipe = (source: string, contract: string, params: PipeDeclaration['params']): PipeDeclaration => {
      const { http: _, ...plain } = dailyPipe('old', 'http://127.0.0.1:1')
      return { ...plain, source, contract, params }
    }
    const btc = pipe('binance.klines_1d', 'bars', { symbol: 'BTCUSDT', quote: 'USDT' })
    const gdp = pipe('fred.observations', 'macro_observations', { series: 'GDPC1' })
    const cases = [
      [btc, '2015-01-01', '2015-06-01', '2017-07-14'],
      [gdp, '1700-01-01', '1750-01-01', '1776-07-05'],
    ] as const
    for (const [own, from, to, first] of cases) {
      const lake = pastLake(folder, [own]).with({ models: [] })
      const range = { startMs: Date.parse(from), endMs: Date.parse(to) }
      const fault = await errorOf(fill(lake, range, { dryRun: true }))
      const message = expect.stringContaining(`does not reach further back than ${first}`)
      expect([fault.code, fault.message]).toEqual(['SLUICE_BACKFILL_NOTHING', message])
    }
  })

  it('a day that is not over: it is left to the present', async () => {
    const server = await serve(answerRates)
    const lake = pastLake(folder, [dailyPipe('rate', server.url)])
    const why = 'it is not over yet: `sluice run` asks for it'
    const fault = await errorOf(fill(lake, days(0, 0), { dryRun: true }))
    expect([fault.code, fault.message]).toEqual(['SLUICE_BACKFILL_NOTHING', expect.stringContaining(why)])
    const { estimate, skipped } = await fill(lake, days(1, 0), { dryRun: true })
    const today = '2026-01-30T00:00:00.000Z/2026-01-31T00:00:00.000Z'
    expect([estimate.requests, skipped]).toEqual([1, [{ pipe: 'rate', interval: today, why }]])
  })

  it('a sample of long ago', async () => {
    const lake = folder.lake()
    const pipes = folder.project.pipes.filter(({ source }) => source === 'sample.bars')
    const ages = { startMs: Date.parse('0001-01-01'), endMs: Date.parse('1800-01-01') }
    const fault = await errorOf(fill(lake.with({ pipes }), ages, { dryRun: true }))
    expect([fault.code, fault.message]).toEqual([
      'SLUICE_BACKFILL_NOTHING',
      expect.stringContaining('does not reach further back than 2000-01-01'),
    ])
  })

  it('to go on with what never began, or under another project', async () => {
    const server = await serve(answerRates)
    const lake = pastLake(folder, [dailyPipe('rate', server.url)])
    expect((await errorOf(fill(lake, days(9, 8), { resume: true }))).code).toBe('SLUICE_BACKFILL_UNKNOWN')
    await fill(lake, days(9, 8))
    const changed = lake.with({
      pipes: [dailyPipe('rate', server.url, { empty: 'allow' }), dailyPipe('other', server.url)],
    })
    const fault = await errorOf(fill(changed, days(9, 8), { resume: true }))
    expect([fault.code, fault.message]).toEqual([
      'SLUICE_BACKFILL_CHANGED',
      expect.stringMatching(/the pipe rate changed, the pipe other is new/),
    ])
    // Without --resume it plans anew: the new pipe has everything to ask.
    const done = await fill(changed, days(9, 8))
    expect([done.status, server.asked.length]).toEqual(['complete', 4])
  })

  it('to work on it twice at once', async () => {
    let inner: Promise<unknown> | undefined
    const server = await serve((request, response) => {
      inner ??= errorOf(fill(lake, days(9, 8)))
      void inner.then(() => answerRates(request, response))
    })
    const lake = pastLake(folder, [dailyPipe('rate', server.url)])
    expect((await fill(lake, days(9, 8))).status).toBe('complete')
    expect(await inner).toMatchObject({ code: 'SLUICE_BACKFILL_RUNNING' })
  })
})
