import type { Contract } from '../contract/contract.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'

/**
 * Sees to it that `work.sessions` holds the sessions of these calendars: `mic`, `session_date`, `session_number`, `open`, `close`,
 * `break_start`, `break_end`.
 */
export type SessionLoader = (calendars: readonly string[]) => Promise<void>

export const SESSIONS = 'work.sessions'

/** The calendars of the instruments of a table's rows, and that of the contract. */
export async function calendarsOf(table: string, contract: Contract, engine: Engine): Promise<string[]> {
  const own = contract.calendar === undefined ? [] : [contract.calendar]
  if (!hasInstruments(contract)) return own
  const found = await engine.rows(`SELECT DISTINCT calendar FROM reference.instruments
    WHERE calendar IS NOT NULL AND instrument_id IN (SELECT DISTINCT instrument_id FROM ${table})`)
  return [...new Set([...own, ...found.map(row => String(row['calendar']))])].sort()
}

/**
 * SQL of the same rows with `_calendar`, that of the instrument or of the contract, and `_session`, the number of the session of the
 * day in it. Days before a calendar begins have no calendar. `calendars` are those of the rows.
 */
export function withSessions(rows: string, contract: Contract, calendars: readonly string[]): string {
  if (calendars.length === 0) return `SELECT *, NULL::VARCHAR AS _calendar, NULL::INTEGER AS _session FROM (${rows})`
  const day = `${quoteIdent(contract.eventTime)}::DATE`
  const own = contract.calendar === undefined ? 'NULL::VARCHAR' : quoteText(contract.calendar)
  const [calendar, instruments] = hasInstruments(contract)
    ? [
        `coalesce(i.calendar, ${own})`,
        'LEFT JOIN (SELECT instrument_id, any_value(calendar) AS calendar FROM reference.instruments GROUP BY instrument_id) i USING (instrument_id)',
      ]
    : [own, '']
  return `SELECT r.* EXCLUDE (_named), CASE WHEN ${day} >= b.first_date THEN _named END AS _calendar, s.session_number AS _session
    FROM (SELECT r.*, ${calendar} AS _named FROM (${rows}) r ${instruments}) r
    LEFT JOIN (SELECT mic, min(session_date) AS first_date FROM ${SESSIONS} GROUP BY mic) b ON b.mic = _named
    LEFT JOIN ${SESSIONS} s ON s.mic = _named AND s.session_date = ${day}`
}

function hasInstruments({ columns }: Contract): boolean {
  return columns.some(({ name }) => name === 'instrument_id')
}
