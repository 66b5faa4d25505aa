import type { CalendarRules, Hours } from './calendar-rules.js'
import { dayOf } from './days.js'
import { minutesOf, tradingDays } from './trading-days.js'
import { offsetChanges } from './zones.js'

const DAY_MINUTES = 1440

/** All sessions of a calendar, column by column and in order. Instants are UTC minutes since 1970-01-01T00:00. */
export interface Timetable {
  /** Session dates, in days since 1970-01-01. */
  readonly days: Int32Array
  readonly open: Int32Array
  readonly close: Int32Array
  /** Both equal to the close where there is no break. */
  readonly breakStart: Int32Array
  readonly breakEnd: Int32Array
  /** 1 where the session ends before its regular close. */
  readonly early: Uint8Array
}

/** Works the rules of a calendar out, from its first date to its last. */
export function timetable(rules: CalendarRules): Timetable {
  const { days, earlyCloses } = tradingDays(rules)
  const changes = offsetChanges(rules.zone, yearOf(rules.from), yearOf(rules.until))
  const eras = rules.hours.map(readHours)
  const table = emptyTable(days)
  let [era, change] = [0, 0]
  for (let at = 0; at < days.length; at++) {
    const day = days[at]!
    while (era + 1 < eras.length && day >= eras[era + 1]!.from) era++
    while (change + 1 < changes.length && day >= changes[change + 1]!.day) change++
    const { open, pauseStart, pauseEnd, close } = eras[era]!
    const midnight = day * DAY_MINUTES - changes[change]!.offset
    const early = earlyCloses.get(day)
    const end = midnight + (early ?? close)
    table.open[at] = midnight + open
    table.breakStart[at] = Math.min(midnight + pauseStart, end)
    table.breakEnd[at] = Math.min(midnight + pauseEnd, end)
    table.close[at] = end
    table.early[at] = early === undefined ? 0 : 1
  }
  return table
}

/** Hours in minutes after local midnight of the session's date; an open on the day before is negative. */
interface Era {
  readonly from: number
  readonly open: number
  readonly pauseStart: number
  readonly pauseEnd: number
  readonly close: number
}

function readHours({ from, open, close, pause }: Hours): Era {
  const [opens, closes] = [minutesOf(open), minutesOf(close)]
  return {
    from: from === undefined ? Number.NEGATIVE_INFINITY : dayOf(from),
    open: opens >= closes ? opens - DAY_MINUTES : opens,
    pauseStart: minutesOf(pause?.[0] ?? close),
    pauseEnd: minutesOf(pause?.[1] ?? close),
    close: closes,
  }
}

function emptyTable(days: Int32Array): Timetable {
  const column = () => new Int32Array(days.length)
  return {
    days,
    open: column(),
    close: column(),
    breakStart: column(),
    breakEnd: column(),
    early: new Uint8Array(days.length),
  }
}

function yearOf(date: string): number {
  return Number(date.slice(0, 4))
}
