import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration } from '../../src/core/duration.js'
import { cutInterval, formatInterval, type Interval } from '../../src/core/interval.js'
import {
  countPieces,
  covers,
  cutSet,
  fromPairs,
  type IntervalSet,
  intersect,
  intervalSet,
  NO_INTERVALS,
  subtract,
  toPairs,
  union,
  within,
} from '../../src/core/interval-set.js'

const LAST = 24
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The same set as single moments: slow, and obviously right. */
function moments(set: Iterable<Interval>): Set<number> {
  const all = new Set<number>()
  for (const { startMs, endMs } of set) for (let ms = startMs; ms < endMs; ms++) all.add(ms)
  return all
}

const interval = fc.tuple(fc.nat(LAST), fc.nat(LAST)).map(([startMs, endMs]) => ({ startMs, endMs }))
const list = fc.array(interval, { maxLength: 8 })
const pairOfSets = fc.tuple(list.map(intervalSet), list.map(intervalSet))

function isNormal(set: IntervalSet): boolean {
  return set.every(({ startMs, endMs }, i) => startMs < endMs && (i === 0 || set[i - 1]!.endMs < startMs))
}

function whole(text: string): Interval {
  const [start, end] = text.split('/')
  return { startMs: Date.parse(start!), endMs: Date.parse(end!) }
}

describe('an interval set', () => {
  it('is the moments of its intervals, in ranges that neither overlap nor touch', () => {
    fc.assert(
      fc.property(list, intervals => {
        const set = intervalSet(intervals)
        expect(isNormal(set)).toBe(true)
        expect(moments(set)).toEqual(new Set([...moments(intervals)]))
      }),
    )
  })

  it('joins, subtracts and meets another as sets of moments do', () => {
    fc.assert(
      fc.property(pairOfSets, ([a, b]) => {
        const [inA, inB] = [moments(a), moments(b)]
        const results = [union(a, b), subtract(a, b), intersect(a, b)]
        expect(results.every(isNormal)).toBe(true)
        expect(results.map(set => [...moments(set)].toSorted((x, y) => x - y))).toEqual(
          [[...new Set([...inA, ...inB])], [...inA].filter(ms => !inB.has(ms)), [...inA].filter(ms => inB.has(ms))].map(
            expected => expected.toSorted((x, y) => x - y),
          ),
        )
      }),
    )
  })

  it('covers an interval when it holds each of its moments', () => {
    fc.assert(
      fc.property(list.map(intervalSet), interval, (set, asked) => {
        const held = moments(set)
        expect(covers(set, asked)).toBe([...moments([asked])].every(ms => held.has(ms)))
      }),
    )
  })

  it('comes back from its pairs', () => {
    fc.assert(
      fc.property(list.map(intervalSet), set => {
        expect(fromPairs(JSON.parse(JSON.stringify(toPairs(set))))).toEqual(set)
      }),
    )
  })

  it('is not read from anything else', () => {
    for (const value of [null, {}, 'x', [1, 2], [[1]], [[1, 2, 3]], [[2, 1]], [[1, 1]], [['1', '2']], [[0, 2 ** 60]]]) {
      expect(fromPairs(value), JSON.stringify(value)).toBeUndefined()
    }
  })

  it('may be empty', () => {
    const set = intervalSet([{ startMs: 0, endMs: 9 }])
    expect(subtract(set, set)).toEqual(NO_INTERVALS)
    expect(union(NO_INTERVALS, NO_INTERVALS)).toEqual([])
    expect(fromPairs([])).toEqual([])
  })
})

describe('cutting', () => {
  it('loses no moment, and no piece is longer than asked', () => {
    fc.assert(
      fc.property(list.map(intervalSet), fc.integer({ min: 1, max: 7 }), (set, ms) => {
        const pieces = cutSet(set, { months: 0, ms })
        expect(pieces.every(({ startMs, endMs }) => startMs < endMs && endMs - startMs <= ms)).toBe(true)
        expect(intervalSet(pieces)).toEqual(set)
        expect(pieces.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)).toBe(moments(set).size)
      }),
    )
  })

  it('follows the calendar where the length is in months', () => {
    const pieces = cutInterval(whole('2026-01-31T00:00Z/2026-04-10T00:00Z'), parseDuration('P1M')!)
    expect(pieces.map(formatInterval)).toEqual([
      '2026-01-31T00:00:00.000Z/2026-02-28T00:00:00.000Z',
      '2026-02-28T00:00:00.000Z/2026-03-31T00:00:00.000Z',
      '2026-03-31T00:00:00.000Z/2026-04-10T00:00:00.000Z',
    ])
  })

  it('gives windows of 93 days for two years of days', () => {
    const pieces = cutInterval(whole('2024-01-01T00:00Z/2026-01-01T00:00Z'), parseDuration('P93D')!)
    expect(pieces.map(({ startMs, endMs }) => (endMs - startMs) / DAY)).toEqual([93, 93, 93, 93, 93, 93, 93, 80])
  })

  it('leaves whole what is shorter, also than all dates there are', () => {
    const day = { startMs: 0, endMs: DAY }
    for (const longest of ['P1D', 'P1M', 'P999999999999Y']) {
      expect(cutInterval(day, parseDuration(longest)!), longest).toEqual([day])
    }
  })

  it('refuses pieces of no length', () => {
    expect(() => cutInterval({ startMs: 0, endMs: 1 }, { months: 0, ms: 0 })).toThrow(RangeError)
  })
})

it('what is missing of 20 years of hours is found for 1,000 pipes in a second of processor time', () => {
  const years = whole('2006-01-01T00:00Z/2026-01-01T00:00Z')
  // Each pipe has 60 holes of some hours.
  const fetched = Array.from({ length: 1000 }, (_, pipe) =>
    intervalSet(
      Array.from({ length: 60 }, (_, i) => ({
        startMs: years.startMs + i * 121 * DAY + (pipe % 24) * HOUR,
        endMs: years.startMs + (i + 1) * 121 * DAY,
      })),
    ),
  )
  const before = process.cpuUsage()
  const pieces = fetched.flatMap(set => cutSet(subtract(intervalSet([years]), set), { months: 0, ms: 90 * DAY }))
  const used = process.cpuUsage(before)
  expect(pieces.length).toBeGreaterThan(10_000)
  expect((used.user + used.system) / 1e6).toBeLessThan(1)
})

describe('what of a set lies in an interval', () => {
  it('is what both have', () => {
    fc.assert(
      fc.property(list.map(intervalSet), interval, (set, window) => {
        expect(within(set, window)).toEqual(intersect(set, intervalSet([window])))
      }),
    )
  })
})

describe('pieces of a set', () => {
  it('are counted as they would be cut, by fixed lengths and by months', () => {
    fc.assert(
      fc.property(list.map(intervalSet), fc.constantFrom('P7D', 'P1M', 'PT5H'), (set, text) => {
        const wide = intervalSet(
          set.map(({ startMs, endMs }) => ({ startMs: startMs * 5 * DAY, endMs: endMs * 5 * DAY })),
        )
        const longest = parseDuration(text)!
        expect(countPieces(wide, longest)).toBe(cutSet(wide, longest).length)
      }),
    )
  })
})
