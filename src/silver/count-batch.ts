import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { CONFORMED } from './conform.js'
import { FATES } from './resolve-keys.js'

/** What became of the records of one capture. Rows of one capture land in exactly one of the figures. */
export interface CaptureCount {
  accepted: number
  duplicate: number
  quarantined: number
  notFinal: number
}

export interface Tally {
  readonly captures: Map<string, CaptureCount>
  /** Rows per capture and broken rule; a row that breaks two rules counts twice. Warnings count too. */
  readonly rules: Map<string, Map<string, number>>
}

export function emptyTally(): Tally {
  return { captures: new Map(), rules: new Map() }
}

/** Adds what became of the rows of the batch in the working tables. */
export async function countBatch(tally: Tally, engine: Engine): Promise<void> {
  const rows = await engine.rows(`SELECT _capture_id,
      count(*) FILTER (WHERE _broken IS NULL AND NOT _open AND _fate IS NULL) AS accepted,
      count(*) FILTER (WHERE _fate IN ('duplicate', 'replaced')) AS duplicate,
      count(*) FILTER (WHERE _broken IS NOT NULL OR _fate = 'conflict') AS quarantined,
      count(*) FILTER (WHERE _broken IS NULL AND _open) AS not_final
    FROM ${CONFORMED} c LEFT JOIN ${FATES} f ON c.rowid = f._row GROUP BY _capture_id`)
  for (const row of rows) {
    const count = countOf(tally, String(row['_capture_id']))
    count.accepted += asNumber(row['accepted'])
    count.duplicate += asNumber(row['duplicate'])
    count.quarantined += asNumber(row['quarantined'])
    count.notFinal += asNumber(row['not_final'])
  }
  const broken = await engine.rows(`SELECT _capture_id, rule, count(*) AS rows FROM (
      SELECT _capture_id, unnest(list_concat(coalesce(_broken, []), coalesce(_warned, []))) AS rule FROM ${CONFORMED} WHERE _broken IS NOT NULL OR _warned IS NOT NULL
      UNION ALL SELECT c._capture_id, f._fate FROM ${CONFORMED} c JOIN ${FATES} f ON c.rowid = f._row WHERE f._fate <> 'duplicate')
    GROUP BY ALL ORDER BY ALL`)
  for (const row of broken) addRule(tally, String(row['_capture_id']), String(row['rule']), asNumber(row['rows']))
}

export function countOf(tally: Tally, captureId: string): CaptureCount {
  const known = tally.captures.get(captureId)
  if (known !== undefined) return known
  const fresh = { accepted: 0, duplicate: 0, quarantined: 0, notFinal: 0 }
  tally.captures.set(captureId, fresh)
  return fresh
}

export function addRule(tally: Tally, captureId: string, rule: string, rows: number): void {
  const own = tally.rules.get(captureId) ?? new Map<string, number>()
  own.set(rule, (own.get(rule) ?? 0) + rows)
  tally.rules.set(captureId, own)
}
