import type { Contract } from '../contract/contract.js'
import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { quoteIdent } from '../engine/sql-text.js'
import { judge, type Verdict } from '../quality/gate.js'

/** Audits derived rows (a table with `_broken`) before they are written. */
export async function auditDerived(derived: string, contract: Contract, engine: Engine): Promise<Verdict> {
  return judgeDerived(await profileDerived(derived, contract, engine), contract)
}

async function profileDerived(
  derived: string,
  contract: Contract,
  engine: Engine,
): Promise<{ rows: number; twice: number; broken: Record<string, number> }> {
  const keys = contract.primaryKey.map(quoteIdent).join(', ')
  const [row] = await engine.rows(
    `SELECT count(*) AS rows, count(*) - count(DISTINCT hash(${keys})) AS twice, count(_broken) AS broken FROM ${derived}`,
  )
  const profile = { rows: asNumber(row?.['rows']), twice: asNumber(row?.['twice']) }
  if (asNumber(row?.['broken']) === 0) return { ...profile, broken: {} }
  const rules = await engine.rows(
    `SELECT unnest(_broken) AS rule, count(*) AS rows FROM ${derived} WHERE _broken IS NOT NULL GROUP BY rule`,
  )
  return { ...profile, broken: Object.fromEntries(rules.map(rule => [String(rule['rule']), asNumber(rule['rows'])])) }
}

/** Derived rows have no quarantine: a single row in error holds the table back, and the last good one stays. */
function judgeDerived(
  profile: { rows: number; twice: number; broken: Record<string, number> },
  contract: Contract,
): Verdict {
  const verdict = judge({ rowsIn: profile.rows, quarantined: 0, broken: profile.broken, checks: {} }, contract)
  const faults = Object.entries({ ...profile.broken, 'key:unique': profile.twice }).filter(([, rows]) => rows > 0)
  if (faults.length === 0) return verdict
  const findings = faults.map(([rule, failed]) => ({
    rule,
    severity: 'error' as const,
    failed,
    share: failed / Math.max(1, profile.rows),
    limit: 'none',
    text: `${failed} of ${profile.rows} derived rows break ${rule}; allowed: none`,
  }))
  return { verdict: 'fail', findings: [...verdict.findings, ...findings] }
}
