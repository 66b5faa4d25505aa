import { SluiceError } from '../core/errors.js'
import type { Snapshot, TableMetadata } from './types.js'
import type { UpdateOf } from './update.js'

export type SnapshotUpdate = UpdateOf<
  | 'add-snapshot'
  | 'set-snapshot-ref'
  | 'remove-snapshots'
  | 'remove-snapshot-ref'
  | 'set-statistics'
  | 'remove-statistics'
  | 'set-partition-statistics'
  | 'remove-partition-statistics'
>

/** Applies one update to snapshots, refs or their statistics. The snapshot log is the caller's. */
export function applySnapshotUpdate(current: TableMetadata, update: SnapshotUpdate): TableMetadata {
  switch (update.action) {
    case 'add-snapshot':
      return withSnapshot(current, update.snapshot)
    case 'set-snapshot-ref':
      return withRef(current, update)
    case 'remove-snapshots':
      return withoutSnapshots(current, new Set(update['snapshot-ids']))
    case 'remove-snapshot-ref':
      return { ...current, refs: keepRefs(current, name => name !== update['ref-name']) }
    case 'set-statistics':
      return { ...current, statistics: [...otherThan(current.statistics, update['snapshot-id']), update.statistics] }
    case 'remove-statistics':
      return { ...current, statistics: otherThan(current.statistics, update['snapshot-id']) }
    case 'set-partition-statistics': {
      const added = update['partition-statistics']
      const others = otherThan(current['partition-statistics'], snapshotOf(added))
      return { ...current, 'partition-statistics': [...others, added] }
    }
    case 'remove-partition-statistics': {
      const others = otherThan(current['partition-statistics'], update['snapshot-id'])
      return { ...current, 'partition-statistics': others }
    }
  }
}

function withSnapshot(current: TableMetadata, snapshot: Snapshot): TableMetadata {
  return {
    ...current,
    snapshots: [...current.snapshots, snapshot],
    'last-sequence-number': snapshot['sequence-number'],
    'last-updated-ms': Math.max(current['last-updated-ms'], snapshot['timestamp-ms']),
  }
}

function withRef(current: TableMetadata, update: UpdateOf<'set-snapshot-ref'>): TableMetadata {
  const { action: _action, 'ref-name': name, ...ref } = update
  if (name === 'main' && ref.type !== 'branch') {
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', 'main must be a branch, not a tag. Nothing was changed.')
  }
  return { ...current, refs: { ...current.refs, [name]: ref } }
}

function withoutSnapshots(current: TableMetadata, removed: ReadonlySet<bigint>): TableMetadata {
  const keeps = (id: bigint | undefined) => id === undefined || !removed.has(id)
  return {
    ...current,
    snapshots: current.snapshots.filter(snapshot => keeps(snapshot['snapshot-id'])),
    refs: keepRefs(current, name => keeps(current.refs[name]!['snapshot-id'])),
    statistics: current.statistics.filter(one => keeps(snapshotOf(one))),
    'partition-statistics': current['partition-statistics'].filter(one => keeps(snapshotOf(one))),
  }
}

function keepRefs(current: TableMetadata, keeps: (name: string) => boolean): TableMetadata['refs'] {
  return Object.fromEntries(Object.entries(current.refs).filter(([name]) => keeps(name)))
}

function otherThan(statistics: readonly unknown[], id: bigint | undefined): unknown[] {
  return statistics.filter(one => snapshotOf(one) !== id)
}

/** Statistics are kept as they came, so a small id may still be a number. */
function snapshotOf(statistics: unknown): bigint | undefined {
  const id = (statistics as { 'snapshot-id'?: bigint | number } | null)?.['snapshot-id']
  return id === undefined ? undefined : BigInt(id)
}
