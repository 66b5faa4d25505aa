import { asNumber } from '../../engine/duckdb.js'
import type { Engine, SqlRow } from '../../engine/engine.js'
import { instant, quoteText } from '../../engine/sql-text.js'
import { USAGE_FIGURES, type Usage, usageOf } from '../../finops/usage.js'

export const COST_KEYS = ['pipe', 'dataset', 'day'] as const
export type CostKey = (typeof COST_KEYS)[number]

/** Which runs count: those that began at or after `sinceMs` and before `untilMs`. */
export interface Which {
  readonly run?: string
  readonly pipe?: string
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** What runs booked, and how many they are. */
export interface Booked {
  readonly runs: number
  readonly usage: Usage
}

/** Null: of no pipe, as a run that only derives. */
export interface BookedRow extends Booked {
  readonly keys: Partial<Readonly<Record<CostKey, string | null>>>
}

/** What runs booked, by keys and in all, in one statement. The rows' usage adds up to the total's. The engine has the view `ledger.usage`. */
export async function sumLedger(
  by: readonly CostKey[],
  which: Which,
  engine: Engine,
): Promise<{ readonly rows: readonly BookedRow[]; readonly total: Booked }> {
  const found = await engine.rows(groupedSql(by, conditions(which)))
  const isTotal = (row: SqlRow) => asNumber(row['whole']) === 1
  return {
    rows: found.filter(row => !isTotal(row)).map(row => ({ keys: keysOf(row, by), ...bookedOf(row) })),
    total: bookedOf(found.find(isTotal) ?? {}),
  }
}

/** `whole` is 1 in the row of the total. */
function groupedSql(by: readonly CostKey[], where: readonly string[]): string {
  const keys = by.map(key => `"${key}"`)
  const whole = by.length === 0 ? '1' : `(grouping(${keys.join(', ')}) > 0)::INTEGER`
  const sums = USAGE_FIGURES.map(name => `coalesce(sum(${name}), 0)::BIGINT AS ${name}`)
  return `SELECT ${[...keys, `${whole} AS whole`, 'count(DISTINCT run_id) AS runs', ...sums].join(', ')}
    FROM (SELECT * REPLACE (strftime("day", '%Y-%m-%d') AS "day") FROM ledger.usage)
    ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
    GROUP BY GROUPING SETS (${by.length === 0 ? '' : `(${keys.join(', ')}), `}())
    ORDER BY ${['whole', ...keys.map(key => `${key} NULLS LAST`)].join(', ')}`
}

function conditions({ run, pipe, sinceMs, untilMs }: Which): string[] {
  return [
    ...(run === undefined ? [] : [`run_id = ${quoteText(run)}`]),
    ...(pipe === undefined ? [] : [`pipe = ${quoteText(pipe)}`]),
    ...(sinceMs === undefined ? [] : [`started_at >= ${instant(sinceMs)}`]),
    ...(untilMs === undefined ? [] : [`started_at < ${instant(untilMs)}`]),
  ]
}

function bookedOf(row: SqlRow): Booked {
  return { runs: asNumber(row['runs']), usage: usageOf(name => asNumber(row[name])) }
}

function keysOf(row: SqlRow, by: readonly CostKey[]): BookedRow['keys'] {
  return Object.fromEntries(by.map(key => [key, row[key] === null ? null : String(row[key])]))
}
