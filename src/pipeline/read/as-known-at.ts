import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { parseInstant } from '../../core/instant.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { KNOWN_PREFIX } from '../../lake/catalog.js'
import type { KnownAt } from '../../lake/newest-version.js'
import type { PlannedModel } from '../derive/model-inputs.js'
import { CALENDAR_SESSIONS } from './calendar-sessions.js'

/** A question of what was known, as a user puts it. */
export interface KnowledgeQuestion {
  /** A time with its zone: silver as the world could know it then, and gold as models make it of that. A date is its start, UTC. */
  readonly asKnownAt?: string | undefined
  /** Refuses rows of which only a publication rule says when they were known. */
  readonly strict?: boolean | undefined
}

/** Reads `--as-known-at` and `--strict`. Throws SLUICE_ARGUMENT_INVALID. */
export function parseAsKnownAt({ asKnownAt, strict }: KnowledgeQuestion): KnownAt | undefined {
  if (asKnownAt === undefined && strict !== true) return undefined
  if (asKnownAt === undefined)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', '--strict goes with --as-known-at only.', {
      next: 'Say which time is meant: --as-known-at 2024-06-30 --strict',
    })
  const atMs = parseInstant(asKnownAt)
  if (atMs !== undefined) return { atMs }
  const next =
    'Write a time with its zone, as 2026-11-22T12:15:00Z, or a date. What a run or a snapshot said is --as-of.'
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', `--as-known-at is no time: "${asKnownAt.slice(0, 80)}".`, { next })
}

/**
 * Lets a question of what was known go to silver, and to gold that models make of it; reference tables and calendars hold at all times.
 * Throws SLUICE_KNOWLEDGE_UNKNOWN.
 */
export function refuseTimeless(wanted: Iterable<string>, models: readonly Pick<PlannedModel, 'table'>[]): void {
  const made = new Set(models.map(({ table }) => `gold.${table}`))
  const [first] = [...wanted].filter(name => !/^(silver|reference)\./.test(name) && !made.has(name)).sort()
  if (first === undefined) return
  throw new SluiceError(
    'SLUICE_KNOWLEDGE_UNKNOWN',
    `${first} cannot be asked as known at a time: ${whyTimeless(first)}.`,
  )
}

function whyTimeless(name: string): string {
  if (name.startsWith(KNOWN_PREFIX))
    return 'it holds gold as it was known at a time of its own, which `sluice tables` shows'
  if (name.startsWith('gold.')) return 'no model of the project makes it'
  return 'it holds what we received and did, not what was known of the market'
}

/**
 * Refuses when rows of these views count as known by a publication rule alone: nobody saw them then. Throws SLUICE_KNOWLEDGE_ASSUMED,
 * which names the table and the number of rows.
 */
export async function refuseAssumed(views: Iterable<string>, { atMs }: KnownAt, engine: Engine): Promise<void> {
  for (const name of [...views].sort()) {
    if (!name.startsWith('silver.') || name === CALENDAR_SESSIONS) continue
    const view = name.split('.').map(quoteIdent).join('.')
    const [row] = await engine.rows(`SELECT count(*) AS rows FROM ${view} WHERE _known_basis = 'rule'`)
    const rows = asNumber(row?.['rows'])
    if (rows === 0) continue
    const message = `Of ${rows} ${rows === 1 ? 'row' : 'rows'} of ${name}, the publication rule alone says that they were known by ${isoTime(atMs)}: we got them later.`
    throw new SluiceError('SLUICE_KNOWLEDGE_ASSUMED', message)
  }
}
