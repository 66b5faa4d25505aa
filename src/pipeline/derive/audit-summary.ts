import type { Snapshot } from '../../iceberg/types.js'
import type { BatchProfile } from '../../quality/gate.js'
import type { DerivedFigures } from './audit-derived.js'

/** In the summary of a snapshot of a derived table, as JSON: what its gate looked at. A run that is taken up again tells the same of it. */
export const AUDIT = 'sluice.audit'

/** What a gate looked at of derived rows. */
export interface AuditFigures {
  readonly figures: DerivedFigures
  readonly checks: BatchProfile['checks']
}

export function auditSummary({ figures, checks }: AuditFigures): Readonly<Record<string, string>> {
  return { [AUDIT]: JSON.stringify({ figures, checks }) }
}

/** Undefined for a snapshot of an earlier release. */
export function auditOf({ summary }: Snapshot): AuditFigures | undefined {
  const text = summary[AUDIT]
  return text === undefined ? undefined : (JSON.parse(text) as AuditFigures)
}
