import { SluiceError } from '../../core/errors.js'
import { parseInstant } from '../../core/instant.js'
import type { Lake } from '../../lake/lake.js'
import type { AsOf } from '../../lake/time-travel.js'
import { findRun } from '../record/runs.js'

/** Reads `--as-of`: a snapshot id, a time with its zone or a date, or a run id. Throws SLUICE_SNAPSHOT_UNKNOWN. */
export async function parseAsOf(text: string | undefined, lake: Lake): Promise<AsOf> {
  if (text === undefined) return { kind: 'now' }
  const record = await findRun(lake.store, text).catch(() => undefined)
  if (record !== undefined) {
    const snapshots = new Map(record.tables.map(table => [table.table, BigInt(table.snapshot_id)]))
    const known = await snapshotTimes(lake)
    const times = [...snapshots.values()].flatMap(id => known.get(id) ?? [])
    const expired = new Set([...snapshots].filter(([, id]) => !known.has(id)).map(([table]) => table))
    return { kind: 'run', snapshots, expired, atMs: Math.max(Date.parse(record.finished_at), ...times) }
  }
  if (/^\d{1,19}$/.test(text)) {
    const atMs = (await snapshotTimes(lake)).get(BigInt(text))
    if (atMs !== undefined) return { kind: 'snapshot', id: BigInt(text), atMs }
  }
  const atMs = parseInstant(text)
  if (atMs !== undefined) return { kind: 'time', atMs }
  throw new SluiceError(
    'SLUICE_SNAPSHOT_UNKNOWN',
    `"${text.slice(0, 80)}" is no snapshot id, time or run of this lake, or the snapshot has been expired.`,
  )
}

/** When each snapshot that is kept was committed, by its id, of all tables. */
async function snapshotTimes(lake: Lake): Promise<Map<bigint, number>> {
  const tables = await Promise.all((await lake.catalog.list()).map(name => lake.catalog.load(name)))
  const snapshots = tables.flatMap(table => table?.metadata.snapshots ?? [])
  return new Map(snapshots.map(snapshot => [snapshot['snapshot-id'], snapshot['timestamp-ms']]))
}
