import type { Session } from '../market/calendar/calendar.js'
import type { CalendarRules } from '../market/calendar/calendar-rules.js'
import { dayOf, WEEKDAYS, weekdayOf } from '../market/calendar/days.js'
import { plural } from './figures.js'
import { tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

/** The calendars, one a line. */
export function calendarsText(calendars: readonly CalendarRules[], look: Look): string {
  const columns = ['calendar', 'name', 'zone', 'from', 'until', 'also known as'].map(head => ({ head }))
  const rows = calendars.map(({ mic, name, zone, from, until, aliases }) => [
    mic,
    name,
    zone,
    from,
    until,
    aliases.join(' '),
  ])
  return `${tableText(columns, rows, look)}\n`
}

/** The calendars as CSV, with the fields of their JSON; other names stand with blanks between. */
export function calendarsCsv(calendars: readonly CalendarRules[]): string {
  const rows = calendars.map(({ mic, name, aliases, zone, from, until }) =>
    [mic, name, aliases.join(' '), zone, from, until].map(csvValue).join(','),
  )
  return ['mic,name,aliases,zone,from,until', ...rows, ''].join('\n')
}

function csvValue(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Sessions, one a line, and how many there are; times to the minute. */
export function sessionsText(sessions: readonly Session[], look: Look): string {
  const columns = ['session', 'day', 'open (UTC)', 'close (UTC)', 'break (UTC)', ''].map(head => ({ head }))
  const minute = (ms: number) => time(ms).slice(0, 16).replace('T', ' ')
  const rows = sessions.map(({ date, open, close, breaks, earlyClose }) => [
    date,
    WEEKDAYS[weekdayOf(dayOf(date))]!,
    minute(open),
    minute(close),
    breaks.map(({ start, end }) => `${minute(start).slice(11)}-${minute(end).slice(11)}`).join(' '),
    earlyClose ? 'closes early' : '',
  ])
  return `${tableText(columns, rows, look)}\n${look.colors.dim(plural(sessions.length, 'session'))}\n`
}

/** Sessions as CSV, with the columns of `silver.calendar_sessions`. */
export function sessionsCsv(mic: string, sessions: readonly Session[]): string {
  const rows = sessions.map(session =>
    [mic, ...Object.values(sessionsJson(session))].map(value => value ?? '').join(','),
  )
  return ['mic,session_date,open,close,break_start,break_end,early_close', ...rows, ''].join('\n')
}

/** A session as its JSON record: instants in ISO 8601, null where there is no break. */
export function sessionsJson({ date, open, close, breaks: [pause], earlyClose }: Session) {
  return {
    session_date: date,
    open: time(open),
    close: time(close),
    break_start: pause === undefined ? null : time(pause.start),
    break_end: pause === undefined ? null : time(pause.end),
    early_close: earlyClose,
  }
}

/** `2024-07-03T13:30:00Z` */
function time(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
