import { SluiceError } from '../core/errors.js'
import { parseInstant } from '../core/instant.js'
import type { Lake } from '../lake/lake.js'
import type { AsOf } from '../lake/time-travel.js'
import { findRun } from './runs.js'

/** Reads `--as-of`: a snapshot id, a time with its zone or a date, or a run id. Throws SLUICE_SNAPSHOT_UNKNOWN. */
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
  const atMs = parseInstant(text)
  if (atMs !== undefined) return { kind: 'time', atMs }
  throw new SluiceError(
    'SLUICE_SNAPSHOT_UNKNOWN',
    `"${text.slice(0, 80)}" is no snapshot id, time or run of this lake.`,
  )
}

async function snapshotTime(lake: Lake, id: bigint): Promise<number | undefined> {
  for (const name of await lake.catalog.list()) {
    const table = await lake.catalog.load(name)
    const found = table?.metadata.snapshots.find(snapshot => snapshot['snapshot-id'] === id)
    if (found !== undefined) return found['timestamp-ms']
  }
  return undefined
}
