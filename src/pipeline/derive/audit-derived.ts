import type { Contract } from '../../contract/contract.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { type BatchProfile, judge, type Verdict } from '../../quality/gate.js'

/** The rule that no two rows of a derived table have one key. */
export const KEY_UNIQUE = 'key:unique'

/** What was counted in derived rows. */
export interface DerivedFigures {
  readonly rows: number
  /** Rows that broke a rule of severity error, and those whose key was there already. */
  readonly inError: number
  /** Rows by the rule that they broke; warnings count too. */
  readonly broken: Readonly<Record<string, number>>
}

export const NO_ROWS: DerivedFigures = { rows: 0, inError: 0, broken: {} }

/** Counts derived rows (a table with `_broken` and `_warned`) before they are written. */
export async function countDerived(derived: string, contract: Contract, engine: Engine): Promise<DerivedFigures> {
  const keys = contract.primaryKey.map(quoteIdent).join(', ')
  const [row] = await engine.rows(`SELECT count(*) AS rows, count(*) - count(DISTINCT hash(${keys})) AS twice,
      count(_broken) AS broken, count(_warned) AS warned FROM ${derived}`)
  const of = (name: string): number => asNumber(row?.[name])
  const broken = {
    ...(of('warned') > 0 && (await countRules('_warned', derived, engine))),
    ...(of('broken') > 0 && (await countRules('_broken', derived, engine))),
    ...(of('twice') > 0 && { [KEY_UNIQUE]: of('twice') }),
  }
  return { rows: of('rows'), inError: of('broken') + of('twice'), broken }
}

async function countRules(
  list: '_broken' | '_warned',
  derived: string,
  engine: Engine,
): Promise<Record<string, number>> {
  const counted = await engine.rows(
    `SELECT rule, count(*) AS rows FROM (SELECT unnest(${list}) AS rule FROM ${derived} WHERE ${list} IS NOT NULL) GROUP BY rule`,
  )
  return Object.fromEntries(counted.map(row => [String(row['rule']), asNumber(row['rows'])]))
}

/**
 * The verdict on derived rows and the figures of their checks. They have no quarantine: a single row in error holds the table back, and
 * the last good one stays.
 */
export function judgeDerived(
  { rows, broken }: DerivedFigures,
  checks: BatchProfile['checks'],
  contract: Contract,
): Verdict {
  const warns = new Set(contract.rules.filter(({ severity }) => severity === 'warn').map(({ id }) => id))
  const verdict = judge({ rowsIn: rows, quarantined: 0, broken, checks }, contract)
  const faults = Object.entries(broken).filter(([rule]) => !warns.has(rule))
  if (faults.length === 0) return verdict
  const findings = faults.map(([rule, failed]) => ({
    rule,
    severity: 'error' as const,
    failed,
    share: failed / Math.max(1, rows),
    limit: 'none',
    text: `${failed} of ${rows} derived rows break ${rule}; allowed: none`,
  }))
  return { ...verdict, verdict: 'fail', findings: [...verdict.findings, ...findings] }
}

/** What was counted in all pieces of a table. */
export function addFigures(all: readonly DerivedFigures[]): DerivedFigures {
  const broken: Record<string, number> = {}
  for (const figures of all)
    for (const [rule, rows] of Object.entries(figures.broken)) broken[rule] = (broken[rule] ?? 0) + rows
  const sum = (pick: (figures: DerivedFigures) => number) => all.reduce((total, figures) => total + pick(figures), 0)
  return { rows: sum(({ rows }) => rows), inError: sum(({ inError }) => inError), broken }
}
