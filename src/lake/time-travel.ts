import { isoTime } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import type { Schema, Snapshot } from '../iceberg/types.js'
import type { LoadedTable } from './catalog.js'
import { currentSchema } from './open-table.js'
import { currentSnapshot, snapshotById } from './scan.js'

/** A moment to look at a lake: now, a snapshot id, a time (ms), or the snapshots that a run's record names. */
export type AsOf =
  | { readonly kind: 'now' }
  | { readonly kind: 'snapshot'; readonly id: bigint; readonly atMs: number }
  | { readonly kind: 'time'; readonly atMs: number }
  /** `snapshots` by table and major, as `silver.bars_v1`; a table that the run did not change is as it was at the time. */
  | { readonly kind: 'run'; readonly snapshots: ReadonlyMap<string, bigint>; readonly atMs: number }

/** A table as it was: the snapshot, and the schema its rows are read with. No snapshot: the table was empty then. */
export interface TableState {
  readonly snapshot: Snapshot | undefined
  readonly schema: Schema
}

/** Throws SLUICE_SNAPSHOT_EXPIRED when what is asked for is no longer kept: it must not come out as an empty table. */
export function stateAsOf(table: LoadedTable, asOf: AsOf): TableState {
  if (asOf.kind === 'now') return { snapshot: currentSnapshot(table), schema: currentSchema(table) }
  const named =
    asOf.kind === 'snapshot'
      ? snapshotById(table, asOf.id)
      : asOf.kind === 'run'
        ? snapshotNamed(table, asOf.snapshots)
        : undefined
  const snapshot = named ?? snapshotAt(table, asOf.atMs)
  const schema = table.metadata.schemas.find(candidate => candidate['schema-id'] === snapshot?.['schema-id'])
  return { snapshot, schema: schema ?? currentSchema(table) }
}

function snapshotNamed(table: LoadedTable, snapshots: ReadonlyMap<string, bigint>): Snapshot | undefined {
  const { layer, dataset, major } = table.name
  const id = snapshots.get(`${layer}.${dataset}_v${major}`)
  const snapshot = id === undefined ? undefined : snapshotById(table, id)
  if (id !== undefined && snapshot === undefined) throw expired(table)
  return snapshot
}

/** The snapshot that was current at a time: the last entry of the log not after it. */
function snapshotAt(table: LoadedTable, atMs: number): Snapshot | undefined {
  const entry = table.metadata['snapshot-log'].filter(logged => logged['timestamp-ms'] <= atMs).at(-1)
  if (entry === undefined && isCut(table)) throw expired(table)
  return entry === undefined ? undefined : snapshotById(table, entry['snapshot-id'])
}

/** Whether there were snapshots before the first that the log still has. */
function isCut(table: LoadedTable): boolean {
  const first = table.metadata['snapshot-log'][0]
  const parent = first === undefined ? undefined : snapshotById(table, first['snapshot-id'])?.['parent-snapshot-id']
  return parent !== undefined && snapshotById(table, parent) === undefined
}

function expired({ name, metadata }: LoadedTable): SluiceError {
  const first = metadata['snapshot-log'][0]
  const since = first === undefined ? '' : ` Its history begins at ${isoTime(first['timestamp-ms'])}.`
  const message = `The snapshot of ${name.layer}.${name.dataset} that was asked for has been expired.${since} Nothing was read.`
  return new SluiceError('SLUICE_SNAPSHOT_EXPIRED', message)
}
