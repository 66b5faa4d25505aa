import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cronFault, isTimezone, lastDueMs, nextDueMs } from '../../src/pipeline/pipes/schedule.js'
import type { Schedule } from '../../src/sources/pipe.js'

const at = (text: string) => Date.parse(text)
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16))
const cron = (text: string, timezone = 'UTC'): Schedule => ({ cron: text, timezone })

function next(schedule: Schedule, from: string, count: number, calendar?: string): (string | undefined)[] {
  const times: (string | undefined)[] = []
  let nowMs = at(from)
  for (let i = 0; i < count; i++) {
    const ms = nextDueMs(schedule, calendar, nowMs)
    times.push(iso(ms))
    nowMs = ms ?? nowMs
  }
  return times
}

describe('schedules over changes of the clock', () => {
  it('keep the local time of day', () => {
    const noon = cron('20 12 * * *', 'Europe/Warsaw')
    expect(next(noon, '2026-03-27T12:00Z', 3)).toEqual(['2026-03-28T11:20', '2026-03-29T10:20', '2026-03-30T10:20'])
    expect(next(noon, '2026-10-23T12:00Z', 3)).toEqual(['2026-10-24T10:20', '2026-10-25T11:20', '2026-10-26T11:20'])
  })

  it('fire right after the change for a time that spring skips', () => {
    const night = cron('30 2 * * *', 'Europe/Warsaw')
    expect(next(night, '2026-03-28T12:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30'])
    expect(iso(lastDueMs(night, undefined, at('2026-03-29T12:00Z')))).toBe('2026-03-29T01:00')
  })

  it('fire once for a time that autumn repeats', () => {
    const night = cron('30 2 * * *', 'Europe/Warsaw')
    expect(next(night, '2026-10-24T12:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
    expect(iso(lastDueMs(night, undefined, at('2026-10-25T01:45Z')))).toBe('2026-10-25T00:30')
  })

  it('fire in both of the repeated hours when they fire every quarter', () => {
    expect(next(cron('*/15 * * * *', 'America/New_York'), '2026-11-01T05:30Z', 4)).toEqual([
      '2026-11-01T05:45',
      '2026-11-01T06:00',
      '2026-11-01T06:15',
      '2026-11-01T06:30',
    ])
  })

  it('say the same looking back as looking ahead', () => {
    const schedules = [
      cron('*/15 * * * *', 'Europe/Warsaw'),
      cron('30 2 * * *', 'Europe/London'),
      cron('0 */6 * * 1-5', 'America/New_York'),
      { everyMs: 900_000 },
    ]
    const spans = ['2026-03-28', '2026-10-24', '2026-10-31', '2027-03-13'].map(day => at(`${day}T00:00Z`))
    fc.assert(
      fc.property(
        fc.constantFrom(...schedules),
        fc.constantFrom(...spans),
        fc.integer({ min: 0, max: 3 * 86_400_000 }),
        fc.constantFrom(undefined, 'XWAR', 'NBP', 'XNYS'),
        (schedule, span, offset, calendar) => {
          const due = nextDueMs(schedule, calendar, span + offset)!
          expect(due).toBeGreaterThan(span + offset)
          expect(lastDueMs(schedule, calendar, due)).toBe(due)
          expect(lastDueMs(schedule, calendar, due + 999)).toBe(due)
          const before = lastDueMs(schedule, calendar, due - 1)!
          expect(before).toBeLessThanOrEqual(span + offset)
          expect(nextDueMs(schedule, calendar, before)).toBe(due)
        },
      ),
    )
  })
})

describe('schedules with a calendar', () => {
  it('pass over the days on which nothing is published', () => {
    const noon = cron('20 12 * * *', 'Europe/Warsaw')
    expect(next(noon, '2026-12-22T12:00Z', 3, 'NBP').map(text => text?.slice(0, 10))).toEqual([
      '2026-12-23',
      '2026-12-28',
      '2026-12-29',
    ])
    expect(iso(lastDueMs(noon, 'NBP', at('2026-12-27T09:00Z')))).toBe('2026-12-23T11:20')
  })

  it("count days by the calendar's own clock, not the schedule's", () => {
    // 02:00 in Warsaw on Saturday is Friday evening in New York.
    expect(iso(nextDueMs(cron('0 2 * * *', 'Europe/Warsaw'), 'XNYS', at('2026-11-13T12:00Z')))).toBe('2026-11-14T01:00')
  })

  it('fire on days that the rules do not cover: silence would look like health', () => {
    expect(iso(nextDueMs({ everyMs: 86_400_000 }, 'NBP', at('2999-01-05T12:00Z')))).toBe('2999-01-06T00:00')
  })

  it('give nothing for a day that is always closed', () => {
    expect(nextDueMs(cron('0 12 25 12 *', 'Europe/Warsaw'), 'NBP', at('2026-01-01T00:00Z'))).toBeUndefined()
    expect(lastDueMs(cron('0 12 25 12 *', 'Europe/Warsaw'), 'NBP', at('2026-01-01T00:00Z'))).toBeUndefined()
  })
})

describe('fixed lengths of time', () => {
  it('are counted from the epoch, so that every process fires together', () => {
    expect(iso(lastDueMs({ everyMs: 900_000 }, undefined, at('2026-11-22T12:14:59Z')))).toBe('2026-11-22T12:00')
    expect(iso(lastDueMs({ everyMs: 900_000 }, undefined, at('2026-11-22T12:15:00Z')))).toBe('2026-11-22T12:15')
    expect(iso(nextDueMs({ everyMs: 900_000 }, undefined, at('2026-11-22T12:15:00Z')))).toBe('2026-11-22T12:30')
  })
})

describe('cronFault', () => {
  it.each([
    ['61 * * * *', 'UTC', 'minute'],
    ['* * * *', 'UTC', 'five'],
    ['* * * * * *', 'UTC', '6 parts'],
    ['0 0 31 2 *', 'UTC', 'never fires'],
    ['0 0 * * *', 'Europe/Warsav', 'no time zone'],
  ])('refuses %s in %s', (text, zone, part) => {
    expect(cronFault(text, zone)).toContain(part)
  })

  it('passes what fires', () => {
    expect(cronFault('0 0 29 2 *', 'Asia/Tokyo')).toBeUndefined()
    expect(cronFault('0 9 * * MON-FRI', 'UTC')).toBeUndefined()
    expect(isTimezone('Europe/Warsaw')).toBe(true)
  })
})
