import { dateOf, dayOf } from '../market/calendar/days.js'

const texts = new Map<number, string>()
const days = new Map<string, number>()

/** The date of a day since 1970-01-01, remembered: answers name the same days again and again. */
export function dateText(day: number): string {
  const known = texts.get(day)
  if (known !== undefined) return known
  const made = dateOf(day)
  texts.set(day, made)
  return made
}

/** The day of a date, remembered. Throws as `dayOf` does. */
export function dayNumber(date: string): number {
  const known = days.get(date)
  if (known !== undefined) return known
  const made = dayOf(date)
  days.set(date, made)
  return made
}

const DAY_MINUTES = 1440
const TWO_DIGITS = Array.from({ length: 60 }, (_, at) => String(at).padStart(2, '0'))

/** A whole minute since the epoch, as `toISOString` writes it. */
export function minuteText(minute: number): string {
  const day = Math.floor(minute / DAY_MINUTES)
  const within = minute - day * DAY_MINUTES
  return `${dateText(day)}T${TWO_DIGITS[Math.floor(within / 60)]}:${TWO_DIGITS[within % 60]}:00.000Z`
}
