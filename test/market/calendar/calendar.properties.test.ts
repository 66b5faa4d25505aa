import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendar } from '../../../src/market/calendar/calendar.js'
import { dateOf, dayOf } from '../../../src/market/calendar/days.js'
import { CALENDARS } from '../../../src/market/calendar/registry.js'

const MINUTE_MS = 60_000

describe.each(CALENDARS.map(({ mic }) => mic))('%s', mic => {
  const ours = calendar(mic)
  const all = ours.sessions(ours.from, ours.until)
  const anySession = fc.nat({ max: all.length - 1 }).map(at => ({ at, session: all[at]! }))
  const anyDate = fc.integer({ min: dayOf(ours.from), max: dayOf(ours.until) }).map(dateOf)

  it('has sessions that follow each other, with breaks inside', () => {
    const faults = all.filter(({ open, close, breaks }, at) => {
      const before = all[at - 1]
      const inside = breaks.every(({ start, end }) => open < start && start < end && end < close)
      return !(open < close && inside && (before === undefined || before.close <= open))
    })
    expect(faults).toEqual([])
  })

  it('goes to the next session and back', () => {
    fc.assert(
      fc.property(anySession, ({ at, session }) => {
        if (at > 0) expect(ours.next(ours.previous(session.date).date)).toEqual(session)
        if (at < all.length - 1) expect(ours.previous(ours.next(session.date).date)).toEqual(session)
      }),
    )
  })

  it('knows a date as a session if and only if it lists it', () => {
    const dates = new Set(all.map(({ date }) => date))
    fc.assert(fc.property(anyDate, date => ours.isSession(date) === dates.has(date)))
  })

  it('lists any range as the part of the whole that lies in it', () => {
    fc.assert(
      fc.property(anyDate, anyDate, (one, other) => {
        const [from, to] = one < other ? [one, other] : [other, one]
        const expected = all.filter(({ date }) => date >= from && date <= to)
        expect(ours.sessions(from, to)).toEqual(expected)
      }),
      { numRuns: 20 },
    )
  })

  it('finds every instant of a session in it, and none after its close', () => {
    fc.assert(
      fc.property(
        anySession,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        ({ at, session }, part) => {
          const instant = session.open + Math.floor(part * (session.close - session.open))
          expect(ours.sessionOf(instant)).toEqual(session)
          const next = all[at + 1]
          if (next !== undefined && next.open > session.close) expect(ours.sessionOf(session.close)).toBeUndefined()
        },
      ),
    )
  })

  it('has as many trading minutes as its hours, less the break', () => {
    fc.assert(
      fc.property(anySession, ({ session }) => {
        const paused = session.breaks.reduce((sum, { start, end }) => sum + end - start, 0)
        const minutes = ours.minutes(session.date)
        expect(minutes).toHaveLength((session.close - session.open - paused) / MINUTE_MS)
        expect(minutes[0]).toBe(session.open)
        expect(minutes.at(-1)).toBe(session.close - MINUTE_MS)
      }),
      { numRuns: 20 },
    )
  })
})
