import { SluiceError } from '../../core/errors.js'
import { isRunId } from '../../core/ids.js'
import { parseInstant } from '../../core/instant.js'
import type { TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { snapshotById } from '../../lake/scan.js'
import { tableKey } from '../../lake/table-location.js'
import type { AsOf } from '../../lake/time-travel.js'
import type { RunRecord } from '../record/run-record.js'
import { findRun } from '../record/runs.js'

/**
 * Reads `--as-of`: a snapshot id, a time with its zone or a date, or a run id. Of a run its record says all. A snapshot is looked for in the tables that
 * are `meant`, and in the others only where it is of none of them. Throws SLUICE_SNAPSHOT_UNKNOWN.
 */
export async function parseAsOf(
  text: string | undefined,
  lake: Lake,
  meant: () => Promise<readonly TableName[]> = () => lake.catalog.names(),
): Promise<AsOf> {
  if (text === undefined) return { kind: 'now' }
  const record = isRunId(text) ? await findRun(lake.store, text).catch(() => undefined) : undefined
  if (record !== undefined) return asOfRun(record)
  if (/^\d{1,19}$/.test(text)) {
    const id = BigInt(text)
    const own = await meant()
    const committedMs = (await committedAt(id, own, lake)) ?? (await committedAt(id, await others(own, lake), lake))
    if (committedMs !== undefined) return { kind: 'snapshot', id, atMs: committedMs }
  }
  const atMs = parseInstant(text)
  if (atMs !== undefined) return { kind: 'time', atMs }
  throw new SluiceError(
    'SLUICE_SNAPSHOT_UNKNOWN',
    `"${text.slice(0, 80)}" is no snapshot id, time or run of this lake, or the snapshot has been expired.`,
  )
}

function asOfRun({ tables, finished_at }: RunRecord): AsOf {
  const snapshots = new Map(
    tables.map(table => [`${table.table}_v${majorOf(table.contract_version)}`, BigInt(table.snapshot_id)]),
  )
  // Commits are in order of time whatever the clock says: one may be later than the end of its run.
  const times = [finished_at, ...tables.flatMap(({ committed_at }) => committed_at ?? [])].map(time => Date.parse(time))
  return { kind: 'run', snapshots, atMs: Math.max(...times) }
}

/** Of `1.2.0`, or of `v1`, as records of tables without the property have it. */
function majorOf(version: string): string {
  return /\d+/.exec(version)?.[0] ?? ''
}

/** When the snapshot was committed, where one of some tables has it. */
async function committedAt(id: bigint, names: readonly TableName[], lake: Lake): Promise<number | undefined> {
  const tables = await Promise.all(names.map(name => lake.catalog.load(name)))
  const found = tables.flatMap(table => (table === undefined ? [] : (snapshotById(table, id) ?? [])))
  return found[0]?.['timestamp-ms']
}

async function others(meant: readonly TableName[], lake: Lake): Promise<TableName[]> {
  const known = new Set(meant.map(tableKey))
  return (await lake.catalog.names()).filter(name => !known.has(tableKey(name)))
}
