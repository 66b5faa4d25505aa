import { calendar } from '../../market/calendar/calendar.js'
import { WEEKDAYS, weekdayOf } from '../../market/calendar/days.js'
import { dateText, dayNumber } from '../day-texts.js'
import type { Market } from '../market.js'

export type NbpTable = 'A' | 'B' | 'C'

/** A table that was published. `number` counts from 1 in its year. */
export interface Publication {
  readonly date: string
  readonly number: number
  readonly publishedMs: number
}

const HOUR_MS = 3_600_000
/** Table C appears between 7:45 and 8:15, the others between 11:45 and 12:15. */
const EARLIER_MS = 4 * HOUR_MS
const WEDNESDAY = WEEKDAYS.indexOf('Wed')

const years = new Map<string, readonly Publication[]>()

/** The publications of a table with dates in `[from, to]` that had appeared at `nowMs`, in order. */
export function publications(market: Market, table: NbpTable, from: string, to: string, nowMs: number): Publication[] {
  const found: Publication[] = []
  for (let year = Number(from.slice(0, 4)); year <= Number(to.slice(0, 4)); year++) {
    for (const one of publicationsOf(market, table, year)) {
      if (one.date >= from && one.date <= to && one.publishedMs <= nowMs) found.push(one)
    }
  }
  return found
}

/** The newest publications that had appeared at `nowMs`, at most `count` of them, in order. */
export function lastPublications(market: Market, table: NbpTable, count: number, nowMs: number): Publication[] {
  let found: Publication[] = []
  const first = Number(calendar('NBP').from.slice(0, 4))
  const now = new Date(nowMs).getUTCFullYear()
  for (let year = now; year >= first && found.length < count; year--) {
    found = [...publicationsOf(market, table, year).filter(one => one.publishedMs <= nowMs), ...found]
  }
  return found.slice(-count)
}

/** All of a year, those to come too. The minute within the time of publication is the seed's choice. */
function publicationsOf(market: Market, table: NbpTable, year: number): readonly Publication[] {
  const key = `${market.seed}:${table}:${year}`
  const known = years.get(key)
  if (known !== undefined) return known
  const { from, until } = calendar('NBP')
  const [start, end] = [[`${year}-01-01`, from].toSorted()[1]!, [`${year}-12-31`, until].toSorted()[0]!]
  const sessions = start > end ? [] : calendar('NBP').sessions(start, end)
  const listed = table === 'B' ? sessions.filter(session => isLastUpToWednesday(session.date)) : sessions
  const made = listed.map(({ date, open, close }, at) => {
    const minutes = Math.floor(
      market.chance(`nbp:${table === 'C' ? 'C' : 'A'}`, dayNumber(date)) * ((close - open) / 60_000),
    )
    return { date, number: at + 1, publishedMs: open + minutes * 60_000 - (table === 'C' ? EARLIER_MS : 0) }
  })
  years.set(key, made)
  return made
}

/** Whether a banking day is a Wednesday, or the last before one that is a holiday. */
function isLastUpToWednesday(date: string): boolean {
  const day = dayNumber(date)
  const wednesday = day + ((WEDNESDAY - weekdayOf(day) + 7) % 7)
  if (wednesday - day > 2) return false
  for (let next = day + 1; next <= wednesday; next++) if (calendar('NBP').isSession(dateText(next))) return false
  return true
}
