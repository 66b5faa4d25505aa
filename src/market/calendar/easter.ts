import { dayAt } from './days.js'

/** The day of Easter Sunday (Gregorian), in days since 1970-01-01: the rule of Meeus, Jones and Butcher. */
export function easterSunday(year: number): number {
  const a = year % 19
  const [b, c] = [Math.floor(year / 100), year % 100]
  const g = Math.floor((8 * b + 13) / 25)
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const month = Math.floor((h + l - 7 * m + 114) / 31)
  return dayAt(year, month, ((h + l - 7 * m + 114) % 31) + 1)
}
