import { SluiceError } from '../../core/errors.js'
import { parseInstant } from '../../core/instant.js'

/** Days of the week as `weekdayOf` counts them: Monday is 0. */
export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

const DAY_MS = 86_400_000

/** The days since 1970-01-01 of a date `YYYY-MM-DD`. Throws SLUICE_ARGUMENT_INVALID for any other text. */
export function dayOf(date: string): number {
  const ms = date?.length === DATE_LENGTH ? parseInstant(date) : undefined
  if (ms === undefined)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `A date is written as 2024-12-31, not "${date}".`)
  return ms / DAY_MS
}

const DATE_LENGTH = 'YYYY-MM-DD'.length

/** The date `YYYY-MM-DD` of a number of days since 1970-01-01. */
export function dateOf(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10)
}

/** The dates of days that ascend: `dateOf` of each, but the calendar is asked once a month. */
export function datesOf(days: Int32Array): string[] {
  let [month, start, end] = ['', 0, 0]
  return Array.from(days, day => {
    if (day < start || day >= end) {
      const date = new Date(day * DAY_MS)
      month = date.toISOString().slice(0, 8)
      start = day - date.getUTCDate() + 1
      end = dayAt(date.getUTCFullYear(), date.getUTCMonth() + 2, 1)
    }
    return month + TWO_DIGITS[day - start]!
  })
}

const TWO_DIGITS = Array.from({ length: 31 }, (_, at) => String(at + 1).padStart(2, '0'))

/** The days since 1970-01-01 of a day of a year after 99; month and day count from 1. */
export function dayAt(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY_MS
}

/** The weekday of a day, as an index into `WEEKDAYS`. 1970-01-01 was a Thursday. */
export function weekdayOf(days: number): number {
  return (((days + 3) % 7) + 7) % 7
}
