import type { Snapshot, SnapshotRef, TableMetadata } from '../../iceberg/types.js'

/** Table properties (Iceberg's own): how long and how many snapshots stay. */
export const MAX_AGE = 'history.expire.max-snapshot-age-ms'
export const MIN_KEPT = 'history.expire.min-snapshots-to-keep'

/** Iceberg's defaults: five days, and the newest one always. */
const USUAL_AGE_MS = 5 * 86_400_000
const USUAL_KEPT = 1

export interface Retention {
  /** Younger snapshots stay. */
  readonly maxAgeMs: number
  /** So many of the newest of a branch stay, however old. */
  readonly minKept: number
}

/** What a person asks for, else what the table says, else what Iceberg does. */
export function retentionOf(
  properties: Readonly<Record<string, string>>,
  asked: Partial<Retention> = {},
): Retention {
  return {
    maxAgeMs: asked.maxAgeMs ?? counted(properties[MAX_AGE], 0) ?? USUAL_AGE_MS,
    minKept: asked.minKept ?? counted(properties[MIN_KEPT], 1) ?? USUAL_KEPT,
  }
}

/**
 * The snapshots that go, oldest first (Iceberg's "Snapshot Retention Policy"). Of each branch the newest stay: so many, and all that are
 * younger than the age; what a tag names stays, and what `isNeeded` says is needed, with the one before it. A ref's own limits go before
 * the table's. The current snapshot is the newest of main, so it stays always. Pure.
 */
export function chooseExpired(
  metadata: TableMetadata,
  retention: Retention,
  nowMs: number,
  isNeeded: (snapshot: Snapshot) => boolean,
): Snapshot[] {
  const byId = new Map(metadata.snapshots.map(snapshot => [snapshot['snapshot-id'], snapshot]))
  const kept = new Set<bigint>()
  for (const ref of Object.values(metadata.refs)) for (const id of keptBy(ref, byId, retention, nowMs)) kept.add(id)
  for (const snapshot of metadata.snapshots) {
    if (snapshot['timestamp-ms'] > nowMs - retention.maxAgeMs && !isAncestor(snapshot, metadata)) kept.add(snapshot['snapshot-id'])
    if (!isNeeded(snapshot)) continue
    kept.add(snapshot['snapshot-id'])
    if (snapshot['parent-snapshot-id'] !== undefined) kept.add(snapshot['parent-snapshot-id'])
  }
  return metadata.snapshots.filter(snapshot => !kept.has(snapshot['snapshot-id']))
}
