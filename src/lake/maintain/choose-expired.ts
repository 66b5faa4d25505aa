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
export function retentionOf(properties: Readonly<Record<string, string>>, asked: Partial<Retention> = {}): Retention {
  return {
    maxAgeMs: asked.maxAgeMs ?? counted(properties[MAX_AGE], 0) ?? USUAL_AGE_MS,
    minKept: asked.minKept ?? counted(properties[MIN_KEPT], 1) ?? USUAL_KEPT,
  }
}

/**
 * The snapshots that go, oldest first (Iceberg's "Snapshot Retention Policy"). What is younger than the age stays, of each branch the newest
 * so many, what a tag names, and what `isNeeded` says is needed, with the one before it. A branch's own limits go before the table's. The
 * current snapshot is the newest of main, so it stays always. Pure.
 */
export function chooseExpired(
  metadata: TableMetadata,
  retention: Retention,
  nowMs: number,
  isNeeded: (snapshot: Snapshot) => boolean = () => false,
): Snapshot[] {
  const byId = new Map(metadata.snapshots.map(snapshot => [snapshot['snapshot-id'], snapshot]))
  const kept = new Set<bigint | undefined>()
  for (const ref of Object.values(metadata.refs)) for (const id of keptBy(ref, byId, retention, nowMs)) kept.add(id)
  for (const snapshot of metadata.snapshots) {
    if (snapshot['timestamp-ms'] > nowMs - retention.maxAgeMs) kept.add(snapshot['snapshot-id'])
    if (isNeeded(snapshot)) kept.add(snapshot['snapshot-id']).add(snapshot['parent-snapshot-id'])
  }
  return metadata.snapshots.filter(snapshot => !kept.has(snapshot['snapshot-id']))
}

function keptBy(ref: SnapshotRef, byId: ReadonlyMap<bigint, Snapshot>, retention: Retention, nowMs: number): bigint[] {
  const kept: bigint[] = []
  const minKept = ref.type === 'tag' ? 1 : Math.max(1, ref['min-snapshots-to-keep'] ?? retention.minKept)
  const since =
    ref.type === 'tag' ? Number.POSITIVE_INFINITY : nowMs - (ref['max-snapshot-age-ms'] ?? retention.maxAgeMs)
  let snapshot = byId.get(ref['snapshot-id'])
  while (snapshot !== undefined && (kept.length < minKept || snapshot['timestamp-ms'] > since)) {
    kept.push(snapshot['snapshot-id'])
    const parent: bigint | undefined = snapshot['parent-snapshot-id']
    snapshot = parent === undefined ? undefined : byId.get(parent)
  }
  return kept
}

function counted(text: string | undefined, least: number): number | undefined {
  const count = Number(text ?? Number.NaN)
  return Number.isSafeInteger(count) && count >= least ? count : undefined
}
