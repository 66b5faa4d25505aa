import type { Engine } from '../../engine/engine.js'
import { quoteText } from '../../engine/sql-text.js'
import type { CalendarRules } from '../../market/calendar/calendar-rules.js'
import { CALENDARS } from '../../market/calendar/registry.js'
import { type Timetable, timetable } from '../../market/calendar/timetable.js'
import { SESSIONS } from '../../silver/sessions.js'

/** The table of all sessions of all calendars. It is computed from the rules when a query or a model names it, and never stored. */
export const CALENDAR_SESSIONS = 'silver.calendar_sessions'

const DAY_MINUTES = 1440

/** Its columns with their types. */
export const SESSION_COLUMNS: readonly (readonly [name: string, sqlType: string])[] = [
  ['mic', 'VARCHAR'],
  ['session_date', 'DATE'],
  ['open', 'TIMESTAMPTZ'],
  ['close', 'TIMESTAMPTZ'],
  ['break_start', 'TIMESTAMPTZ'],
  ['break_end', 'TIMESTAMPTZ'],
  ['early_close', 'BOOLEAN'],
  ['session_number', 'INTEGER'],
]

/** Its columns, as an empty table: for checks that bind SQL and read nothing. */
export const EMPTY_SESSIONS_SQL = `SELECT ${SESSION_COLUMNS.map(([name, type]) => `NULL::${type} AS ${name}`).join(', ')} WHERE false`

/**
 * Shows the table in the catalog that a connection uses; `loadSessions` must have run on the database before. A MIC and its aliases
 * have rows of their own, so that a join by `mic` finds either. `session_number` counts the sessions of a MIC from 1 without a gap.
 */
export async function viewSessions(engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE VIEW ${CALENDAR_SESSIONS} AS SELECT mic, session_date, open, close, break_start, break_end,
    early_close, session_number FROM memory.calendars.names JOIN memory.calendars.sessions USING (calendar)`)
}

/**
 * Puts the sessions of some calendars, by MIC or alias, or of all, into the database's first catalog, whichever catalogs its connections
 * use. Each calendar once; unknown names have none. All of them take most of a second.
 */
export async function loadSessions(wanted: ReadonlySet<string> | 'all', engine: Engine): Promise<void> {
  await engine.run(`CREATE SCHEMA IF NOT EXISTS memory.calendars;
    CREATE TABLE IF NOT EXISTS memory.calendars.names AS ${namesSql()};
    CREATE TABLE IF NOT EXISTS memory.calendars.sessions (calendar VARCHAR, session_date DATE, open TIMESTAMPTZ,
      close TIMESTAMPTZ, break_start TIMESTAMPTZ, break_end TIMESTAMPTZ, early_close BOOLEAN, session_number INTEGER)`)
  const rows = await engine.rows('SELECT DISTINCT calendar FROM memory.calendars.sessions')
  const loaded = new Set(rows.map(row => row['calendar']))
  const isWanted = ({ mic, aliases }: CalendarRules): boolean =>
    wanted === 'all' || [mic, ...aliases].some(name => wanted.has(name))
  for (const rules of CALENDARS.filter(calendar => !loaded.has(calendar.mic) && isWanted(calendar)))
    await engine.run(`INSERT INTO memory.calendars.sessions ${sessionsSql(rules)}`)
}

/** The calendars that a model's rows can have: those of the project's instruments, and those that its SQL names. */
export async function calendarsFor(sql: string, engine: Engine): Promise<Set<string>> {
  const rows = await engine.rows(
    'SELECT DISTINCT calendar FROM memory.reference.instruments WHERE calendar IS NOT NULL',
  )
  return new Set([...rows.map(row => String(row['calendar'])), ...(sql.match(/\w+/g) ?? [])])
}

/** Puts the sessions of some calendars, by MIC or alias, into `work.sessions`: only those that are not there yet. Unknown names have none. */
export async function loadSessionsOf(calendars: readonly string[], engine: Engine): Promise<void> {
  await engine.run(
    `CREATE TABLE IF NOT EXISTS ${SESSIONS} (mic VARCHAR, session_date DATE, session_number INTEGER, open TIMESTAMPTZ, close TIMESTAMPTZ,
      break_start TIMESTAMPTZ, break_end TIMESTAMPTZ)`,
  )
  const loaded = new Set((await engine.rows(`SELECT DISTINCT mic FROM ${SESSIONS}`)).map(row => row['mic']))
  const lacking = calendars.filter(calendar => !loaded.has(calendar))
  if (lacking.length === 0) return
  await loadSessions(new Set(lacking), engine)
  await engine.run(`INSERT INTO ${SESSIONS} SELECT mic, session_date, session_number, open, close, break_start, break_end
    FROM memory.calendars.names JOIN memory.calendars.sessions USING (calendar)
    WHERE mic IN (${lacking.map(quoteText).join(', ')}) ORDER BY mic, session_number`)
}

function namesSql(): string {
  const rows = CALENDARS.flatMap(({ mic, aliases }) =>
    [mic, ...aliases].map(name => `(${quoteText(name)}, ${quoteText(mic)})`),
  )
  return `SELECT * FROM (VALUES ${rows.join(', ')}) AS names(mic, calendar)`
}

/** Sessions as runs of days without a gap and with the same hours, a few thousand of them: little text is parsed, and nothing joined. */
function sessionsSql(rules: CalendarRules): string {
  const table = timetable(rules)
  const { runs, hours } = runsOf(table)
  const minutes = Object.entries(hours).map(([name, values]) => `([${values.join(', ')}]::BIGINT[])[hours] AS ${name}`)
  const time = (column: string) => `make_timestamptz((day * ${DAY_MINUTES} + ${column}) * 60000000)`
  return `SELECT ${quoteText(rules.mic)}, DATE '1970-01-01' + day::INTEGER, ${time('open')}, ${time('close')},
      CASE WHEN break_start < break_end THEN ${time('break_start')} END, CASE WHEN break_start < break_end THEN ${time('break_end')} END,
      early = 1, number
    FROM (SELECT *, unnest(range(day_of_first, day_of_first + days)) AS day, unnest(range(first, first + days)) AS number
      FROM (SELECT *, ${minutes.join(', ')} FROM (SELECT ${columnsSql(runs)})))`
}

type Columns = Readonly<Record<string, readonly number[]>>

/**
 * Runs of sessions: number and day of the first, length, and which hours of `hours` they have, counted from 1. Hours are minutes from UTC midnight
 * of the date.
 */
function runsOf(table: Timetable): { readonly runs: Columns; readonly hours: Columns } {
  const { days, open, close, breakStart, breakEnd, early } = table
  const starts: number[] = []
  for (let at = 0; at < days.length; at++)
    if (at === 0 || days[at]! !== days[at - 1]! + 1 || !hasHoursOfBefore(table, at)) starts.push(at)
  const known = new Map<string, readonly number[]>()
  const hoursOf = starts.map(at => {
    const instants = [open, close, breakStart, breakEnd].map(column => column[at]! - days[at]! * DAY_MINUTES)
    const hours = [...instants, early[at]!]
    known.set(hours.join(' '), hours)
    return hours.join(' ')
  })
  const keys = [...known.keys()]
  const column = (at: number) => [...known.values()].map(hours => hours[at]!)
  return {
    runs: {
      first: starts.map(at => at + 1),
      day_of_first: starts.map(at => days[at]!),
      days: starts.map((at, run) => (starts[run + 1] ?? days.length) - at),
      hours: hoursOf.map(key => keys.indexOf(key) + 1),
    },
    hours: { open: column(0), close: column(1), break_start: column(2), break_end: column(3), early: column(4) },
  }
}

function hasHoursOfBefore({ days, open, close, breakStart, breakEnd, early }: Timetable, at: number): boolean {
  const step = (days[at]! - days[at - 1]!) * DAY_MINUTES
  return (
    open[at]! - open[at - 1]! === step &&
    close[at]! - close[at - 1]! === step &&
    breakStart[at]! - breakStart[at - 1]! === step &&
    breakEnd[at]! - breakEnd[at - 1]! === step &&
    early[at] === early[at - 1]
  )
}

/** Numbers stand in one text per column, because the engine's parser is slow on long lists. */
function columnsSql(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, values]) => `unnest(string_split('${values.join(' ')}', ' ')::BIGINT[]) AS ${name}`)
    .join(', ')
}
