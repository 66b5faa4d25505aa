import { SluiceError } from '../core/errors.js'
import type { Lake } from '../lake/lake.js'
import type { AsOf } from '../lake/time-travel.js'
import { findRun } from './runs.js'

/** Reads `--as-of`: a snapshot id, an ISO time or a run id. Throws SLUICE_SNAPSHOT_UNKNOWN. */
export async function parseAsOf(text: string | undefined, lake: Lake): Promise<AsOf> {
  if (text === undefined) return { kind: 'now' }
  const record = await findRun(lake.store, text).catch(() => undefined)
  if (record !== undefined) {
    const snapshots = new Map(record.tables.map(table => [table.table, BigInt(table.snapshot_id)]))
    const times = await Promise.all([...snapshots.values()].map(id => snapshotTime(lake, id)))
    return {
      kind: 'run',
      snapshots,
      atMs: Math.max(Date.parse(record.finished_at), ...times.filter(time => time !== undefined)),
    }
  }
  if (/^\d{1,19}$/.test(text)) {
    const atMs = await snapshotTime(lake, BigInt(text))
    if (atMs !== undefined) return { kind: 'snapshot', id: BigInt(text), atMs }
  }
  const atMs = timeOf(text)
  if (atMs !== undefined) return { kind: 'time', atMs }
  throw new SluiceError(
    'SLUICE_SNAPSHOT_UNKNOWN',
    `"${text.slice(0, 80)}" is no snapshot id, time or run of this lake.`,
  )
}

/** Milliseconds of an ISO time or date; UTC where it names no zone. Undefined when it is none. */
export function timeOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined
  const atMs = Date.parse(/[zZ]|[+-]\d{2}:?\d{2}$/.test(text) || text.length === 10 ? text : `${text}Z`)
  return Number.isNaN(atMs) ? undefined : atMs
}

async function snapshotTime(lake: Lake, id: bigint): Promise<number | undefined> {
  for (const name of await lake.catalog.list()) {
    const table = await lake.catalog.load(name)
    const found = table?.metadata.snapshots.find(snapshot => snapshot['snapshot-id'] === id)
    if (found !== undefined) return found['timestamp-ms']
  }
  return undefined
}
