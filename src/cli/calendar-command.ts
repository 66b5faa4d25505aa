import { SluiceError } from '../core/errors.js'
import { type Calendar, calendar } from '../market/calendar/calendar.js'
import { CALENDARS } from '../market/calendar/registry.js'
import { wantsJson, writeJson } from './output-kind.js'
import { calendarsCsv, calendarsText, sessionsCsv, sessionsJson, sessionsText } from './render-calendar.js'
import type { Terminal } from './terminal.js'

/** `sluice calendar [MIC PERIOD]`: the calendars, or the sessions of one. */
export async function calendarCommand(
  mic: string | undefined,
  period: string | undefined,
  options: { readonly output?: string },
  terminal: Terminal,
): Promise<number> {
  const json = wantsJson(options.output, ['table', 'json', 'csv'])
  if (mic === undefined) {
    if (json)
      writeJson(
        terminal,
        CALENDARS.map(({ mic, name, aliases, zone, from, until }) => ({ mic, name, aliases, zone, from, until })),
      )
    else if (options.output === 'csv') terminal.write(calendarsCsv(CALENDARS))
    else terminal.write(calendarsText(CALENDARS, terminal))
    return 0
  }
  const { sessions, ...found } = sessionsIn(calendar(mic), period)
  if (json) writeJson(terminal, { ...found, sessions: sessions.map(sessionsJson) })
  else if (options.output === 'csv') terminal.write(sessionsCsv(found.mic, sessions))
  else terminal.write(sessionsText(sessions, terminal))
  return 0
}

function sessionsIn(found: Calendar, period: string | undefined) {
  const [from, to] = boundsOf(period)
  const { mic, zone } = found
  return { mic, zone, from, to, sessions: found.sessions(from, to) }
}

/** `2024`, or two dates with `..` between. */
function boundsOf(period: string | undefined): [string, string] {
  if (period !== undefined && /^\d{4}$/.test(period)) return [`${period}-01-01`, `${period}-12-31`]
  const [from = '', to = '', ...more] = period?.split('..') ?? []
  if (from !== '' && to !== '' && more.length === 0 && from <= to) return [from, to]
  const message =
    period === undefined
      ? 'Say which sessions: a year, or two dates.'
      : `"${period}" is neither a year nor two dates, the earlier first.`
  const next = 'Example: sluice calendar XWAR 2024, or sluice calendar XWAR 2024-05-01..2024-05-31'
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next })
}
