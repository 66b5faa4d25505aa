import { describe, expect, it } from 'vitest'
import type { PipeEntry } from '../../../src/pipeline/fetch/pipe-book.js'
import { type PlanTimes, planPipe } from '../../../src/pipeline/fetch/plan-pipe.js'
import { sourceNamed } from '../../../src/sources/provider-list.js'
import type { Source } from '../../../src/sources/source.js'

const DAY = 86_400_000
const HOUR = 3_600_000
/** A Friday at 13:00. */
const NOW = Date.UTC(2026, 0, 30, 13)
const TODAY = Date.UTC(2026, 0, 30)
const days = sourceNamed('nbp.rates')!.source
const present = sourceNamed('coingecko.simple_price')!.source

function plan(source: Source, entry: PipeEntry | undefined, times: Partial<PlanTimes> = {}) {
  return planPipe(source, entry, { nowMs: NOW, dueMs: undefined, sinceMs: TODAY - 10 * DAY, named: false, ...times })
}

describe('the plan of a pipe', () => {
  it('reaches to the end of the day that is not over, which no answer settles', () => {
    const [ask] = plan(days, undefined).asks
    expect(ask).toEqual({
      interval: { startMs: TODAY - 10 * DAY, endMs: TODAY + DAY },
      settles: { startMs: TODAY - 10 * DAY, endMs: TODAY },
    })
  })

  it('asks for holes and for today, not for what is fetched', () => {
    const fetched = [
      [TODAY - 10 * DAY, TODAY - 5 * DAY],
      [TODAY - 3 * DAY, TODAY],
    ] as const
    expect(plan(days, { fetched }).asks).toEqual([
      {
        interval: { startMs: TODAY - 5 * DAY, endMs: TODAY - 3 * DAY },
        settles: { startMs: TODAY - 5 * DAY, endMs: TODAY - 3 * DAY },
      },
      { interval: { startMs: TODAY, endMs: TODAY + DAY } },
    ])
  })

  it('cuts at the longest interval that the provider takes', () => {
    const { asks } = plan(days, undefined, { sinceMs: TODAY - 200 * DAY })
    expect(asks.map(({ interval }) => (interval!.endMs - interval!.startMs) / DAY)).toEqual([93, 93, 15])
  })

  it('does not reach further back than the provider answers, not by a moment', () => {
    const hours: Source = { ...days, grain: 'PT1H', reach: 'P2D', longest: 'P9D' }
    const [ask] = plan(hours, undefined, { nowMs: NOW + 1 }).asks
    expect(ask!.interval!.startMs).toBe(NOW - 2 * DAY + HOUR)
  })

  it('does not begin before the first day that the provider has', () => {
    const first = Date.UTC(2002, 0, 2)
    const [ask] = plan(days, undefined, { sinceMs: first - 9 * DAY }).asks
    expect(ask!.interval!.startMs).toBe(first)
    const only = { startMs: first - 9 * DAY, endMs: first }
    expect(plan(days, undefined, { only, named: true })).toMatchObject({ asks: [], idle: 'out of reach' })
  })

  it('opens the last days again once in a while', () => {
    const entry = { fetched: [[TODAY - 10 * DAY, TODAY]] as const, revisitedMs: NOW - DAY + HOUR }
    const revisit = { lastMs: 7 * DAY, everyMs: DAY }
    const [ask] = plan(days, entry, { revisit }).asks
    expect(ask!.interval!.startMs).toBe(TODAY - 7 * DAY)
    const again = plan(days, { ...entry, revisitedMs: NOW - DAY / 2 }, { revisit })
    expect([again.revisited, again.asks.length, again.asks[0]!.interval!.startMs]).toEqual([false, 1, TODAY])
  })

  it.each([
    ['its schedule was not due since it was asked', { askedMs: NOW - HOUR }, 'not due'],
    [
      'the provider said when to come again',
      { failure: { atMs: 0, meaning: 'rate_limited', why: '', againMs: NOW + 1 } },
      'waiting after a failure',
    ],
  ] as const)('is empty when %s; a pipe that is named asks all the same', (_, entry, idle) => {
    const times = { dueMs: NOW - 2 * HOUR }
    expect(plan(days, entry, times)).toEqual({ asks: [], revisited: false, idle })
    expect(plan(days, entry, { ...times, named: true }).asks).toHaveLength(1)
  })

  it('is what is now for a source that knows only that, and nothing for an interval', () => {
    expect(plan(present, undefined).asks).toEqual([{}])
    expect(plan(present, undefined, { only: { startMs: TODAY - DAY, endMs: TODAY } }).idle).toBe('only the present')
  })

  it('of an interval that was asked for holds all of it, fetched or not', () => {
    const only = { startMs: TODAY - 3 * DAY + HOUR, endMs: TODAY - 2 * DAY }
    const { asks } = plan(days, { fetched: [[TODAY - 10 * DAY, TODAY]] }, { only })
    expect(asks.map(({ interval }) => interval)).toEqual([{ startMs: TODAY - 3 * DAY, endMs: TODAY - 2 * DAY }])
  })
})
