import { asNumber } from '../engine/duckdb.js'
import type { Engine } from '../engine/engine.js'
import { CONFORMED } from './conform.js'
import { DECIDED } from './decided-rows.js'
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
  /** The same of rules that rows broke and that a person waived for them: these rows are not in error. */
  readonly waived: Map<string, Map<string, number>>
  /** Records about which people decided before this run, and what holds of that. */
  readonly kept: KeptDecisions
  /** Rows of earlier runs that entered silver, and those that left it. Rows in silver = all accepted + entered - left. */
  entered: number
  left: number
}

/** Records of a run about which people have decided, and whether the decision holds under the contract of today. */
export interface KeptDecisions {
  /** Released, and pass: rows by capture. */
  readonly released: Map<string, number>
  /** Discarded, and stay out. */
  discarded: number
  /** Released, and wait because they break rules that were not waived for them. */
  waiting: number
  readonly waitingFor: Set<string>
}

/**
 * Which rows the working tables hold: `new` ones of this run alone; `contested`, also earlier ones with their keys; `replaced`, all of
 * their partitions. In the last two `_own` marks those of this run.
 */
export type Scope = 'new' | 'contested' | 'replaced'

export function emptyTally(): Tally {
  const kept = { released: new Map<string, number>(), discarded: 0, waiting: 0, waitingFor: new Set<string>() }
  return { captures: new Map(), rules: new Map(), waived: new Map(), kept, entered: 0, left: 0 }
}

/** Adds what became of the run's own rows of the batch in the working tables. */
export async function countBatch(tally: Tally, scope: Scope, engine: Engine): Promise<void> {
  const rows = await engine.rows(`SELECT _capture_id,
      count(*) FILTER (WHERE _broken IS NULL AND NOT _open AND _fate IS NULL) AS accepted,
      count(*) FILTER (WHERE _fate IN ('duplicate', 'replaced')) AS duplicate,
      count(*) FILTER (WHERE _broken IS NOT NULL OR _fate = 'conflict') AS quarantined,
      count(*) FILTER (WHERE _broken IS NULL AND _open) AS not_final
    FROM (${ownRows(scope)}) GROUP BY _capture_id`)
  for (const row of rows) {
    const count = countOf(tally, String(row['_capture_id']))
    count.accepted += asNumber(row['accepted'])
    count.duplicate += asNumber(row['duplicate'])
    count.quarantined += asNumber(row['quarantined'])
    count.notFinal += asNumber(row['not_final'])
  }
  const broken = await engine.rows(`SELECT _capture_id, rule, count(*) AS rows FROM (
      SELECT _capture_id, unnest(list_concat(coalesce(_broken, []), coalesce(_warned, []))) AS rule
      FROM (${ownRows(scope)}) WHERE _broken IS NOT NULL OR _warned IS NOT NULL
      UNION ALL SELECT _capture_id, _fate FROM (${ownRows(scope)}) WHERE _fate <> 'duplicate')
    GROUP BY ALL ORDER BY ALL`)
  for (const row of broken) addRule(tally.rules, String(row['_capture_id']), String(row['rule']), asNumber(row['rows']))
  if (scope === 'contested') tally.entered += await countEntered(engine)
}

/** Adds what holds of the decisions about the run's own rows of the batch in the working tables. Needs what `noteDecided` notes. */
export async function countDecided(tally: Tally, scope: Scope, engine: Engine): Promise<void> {
  const own = ownRows(scope)
  const waived = await engine.rows(`SELECT _capture_id, rule, count(*) AS rows
    FROM (SELECT _capture_id, unnest(_waived) AS rule FROM (${own}) WHERE _broken IS NULL) GROUP BY ALL ORDER BY ALL`)
  for (const row of waived)
    addRule(tally.waived, String(row['_capture_id']), String(row['rule']), asNumber(row['rows']))
  const kept = await engine.rows(`SELECT _capture_id,
      count(DISTINCT _position) FILTER (state = 'released' AND _broken IS NULL) AS released,
      count(DISTINCT _position) FILTER (state = 'discarded') AS discarded,
      count(DISTINCT _position) FILTER (state = 'released' AND _broken IS NOT NULL) AS waiting,
      list_distinct(flatten(list(_broken) FILTER (state = 'released' AND _broken IS NOT NULL))) AS waiting_for
    FROM (${own}) JOIN ${DECIDED} USING (_capture_id, _position) GROUP BY _capture_id`)
  for (const row of kept) {
    const id = String(row['_capture_id'])
    tally.kept.released.set(id, (tally.kept.released.get(id) ?? 0) + asNumber(row['released']))
    tally.kept.discarded += asNumber(row['discarded'])
    tally.kept.waiting += asNumber(row['waiting'])
    for (const rule of (row['waiting_for'] as string[] | null) ?? []) tally.kept.waitingFor.add(rule)
  }
}

async function countEntered(engine: Engine): Promise<number> {
  const [row] = await engine.rows(
    `SELECT count(*) AS entered FROM ${CONFORMED} WHERE NOT _own AND rowid NOT IN (SELECT _row FROM ${FATES})`,
  )
  return asNumber(row?.['entered'])
}

/** What a replaced partition, of so many `rows` that `published` reads, has lost and won of earlier runs' rows. The conformed table holds what stands now. */
export async function countReplaced(tally: Tally, rows: number, published: string, engine: Engine): Promise<void> {
  const [row] = await engine.rows(`SELECT count(*) AS now, count(*) FILTER (WHERE (_capture_id, _position, _known_at) IN
      (SELECT (_capture_id, _position, _known_at) FROM (${published}))) AS stayed FROM ${CONFORMED} WHERE NOT _own`)
  tally.entered += asNumber(row?.['now']) - asNumber(row?.['stayed'])
  tally.left += rows - asNumber(row?.['stayed'])
}

/** The run's own rows with their fate. A record that a replaced partition holds twice counts once, by the better of its fates. */
function ownRows(scope: Scope): string {
  const rows = `SELECT _capture_id, _position, _broken, _waived, _warned, _open, _fate FROM ${CONFORMED} c LEFT JOIN ${FATES} f ON c.rowid = f._row`
  if (scope === 'new') return rows
  if (scope === 'contested') return `${rows} WHERE _own`
  const better = `_broken IS NOT NULL, _open, _fate IS NOT NULL, _fate = 'conflict'`
  return `${rows} WHERE _own QUALIFY row_number() OVER (PARTITION BY _capture_id, _position ORDER BY ${better}) = 1`
}

export function countOf(tally: Tally, captureId: string): CaptureCount {
  const known = tally.captures.get(captureId)
  if (known !== undefined) return known
  const fresh = { accepted: 0, duplicate: 0, quarantined: 0, notFinal: 0 }
  tally.captures.set(captureId, fresh)
  return fresh
}

export function addRule(rules: Tally['rules'], captureId: string, rule: string, rows: number): void {
  const own = rules.get(captureId) ?? new Map<string, number>()
  own.set(rule, (own.get(rule) ?? 0) + rows)
  rules.set(captureId, own)
}
