import { Cron } from 'croner'
import { type Calendar, calendar as calendarNamed } from '../../market/calendar/calendar.js'
import type { Schedule } from '../../sources/pipe.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A schedule that met only closed days for so long never fires. */
const HORIZON_MS = 5 * 366 * DAY_MS

/**
 * The newest time at which a schedule was due, at or before `nowMs`; undefined when there was none in five years. With a calendar, only
 * its days count, in the calendar's own zone; days that its rules do not cover count as open. Pure: reads no clock and sets no timer.
 * A time that the clocks skip in spring is due right after the change; one that they repeat in autumn is due once, the first time.
 */
export function lastDueMs(schedule: Schedule, calendar: string | undefined, nowMs: number): number | undefined {
  return remembered(schedule, calendar, nowMs, 'last')
}

/** The first time at which a schedule is due after `nowMs`; else as `lastDueMs`. */
export function nextDueMs(schedule: Schedule, calendar: string | undefined, nowMs: number): number | undefined {
  return remembered(schedule, calendar, nowMs, 'next')
}

/** What is wrong with a cron text or its time zone; undefined: nothing. A cron text that never fires is wrong too. */
export function cronFault(cron: string, timezone: string): string | undefined {
  const key = `${timezone} ${cron}`
  if (!faults.has(key)) faults.set(key, findFault(cron, timezone))
  return faults.get(key)
}

const faults = new Map<string, string | undefined>()

function findFault(cron: string, timezone: string): string | undefined {
  if (!isTimezone(timezone)) return `there is no time zone ${timezone}`
  try {
    const made = cronOf(cron, timezone)
    // Any moment does: what never fires after one never fires after another.
    return made.nextRun(new Date(0)) === null ? `\`${cron}\` never fires` : undefined
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.replace(/^CronPattern: /, '') : String(thrown)
    return `\`${cron}\` is no cron text of five parts: ${reason}`
  }
}

/** Whether a name is one of the IANA time zones that this Node knows. */
export function isTimezone(name: string): boolean {
  try {
    zoneClock(name)
    return true
  } catch {
    return false
  }
}

type Side = 'last' | 'next'

/** Thousands of pipes ask for the same schedule at the same moment: the answers for the latest moment are kept. */
const answers = { nowMs: Number.NaN, known: new Map<string, number | undefined>() }

function remembered(schedule: Schedule, calendar: string | undefined, nowMs: number, side: Side): number | undefined {
  if (answers.nowMs !== nowMs) {
    answers.nowMs = nowMs
    answers.known.clear()
  }
  const key = `${side} ${calendar ?? ''} ${'cron' in schedule ? `${schedule.timezone} ${schedule.cron}` : schedule.everyMs}`
  if (!answers.known.has(key)) answers.known.set(key, dueMs(schedule, calendar, nowMs, side))
  return answers.known.get(key)
}

function dueMs(schedule: Schedule, name: string | undefined, nowMs: number, side: Side): number | undefined {
  const fires = firesOf(schedule)
  const days = name === undefined ? undefined : calendarNamed(name)
  let fromMs = nowMs
  for (;;) {
    const firedMs = fires(fromMs, side)
    if (firedMs === undefined || Math.abs(firedMs - nowMs) > HORIZON_MS) return undefined
    const closed = days === undefined ? undefined : closedDay(days, firedMs)
    if (closed === undefined) return firedMs
    // The rest of a closed day is passed over, but for its edge: the clocks may change in it.
    fromMs = side === 'last' ? Math.min(firedMs - 1, closed.startMs) : Math.max(firedMs, closed.endMs)
  }
}

/** The time that a schedule fires at: `last` at or before a time, `next` after it. */
type Fires = (fromMs: number, side: Side) => number | undefined

function firesOf(schedule: Schedule): Fires {
  if ('everyMs' in schedule) {
    const { everyMs } = schedule
    return (fromMs, side) => (Math.floor(fromMs / everyMs) + (side === 'last' ? 0 : 1)) * everyMs
  }
  const cron = cronOf(schedule.cron, schedule.timezone)
  return (fromMs, side) => {
    // Cron texts have no seconds, and `previousRuns` looks before its time: the next whole second is after a run at `fromMs`.
    const secondMs = Math.floor(fromMs / 1000) * 1000
    const run = side === 'last' ? cron.previousRuns(1, new Date(secondMs + 1000))[0] : cron.nextRun(new Date(secondMs))
    return run?.getTime()
  }
}

/** Bounds well inside the day, when it is closed; undefined for a day with a session. */
function closedDay(days: Calendar, atMs: number): { startMs: number; endMs: number } | undefined {
  const { date, sinceMidnightMs } = localTime(days.zone, atMs)
  if (date < days.from || date > days.until || days.isSession(date)) return undefined
  const edgeMs = 2 * HOUR_MS
  return { startMs: atMs - sinceMidnightMs + edgeMs, endMs: atMs - sinceMidnightMs + DAY_MS - edgeMs }
}

function localTime(zone: string, atMs: number): { date: string; sinceMidnightMs: number } {
  const [date = '', hours, minutes, seconds] = zoneClock(zone).format(atMs).split(/, |:/)
  return { date, sinceMidnightMs: (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 }
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Writes `2026-11-29, 07:47:46`: dates of Canada are ISO 8601. */
function zoneClock(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const date = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const made = new Intl.DateTimeFormat('en-CA', { timeZone: zone, ...date, ...time })
  clocks.set(zone, made)
  return made
}

const crons = new Map<string, Cron>()

/** Throws what croner throws for a faulty text. */
function cronOf(text: string, timezone: string): Cron {
  const key = `${timezone} ${text}`
  const known = crons.get(key)
  if (known !== undefined) return known
  const made = new Cron(text, { timezone, mode: '5-part', paused: true })
  crons.set(key, made)
  return made
}
