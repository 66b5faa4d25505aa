import { SluiceError } from '../../core/errors.js'
import type { CalendarRules } from './calendar-rules.js'
import { dateOf, datesOf, dayOf } from './days.js'
import { rulesOf } from './registry.js'
import { type Timetable, timetable } from './timetable.js'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The last instant that a Date can hold. */
const END_OF_TIME = 8.64e15

/** Shared by all sessions that have none: most of ten thousand. */
const NO_BREAKS: readonly never[] = Object.freeze([])

/** One session. Instants are milliseconds since the Unix epoch, UTC; the open is in the session, the close is not. */
export interface Session {
  /** Its date, `YYYY-MM-DD`: a label. The open can lie on the day before. */
  readonly date: string
  readonly open: number
  readonly close: number
  readonly breaks: readonly { readonly start: number; readonly end: number }[]
  /** Whether it ends before the regular close. */
  readonly earlyClose: boolean
}

/**
 * The sessions of one exchange. Dates are `YYYY-MM-DD`, instants UTC milliseconds. A date before the rules begin or after they end
 * throws SLUICE_CALENDAR_RANGE, a malformed one SLUICE_ARGUMENT_INVALID.
 */
export interface Calendar {
  /** The calendar's own name, also when it was asked for by an alias. */
  readonly mic: string
  readonly name: string
  /** IANA time zone. */
  readonly zone: string
  /** First and last date that the rules cover, both included. */
  readonly from: string
  readonly until: string
  /** The sessions from one date to another, both included, in order. Dates that run backwards throw SLUICE_ARGUMENT_INVALID. */
  sessions(from: string, to: string): Session[]
  isSession(date: string): boolean
  /** The first session after a date. */
  next(date: string): Session
  /** The last session before a date. */
  previous(date: string): Session
  /** The session that an instant lies in, its break included; undefined between sessions. */
  sessionOf(instant: number): Session | undefined
  /** The starts of a session's trading minutes: the open is the first, the close is none, a break has none. Empty on a day without session. */
  minutes(date: string): number[]
}

const opened = new Map<string, Calendar>()

/**
 * The calendar of a MIC or an alias of one (`XNAS` gives XNYS). Throws SLUICE_CALENDAR_UNKNOWN, with the nearest name, and
 * SLUICE_ARGUMENT_INVALID for what is no text.
 */
export function calendar(mic: string): Calendar {
  const rules = rulesOf(mic)
  const known = opened.get(rules.mic)
  if (known !== undefined) return known
  const made = openCalendar(rules)
  opened.set(rules.mic, made)
  return made
}

function openCalendar(rules: CalendarRules): Calendar {
  const table = timetable(rules)
  const [first, last] = [dayOf(rules.from), dayOf(rules.until)]
  const covered = (date: string): number => {
    const day = dayOf(date)
    if (day < first || day > last) throw outOfRange(rules, date)
    return day
  }
  const session = (at: number, near: string): Session => {
    if (at < 0 || at >= table.days.length) throw outOfRange(rules, near, at < 0 ? 'before' : 'after')
    return sessionAt(table, at)
  }
  const indexOf = (date: string): number => {
    const day = covered(date)
    const at = lowerBound(table.days, day)
    return table.days[at] === day ? at : -1
  }
  const { mic, name, zone, from, until } = rules
  return {
    mic,
    name,
    zone,
    from,
    until,
    sessions: (start, end) => {
      if (covered(end) < covered(start))
        throw new SluiceError(
          'SLUICE_ARGUMENT_INVALID',
          `Sessions go from the earlier date: ${end} is before ${start}.`,
        )
      const [low, high] = [lowerBound(table.days, covered(start)), lowerBound(table.days, covered(end) + 1)]
      return datesOf(table.days.subarray(low, high)).map((date, at) => sessionAt(table, low + at, date))
    },
    isSession: date => indexOf(date) !== -1,
    next: date => session(lowerBound(table.days, covered(date) + 1), date),
    previous: date => session(lowerBound(table.days, covered(date)) - 1, date),
    sessionOf: instant => {
      const at = lowerBound(table.close, minuteOf(instant) + 1)
      if (at < table.days.length && instant >= table.open[at]! * MINUTE_MS) return sessionAt(table, at)
      if (at === 0 || at === table.days.length) covered(dateOf(Math.floor(instant / DAY_MS)))
      return undefined
    },
    minutes: date => {
      const at = indexOf(date)
      return at === -1 ? [] : minutesOfSession(sessionAt(table, at))
    },
  }
}

/** The minute that an instant lies in, since 1970-01-01T00:00. */
function minuteOf(instant: number): number {
  if (typeof instant === 'number' && Math.abs(instant) < END_OF_TIME) return Math.floor(instant / MINUTE_MS)
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `An instant is a number of milliseconds, not ${String(instant)}.`)
}

function sessionAt(table: Timetable, at: number, date = dateOf(table.days[at]!)): Session {
  const [start, end] = [table.breakStart[at]!, table.breakEnd[at]!]
  return {
    date,
    open: table.open[at]! * MINUTE_MS,
    close: table.close[at]! * MINUTE_MS,
    breaks: start === end ? NO_BREAKS : [{ start: start * MINUTE_MS, end: end * MINUTE_MS }],
    earlyClose: table.early[at] === 1,
  }
}

function minutesOfSession({ open, close, breaks }: Session): number[] {
  const minutes: number[] = []
  for (let at = open; at < close; at += MINUTE_MS)
    if (!breaks.some(({ start, end }) => at >= start && at < end)) minutes.push(at)
  return minutes
}

/** The place of the first value that is not less than the one sought. */
function lowerBound(ascending: Int32Array, sought: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < sought) low = middle + 1
    else high = middle
  }
  return low
}

function outOfRange(rules: CalendarRules, date: string, side?: 'before' | 'after'): SluiceError {
  const asked = side === undefined ? date : `the session ${side} ${date}`
  return new SluiceError(
    'SLUICE_CALENDAR_RANGE',
    `The rules of ${rules.mic} cover ${rules.from} to ${rules.until}, not ${asked}.`,
    { mic: rules.mic, from: rules.from, until: rules.until },
  )
}
