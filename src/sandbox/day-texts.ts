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
