import { calendar } from '../../market/calendar/calendar.js'
import { dayAt, WEEKDAYS, weekdayOf } from '../../market/calendar/days.js'
import { dateText, dayNumber } from '../day-texts.js'
import { decimal } from '../digits.js'
import type { Market, Quoted } from '../market.js'
import { hashText, shock, uniform } from '../noise.js'

/** A series of FRED. */
export interface FredSeries extends Quoted {
  readonly id: string
  readonly title: string
  readonly frequency: 'D' | 'M' | 'Q'
  readonly units: string
  readonly seasonal: 'SA' | 'NSA' | 'SAAR'
  readonly decimals: number
  /** The first period. */
  readonly start: string
  /** Standard deviation of a revision, as a share of the value; 0: never revised. */
  readonly revision: number
}

/** What an observation was said to be, from a day on until the day before the next says something else. */
export interface Said {
  readonly from: string
  readonly until: string
  /** `.` where there is no value. */
  readonly value: string
}

export interface Observation {
  /** Start of the period. */
  readonly date: string
  readonly said: readonly Said[]
}

/** What FRED knows of a series on a day. */
export interface FredHistory {
  readonly observations: readonly Observation[]
  /** Days on which something was new or changed, ascending. */
  readonly vintages: readonly string[]
}

export const LAST_DATE = '9999-12-31'

const DAY_MS = 86_400_000
const SATURDAY = WEEKDAYS.indexOf('Sat')
/** A figure is changed so many times by the releases that follow. */
const EARLY_REVISIONS = 2
/** Once a year the figures of so many years are changed. */
const BENCHMARK_YEARS = 3
const KEPT = 200

const kept = new Map<string, FredHistory>()

/** The history up to a day, that day included. */
export function historyOf(market: Market, series: FredSeries, today: string): FredHistory {
  const key = `${market.seed}:${market.revision}:${series.id}:${today}`
  const known = kept.get(key)
  if (known !== undefined) return known
  if (kept.size >= KEPT) kept.clear()
  const made = series.frequency === 'D' ? dailyHistory(market, series, today) : releasedHistory(market, series, today)
  kept.set(key, made)
  return made
}

/** Every weekday, with a dot on holidays; known on the next day of trading, and never changed. */
function dailyHistory(market: Market, series: FredSeries, today: string): FredHistory {
  const path = market.path(series)
  const days = calendar('XNYS')
  const observations: Observation[] = []
  const vintages: string[] = []
  const sessions = days.sessions(series.start, days.until < today ? days.until : today)
  for (let at = 0; at + 1 < sessions.length; at++) {
    const [{ date }, { date: next }] = [sessions[at]!, sessions[at + 1]!]
    const said = (value: string): Said[] => [{ from: next, until: LAST_DATE, value }]
    vintages.push(next)
    observations.push({ date, said: said(decimal(path(dayNumber(date) * DAY_MS + 0.8 * DAY_MS), series.decimals)) })
    for (let day = dayNumber(date) + 1; day < dayNumber(next); day++) {
      if (weekdayOf(day) < SATURDAY) observations.push({ date: dateText(day), said: said('.') })
    }
  }
  return { observations, vintages }
}

interface Release {
  readonly date: string
  /** The newest period that it has. */
  readonly period: number
  readonly benchmark: boolean
}

/** Months and quarters: a first figure some weeks after the period, changed by the two releases that follow and once a year after. */
function releasedHistory(market: Market, series: FredSeries, today: string): FredHistory {
  const releases = releasesOf(market, series, today)
  const path = market.path(series)
  const noise = hashText(`${market.seed}:${series.id}:revisions`)
  const months = series.frequency === 'Q' ? 3 : 1
  const perYear = 12 / months
  const observations: Observation[] = []
  const last = releases.at(-1)?.period ?? -1
  let first = 0
  for (let period = 0; period <= last; period++) {
    const date = monthDate(series.start, period * months)
    while (releases[first]!.period < period) first++
    const said: Said[] = []
    const level = path(dayNumber(date) * DAY_MS)
    for (let at = first, revision = 0; at < releases.length; at++) {
      const { date: from, benchmark, period: newest } = releases[at]!
      const early = at - first <= EARLY_REVISIONS
      if (!early && (!benchmark || newest - period > BENCHMARK_YEARS * perYear)) {
        if (newest - period > BENCHMARK_YEARS * perYear) break
        continue
      }
      const value = decimal(level * (1 + series.revision * shock(noise, period, revision++)), series.decimals)
      const before = said.at(-1)
      if (before?.value === value) continue
      if (before !== undefined) said[said.length - 1] = { ...before, until: dateText(dayNumber(from) - 1) }
      said.push({ from, until: LAST_DATE, value })
      if (series.revision === 0) break
    }
    observations.push({ date, said })
  }
  return { observations, vintages: releases.map(({ date }) => date) }
}

/** A month is released once, in the middle of the next; a quarter three times, at the end of each of the next three months. */
function releasesOf(market: Market, { id, frequency, start }: FredSeries, today: string): Release[] {
  const releases: Release[] = []
  const noise = hashText(`${market.seed}:${id}:releases`)
  const [each, months, day] = frequency === 'Q' ? [3, 3, 25] : [1, 1, 10]
  for (let at = 0; ; at++) {
    const period = Math.floor(at / each)
    const month = monthDate(start, (period + 1) * months + (at % each))
    const date = afterWeekend(dayNumber(month) + day - 1 + Math.floor(uniform(noise, at) * 4))
    if (date > today) return releases
    const benchmark = frequency === 'Q' ? at % each === 0 && month.slice(5, 7) === '07' : month.slice(5, 7) === '02'
    releases.push({ date, period, benchmark })
  }
}

function afterWeekend(day: number): string {
  return dateText(day + Math.max(0, weekdayOf(day) < SATURDAY ? 0 : 7 - weekdayOf(day)))
}

/** The first day of the month so many months after that of a date. */
function monthDate(start: string, months: number): string {
  return dateText(dayAt(Number(start.slice(0, 4)), Number(start.slice(5, 7)) + months, 1))
}
