import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readState } from '../../../src/lake/state.js'
import { PLAIN_RUN } from '../../../src/pipeline/open-lake.js'
import type { PipeDeclaration } from '../../../src/pipeline/pipes/pipe-declaration.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { run } from '../../../src/pipeline/run.js'
import { providerName } from '../../../src/sources/generic/http-source.js'
import type { BreakerBook } from '../../../src/sources/http/breaker.js'
import type { QuotaBook } from '../../../src/sources/http/quota-ledger.js'
import type { Limits } from '../../../src/sources/source.js'
import { localStore } from '../../../src/storage/local-store.js'
import { jumpClock } from '../../sources/http/jump-clock.js'
import { serve } from '../../sources/http/loopback.js'
import { childArgs } from '../../support/child-program.js'
import { type ProjectFolder, projectFolder, type TestLake } from '../../support/lakes.js'
import { NOW } from './nbp-server.js'
import { answerRates, jumpDeps, lakeWith, ratePipe } from './two-faced.js'

let folder: ProjectFolder
beforeAll(async () => {
  folder = await projectFolder()
})
afterAll(() => folder.remove())

const CHILD = fileURLToPath(new URL('run-child.ts', import.meta.url))

/** Runs some pipes of a lake in a process of their own; its exit code. */
async function runInChild({ project: { config } }: TestLake, pipes: readonly PipeDeclaration[]): Promise<number> {
  const work = JSON.stringify({ folder: folder.folder, config, pipes, nowMs: NOW })
  const args = [...childArgs(CHILD), work]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  return code
}

/** Pipes of one provider. */
function pipesOn(url: string, names: readonly string[], limits: Partial<Limits> = {}): PipeDeclaration[] {
  return names.map(name => ratePipe(name, url, { limits: { perSecond: 1000, burst: 100, concurrency: 8, ...limits } }))
}

const named = (letter: string, count: number): string[] => [...Array(count).keys()].map(n => `${letter}${n}`)

async function stateOf<T>({ root }: TestLake, name: string): Promise<T> {
  return (await readState(localStore(root), name))?.value as T
}

const requestsOf = (records: readonly RunRecord[]): number =>
  records.flatMap(({ sources }) => sources!).reduce((sum, { requests }) => sum + requests, 0)

describe('two runs at once over one provider', () => {
  it('spend the credits of a month together, in processes of their own', async () => {
    // Nobody is answered before both have asked, so that they run side by side whatever time a process takes to start.
    const held: (() => void)[] = []
    const server = await serve((request, response) => {
      held.push(() => answerRates(request, response))
      if (server.asked.length >= 10) for (const answer of held.splice(0)) answer()
    })
    const [ours, theirs] = ['a', 'b'].map(letter => pipesOn(server.url, named(letter, 8), { perMonth: 10 }))
    const lake = lakeWith(folder, ours!, { fetch: { timeoutMs: 50_000 } })
    const [, code] = await Promise.all([lake.run({ nowMs: NOW }), runInChild(lake, theirs!)])
    expect(code).toBe(0)
    expect(server.asked).toHaveLength(10)
    const quota = await stateOf<QuotaBook>(lake, 'quota')
    expect(quota[providerName(server.url)]).toMatchObject({ used: 10 })
    expect(await lake.rows(`SELECT count(DISTINCT source)::INTEGER AS n FROM silver.fx_rates`)).toEqual([{ n: 10 }])
  }, 60_000)

  it('keep its rate together', async () => {
    const server = await serve(answerRates)
    const limits = { perSecond: 1, burst: 1, concurrency: 1 }
    const pipes = pipesOn(server.url, [...named('a', 4), ...named('b', 4)], limits)
    const lake = lakeWith(folder, pipes)
    const deps = jumpDeps(jumpClock(NOW))
    const records = await Promise.all(
      ['a*', 'b*'].map(term => run(lake.project, { ...PLAIN_RUN, select: [term] }, deps)),
    )
    expect(requestsOf(records)).toBe(8)
    const { tatMs } = (await stateOf<QuotaBook>(lake, 'quota'))[providerName(server.url)]!
    expect(tatMs).toBeGreaterThanOrEqual(NOW + 8_000)
  })
})

describe('a pause that a provider asks for', () => {
  it('is kept by the next run, by pipes that were never asked too', async () => {
    let limited = true
    const server = await serve((request, response) =>
      limited ? response.writeHead(429, { 'retry-after': '600' }).end() : answerRates(request, response),
    )
    const all = pipesOn(server.url, ['first', 'second', 'new'], { concurrency: 1 })
    const lake = lakeWith(folder, all.slice(0, 2), { fetch: { deadlineMs: 60_000 } })
    const clock = jumpClock(NOW)
    const deps = jumpDeps(clock)
    const again_at = expect.stringMatching(/^2026-01-30T13:10:00/)
    const once = await run(lake.project, PLAIN_RUN, deps)
    expect(once.sources).toMatchObject([
      { state: 'failed', meaning: 'rate_limited', requests: 1, again_at },
      { state: 'not finished', requests: 0, again_at },
    ])
    limited = false
    const grown = lake.with({ pipes: all })
    const next = await run(grown.project, PLAIN_RUN, deps)
    expect(next.sources).toMatchObject([
      { state: 'waiting after a failure', requests: 0, again_at },
      { state: 'waiting after a failure', requests: 0, again_at },
      { state: 'not finished', requests: 0, again_at },
    ])
    expect(server.asked).toHaveLength(1)
    clock.advance(600_000)
    const later = await run(grown.project, PLAIN_RUN, deps)
    expect(later.sources!.map(({ state }) => state)).toEqual(['answered', 'answered', 'answered'])
  })
})

describe('a provider that is down', () => {
  it('is left alone after five failures, and found again by one probe for all pipes and runs', async () => {
    let down = true
    const server = await serve((request, response) =>
      down ? response.writeHead(503).end() : answerRates(request, response),
    )
    const good = await serve(answerRates)
    const pipes = [
      ...pipesOn(server.url, [...named('a', 4), ...named('b', 4)], { concurrency: 1 }),
      ratePipe('good', good.url),
    ]
    const lake = lakeWith(folder, pipes)
    const clock = jumpClock(NOW)
    const deps = jumpDeps(clock)
    const first = await run(lake.project, PLAIN_RUN, deps)
    expect(first.status).toBe('partial')
    expect(first.sources!.map(({ requests }) => requests)).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 1])
    expect(first.sources![7]).toMatchObject({
      state: 'failed',
      meaning: 'unavailable',
      why: expect.stringContaining('breaker is open'),
      again_at: expect.any(String),
    })
    expect(requestsOf([await run(lake.project, { ...PLAIN_RUN, exclude: ['good'] }, deps)])).toBe(0)

    clock.advance(61_000)
    const both = ['a*', 'b*'].map(term => run(lake.project, { ...PLAIN_RUN, select: [term] }, deps))
    expect(requestsOf(await Promise.all(both))).toBe(1)
    expect(server.asked).toHaveLength(6)
    const open = await stateOf<BreakerBook>(lake, 'transport_breakers')
    expect(open[providerName(server.url)]).toMatchObject({ openings: 2 })

    down = false
    clock.advance(121_000)
    const well = await run(lake.project, { ...PLAIN_RUN, exclude: ['good'] }, deps)
    expect(well.sources!.map(({ state, requests }) => [state, requests])).toEqual(Array(8).fill(['answered', 1]))
    expect(await stateOf<BreakerBook>(lake, 'transport_breakers')).toEqual({})
  })
})
