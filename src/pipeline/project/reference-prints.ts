import { sha256Hex } from '../../core/ids.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent, quoteText } from '../../engine/sql-text.js'
import type { CalendarRules } from '../../market/calendar/calendar-rules.js'
import { CALENDARS } from '../../market/calendar/registry.js'
import { timetable } from '../../market/calendar/timetable.js'
import type { PlannedModel } from '../derive/model-inputs.js'
import { CALENDAR_SESSIONS, calendarsFor } from '../read/calendar-sessions.js'

/**
 * The models with a print of all that they join beside tables of the lake: the content of each reference table by its name, in whatever order its
 * rows stand, and of the exchanges' sessions. `loadReferences` has run on the engine.
 */
export async function withReferencePrints<M extends PlannedModel>(
  models: readonly M[],
  engine: Engine,
): Promise<(M & Required<Pick<PlannedModel, 'referencePrints'>>)[]> {
  const prints = await printTables(new Set(models.flatMap(({ references }) => references)), engine)
  return Promise.all(
    models.map(async model => {
      const joined = model.references.map(name => [name, prints.get(name) ?? 'none'] as const)
      const sessions = model.joinsSessions ? [await printSessions(model, engine)] : []
      return { ...model, referencePrints: Object.fromEntries([...joined, ...sessions]) }
    }),
  )
}

/** One statement for all of them. */
async function printTables(names: ReadonlySet<string>, engine: Engine): Promise<Map<string, string>> {
  if (names.size === 0) return new Map()
  const present = await engine.rows(
    `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'memory' AND schema_name = 'reference'`,
  )
  const wanted = present.map(({ name }) => String(name)).filter(name => names.has(name.toLowerCase()))
  if (wanted.length === 0) return new Map()
  const parts = wanted.map(
    name => `SELECT ${quoteText(name.toLowerCase())} AS name, sha256(coalesce(string_agg(line, chr(10) ORDER BY line), '')) AS print
      FROM (SELECT own::VARCHAR AS line FROM memory.reference.${quoteIdent(name)} AS own)`,
  )
  const rows = await engine.rows(parts.join(' UNION ALL '))
  return new Map(rows.map(({ name, print }) => [String(name), String(print)]))
}

/** The sessions of the calendars that a model's rows can have. */
async function printSessions(model: PlannedModel, engine: Engine): Promise<readonly [string, string]> {
  const wanted = await calendarsFor(model.sql, engine)
  const own = CALENDARS.filter(({ mic, aliases }) => [mic, ...aliases].some(name => wanted.has(name)))
  return [CALENDAR_SESSIONS, printOf(own)]
}

/** By their MICs: some megabytes of text are hashed for each set of calendars, and a process has few sets. */
const PRINTS = new Map<string, string>()

function printOf(calendars: readonly CalendarRules[]): string {
  const key = calendars.map(({ mic }) => mic).join(' ')
  const known = PRINTS.get(key)
  if (known !== undefined) return known
  const inOrder = calendars.toSorted((a, b) => (a.mic < b.mic ? -1 : 1))
  const tables = inOrder.map(rules => [rules.mic, Object.values(timetable(rules)).map(numbers => numbers.join(' '))])
  const print = sha256Hex(JSON.stringify(tables))
  PRINTS.set(key, print)
  return print
}
