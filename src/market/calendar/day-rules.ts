import { dayAt, dayOf, WEEKDAYS, type Weekday, weekdayOf } from './days.js'
import { easterSunday } from './easter.js'

/**
 * Where a rule's day moves when it falls on a weekend. Without one it is lost. `nearest`: Saturday to Friday, Sunday to Monday.
 * `sunday`: Sunday to Monday, Saturday is lost. `monday`: both to Monday. `free`: both to the next day that trades. `sunday-free`:
 * Sunday to the next day that is no holiday. `own-day`: the same, and so does a day that is a holiday already. `friday`:
 * both to the Friday before.
 */
export type Observance = 'nearest' | 'sunday' | 'monday' | 'friday' | 'free' | 'sunday-free' | 'own-day'

/** When a rule holds, and where its days move. */
export interface Terms {
  /** First and last year; without them the rule always held. */
  readonly from?: number
  readonly until?: number
  /** Years in which it was suspended. */
  readonly except?: readonly number[]
  readonly observed?: Observance
  /** Weekdays that count, as `Mon Tue Thu`; the others drop out. Looked at before the day moves. */
  readonly on?: string
}

/** Days of a year: a holiday, or a day that closes early. */
export interface DayRule extends Terms {
  /** The days of one year, in days since 1970-01-01, before any of them moves. */
  readonly days: (year: number) => readonly number[]
}

/** The same day every year, as `12-25`. */
export function annual(monthDay: string, terms: Terms = {}): DayRule {
  const [month, day] = parts(monthDay)
  return { ...terms, days: year => [dayAt(year, month, day)] }
}

/** The nth weekday of a month (1 is January): `nth(3, 'Mon', 1)`. */
export function nth(n: number, weekday: Weekday, month: number, terms: Terms = {}): DayRule {
  return { ...terms, days: year => [onOrAfter(dayAt(year, month, 1), weekday) + 7 * (n - 1)] }
}

/** The last of a weekday on or before a day: `lastOn('Mon', '05-24')`. */
export function lastOn(weekday: Weekday, monthDay: string, terms: Terms = {}): DayRule {
  const [month, day] = parts(monthDay)
  return { ...terms, days: year => [onOrAfter(dayAt(year, month, day) - 6, weekday)] }
}

/** So many days after Easter Sunday: -2 is Good Friday, 60 Corpus Christi. */
export function easter(offset: number, terms: Terms = {}): DayRule {
  return { ...terms, days: year => [easterSunday(year) + offset] }
}

/** Days that were decided one by one: dates apart by blanks. */
export function dated(dates: string, terms: Terms = {}): DayRule {
  const byYear = new Map<number, number[]>()
  for (const date of dates.trim().split(/\s+/)) {
    const year = Number(date.slice(0, 4))
    byYear.set(year, [...(byYear.get(year) ?? []), dayOf(date)])
  }
  return { ...terms, days: year => byYear.get(year) ?? [] }
}

/** So many days after the days of another rule, not counting that those may move. */
export function shifted(rule: DayRule, days: number, terms: Terms = {}): DayRule {
  return { ...terms, days: year => daysIn(rule, year).map(day => day + days) }
}

/** The days of a rule in a year that count, before they move. */
export function daysIn(rule: DayRule, year: number): readonly number[] {
  const { from = year, until = year, except, on } = rule
  if (year < from || year > until || except?.includes(year)) return []
  const days = rule.days(year)
  return on === undefined ? days : days.filter(day => on.includes(WEEKDAYS[weekdayOf(day)]!))
}

function onOrAfter(day: number, weekday: Weekday): number {
  return day + ((WEEKDAYS.indexOf(weekday) - weekdayOf(day) + 7) % 7)
}

function parts(monthDay: string): [number, number] {
  return [Number(monthDay.slice(0, 2)), Number(monthDay.slice(3))]
}
