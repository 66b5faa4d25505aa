import { describe, expect, it } from 'vitest'
import { isRunId } from '../../../src/core/ids.js'
import { formatInterval } from '../../../src/core/interval.js'
import { intervalSet, NO_INTERVALS } from '../../../src/core/interval-set.js'
import { lanesOf, partsOf } from '../../../src/pipeline/backfill/lanes.js'
import type { PastPipe } from '../../../src/pipeline/backfill/past-pipes.js'
import { backfillName, partRunId } from '../../../src/pipeline/backfill/run-ids.js'
import { sourceNamed } from '../../../src/sources/provider-list.js'
import { nbpPipe } from '../fetch/nbp-server.js'
import { DAY } from './past-project.js'

const START = Date.UTC(2024, 0, 1)
const YEAR = { startMs: START, endMs: Date.UTC(2025, 0, 1) }
const LIMITS = { requests: 100, askSeconds: 600 }

function pastPipe(name: string, longest: string | undefined, missing = [YEAR]): PastPipe {
  const { provider, source } = sourceNamed('nbp.rates')!
  const pipe = { ...nbpPipe(name), schedule: undefined } as unknown as PastPipe['pipe']
  return {
    pipe,
    key: name,
    from: { pipe, key: name, provider, source, secret: undefined },
    longest,
    missing: intervalSet(missing),
    waits: NO_INTERVALS,
  }
}

function partsIn(pipes: readonly PastPipe[], limits = LIMITS) {
  const [lane] = lanesOf(pipes, 1, limits)
  return [...partsOf({ lane: 0, window: lane!.window }, pipes, YEAR)]
}

describe('the parts of a backfill', () => {
  it('hold as many whole requests as a run may have, and lose none', () => {
    const pipes = [pastPipe('a', 'P10D'), pastPipe('b', 'P10D')]
    const parts = partsIn(pipes, { ...LIMITS, requests: 12 })
    // 6 requests of 10 days for each pipe; 366 days are 36 of them and a rest.
    expect(parts.map(({ requests }) => requests)).toEqual([12, 12, 12, 12, 12, 12, 2])
    expect(parts.map(({ interval }) => (interval.endMs - interval.startMs) / DAY)).toEqual([60, 60, 60, 60, 60, 60, 6])
  })

  it('fit into the time of a run at the rate of the provider', () => {
    const rate = sourceNamed('nbp.rates')!.provider.limits.perSecond
    const parts = partsIn([pastPipe('a', 'P1D')], { requests: 1000, askSeconds: 10 / 0.7 / rate })
    expect(parts.map(({ requests }) => requests).slice(0, 2)).toEqual([10, 10])
  })

  it('leave out windows in which nothing is missing', () => {
    const holes = [
      { startMs: START + 5 * DAY, endMs: START + 6 * DAY },
      { startMs: START + 200 * DAY, endMs: START + 220 * DAY },
    ]
    const parts = partsIn([pastPipe('a', 'P10D', holes)], { ...LIMITS, requests: 3 })
    expect(parts.map(({ interval, requests }) => [formatInterval(interval).slice(0, 10), requests])).toEqual([
      ['2024-01-01', 1],
      ['2024-06-29', 1],
      ['2024-07-29', 1],
    ])
  })

  it('are one where a provider answers for any time at once', () => {
    expect(partsIn([pastPipe('a', undefined)]).map(({ interval }) => interval)).toEqual([YEAR])
  })
})

describe('lanes', () => {
  it('hold pipes whose requests are equally long, and are split until there are enough', () => {
    const pipes = [pastPipe('a', 'P10D'), pastPipe('b', 'P1D'), pastPipe('c', 'P1D'), pastPipe('d', 'P1D')]
    const names = (wanted: number, requests = 100): string[] =>
      lanesOf(pipes, wanted, { ...LIMITS, requests }).map(lane => lane.pipes.join(''))
    expect(names(1)).toEqual(['a', 'bcd'])
    expect(names(3)).toEqual(['a', 'bc', 'd'])
    expect(names(9)).toEqual(['a', 'b', 'c', 'd'])
    expect(names(1, 2)).toEqual(['a', 'bc', 'd'])
  })
})

describe('the name of a backfill', () => {
  it('says both days, or the times, and is no id of a run; those of its runs are', () => {
    expect(backfillName(YEAR)).toBe('backfill-2024-01-01-2024-12-31')
    expect(backfillName(YEAR, 'nbp-a')).toMatch(/^backfill-2024-01-01-2024-12-31-[0-9a-f]{8}$/)
    const times = backfillName({ startMs: START + 1000, endMs: START + DAY + 1000 }, 'x')
    expect(times).toMatch(/^backfill-20240101T000001Z-20240102T000001Z-/)
    expect([isRunId(times), isRunId(partRunId(times, ['work'], 12))]).toEqual([false, true])
    expect(partRunId(times, ['work'], 2)).toBe(`${partRunId(times, ['work'], 1)}.2`)
  })
})
