import { partitionKey } from './partition.js'
import type { DataFile, ManifestFile, PartitionSpec, Snapshot, SnapshotOperation } from './types.js'

/** A file that a snapshot adds or removes, with the spec of its partition tuple. */
export interface ChangedFile {
  readonly file: DataFile
  readonly spec: PartitionSpec
}

/**
 * A snapshot's summary. All six totals are always there: some engines fail without them. Records and files are counted from
 * the manifests, so that a predecessor without totals does no harm; the others follow the predecessor.
 */
export function summarise(change: {
  readonly operation: SnapshotOperation
  readonly added: readonly ChangedFile[]
  readonly removed: readonly ChangedFile[]
  readonly manifests: readonly ManifestFile[]
  readonly parent: Snapshot | undefined
  readonly extra: Readonly<Record<string, string>>
}): Snapshot['summary'] {
  const { added, removed, manifests, parent } = change
  const addedBytes = sum(added, file => file['file-size-in-bytes'])
  const removedBytes = sum(removed, file => file['file-size-in-bytes'])
  const data = manifests.filter(manifest => manifest.content === 'data')
  const deletes = manifests.filter(manifest => manifest.content === 'deletes')
  const inherited = (key: string) => BigInt(parent?.summary[key] ?? 0)
  const sizeBytes = inherited('total-files-size') + addedBytes - removedBytes
  return {
    ...change.extra,
    operation: change.operation,
    ...changed({
      'added-data-files': BigInt(added.length),
      'added-records': sum(added, file => file['record-count']),
      'added-files-size': addedBytes,
      'deleted-data-files': BigInt(removed.length),
      'deleted-records': sum(removed, file => file['record-count']),
      'removed-files-size': removedBytes,
      'changed-partition-count': BigInt(
        new Set([...added, ...removed].map(({ file, spec }) => partitionKey(spec, file.partition))).size,
      ),
    }),
    'total-records': String(total(data, one => one['added-rows-count'] + one['existing-rows-count'])),
    'total-data-files': String(total(data, liveCount)),
    'total-files-size': String(sizeBytes < 0n ? 0n : sizeBytes),
    'total-delete-files': String(total(deletes, liveCount)),
    'total-position-deletes': String(inherited('total-position-deletes')),
    'total-equality-deletes': String(inherited('total-equality-deletes')),
  }
}

function liveCount(manifest: ManifestFile): bigint {
  return BigInt(manifest['added-files-count'] + manifest['existing-files-count'])
}

function total(manifests: readonly ManifestFile[], count: (manifest: ManifestFile) => bigint): bigint {
  return manifests.reduce((all, manifest) => all + count(manifest), 0n)
}

function sum(files: readonly ChangedFile[], figure: (file: DataFile) => bigint): bigint {
  return files.reduce((all, { file }) => all + figure(file), 0n)
}

function changed(figures: Readonly<Record<string, bigint>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(figures)
      .filter(([, figure]) => figure !== 0n)
      .map(([key, figure]) => [key, String(figure)]),
  )
}
