import type { CalendarRules } from './calendar-rules.js'
import { daysIn, type Observance } from './day-rules.js'
import { dayOf, WEEKDAYS, weekdayOf } from './days.js'

/** Which days of a calendar trade, and which of them end early. */
export interface TradingDays {
  /** In days since 1970-01-01, ascending. */
  readonly days: Int32Array
  /** Minutes after local midnight at which a day closes, for those that close early. */
  readonly earlyCloses: ReadonlyMap<number, number>
}

/** Days before and after the range that holidays from its edges may move to. */
const MARGIN = 15
const [FRIDAY, SATURDAY, SUNDAY] = [WEEKDAYS.indexOf('Fri'), WEEKDAYS.indexOf('Sat'), WEEKDAYS.indexOf('Sun')]
const SEEKING: ReadonlySet<Observance> = new Set(['free', 'sunday-free', 'own-day'])

/** The trading days of a calendar over the whole range of its rules. */
export function tradingDays(rules: CalendarRules): TradingDays {
  const [first, last] = [dayOf(rules.from), dayOf(rules.until)]
  const holidays = holidaysOf(rules, first - MARGIN, last + MARGIN)
  const isWeekend = WEEKDAYS.map(name => rules.weekend.includes(name))
  const days = new Int32Array(last - first + 1)
  let count = 0
  for (let day = first, weekday = weekdayOf(first); day <= last; day++, weekday = (weekday + 1) % 7) {
    if (isWeekend[weekday] === false && holidays.closings[day - holidays.first] === 0) days[count++] = day
  }
  return { days: days.subarray(0, count), earlyCloses: earlyCloses(rules) }
}

/** Minutes after midnight of a wall time `HH:MM`. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
}

/** How many holidays fall on each day: one that shares its day may have to find another. */
interface Holidays {
  readonly first: number
  readonly closings: Uint8Array
}

/** A holiday that may go to a day which depends on the other holidays. */
interface Moving {
  readonly day: number
  readonly observed: Observance
}

function holidaysOf(rules: CalendarRules, first: number, last: number): Holidays {
  const closings = new Uint8Array(last - first + 1)
  const moving: Moving[] = []
  for (const year of yearsOf(rules)) {
    for (const rule of rules.closed) {
      for (const day of daysIn(rule, year)) {
        closings[observedDay(day, rule.observed) - first]!++
        if (rule.observed !== undefined && SEEKING.has(rule.observed)) moving.push({ day, observed: rule.observed })
      }
    }
  }
  // Only when every holiday is known can those that move see which days are free.
  for (const holiday of moving) moveToFree(holiday, { first, closings })
  if (rules.sandwiched === true) closeSandwiched(closings)
  return { first, closings }
}

function moveToFree({ day, observed }: Moving, { first, closings }: Holidays): void {
  const weekday = weekdayOf(day)
  const shared = observed === 'own-day' && closings[day - first]! > 1
  if (weekday !== SUNDAY && !(weekday === SATURDAY && observed === 'free') && !shared) return
  if (shared) closings[day - first]!--
  let free = day + 1
  while (
    closings[free - first]! > 0 ||
    weekdayOf(free) === SUNDAY ||
    (observed === 'free' && weekdayOf(free) === SATURDAY)
  )
    free++
  closings[free - first]!++
}

function closeSandwiched(closings: Uint8Array): void {
  for (let at = 1; at + 1 < closings.length; at++)
    if (closings[at] === 0 && closings[at - 1]! > 0 && closings[at + 1]! > 0) closings[at] = 1
}

function earlyCloses(rules: CalendarRules): Map<number, number> {
  const closes = new Map<number, number>()
  const years = yearsOf(rules)
  for (const { close, days } of rules.early) {
    for (const rule of days) {
      for (const day of years.flatMap(year => daysIn(rule, year))) {
        const observed = observedDay(day, rule.observed)
        if (!closes.has(observed)) closes.set(observed, minutesOf(close))
      }
    }
  }
  return closes
}

/** The rules of the years next to the range count too: their days may move into it. */
function yearsOf({ from, until }: CalendarRules): number[] {
  const [first, last] = [Number(from.slice(0, 4)) - 1, Number(until.slice(0, 4)) + 1]
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

function observedDay(day: number, observed: Observance | undefined): number {
  if (observed === undefined) return day
  const weekday = weekdayOf(day)
  if (observed === 'friday') return day - Math.max(0, weekday - FRIDAY)
  if (weekday === SUNDAY && (observed === 'nearest' || observed === 'sunday' || observed === 'monday')) return day + 1
  if (weekday === SATURDAY && observed === 'nearest') return day - 1
  if (weekday === SATURDAY && observed === 'monday') return day + 2
  return day
}
