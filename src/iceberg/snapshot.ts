import { SluiceError } from '../core/errors.js'
import { sha256Hex } from '../core/ids.js'
import { type ManifestContent, writeManifest } from './manifest.js'
import { manifestFileOf } from './manifest-file.js'
import { writeManifestList } from './manifest-list.js'
import { hasLiveFiles, MERGED_BYTES, mergeGroups } from './manifest-plan.js'
import { inheritEntries } from './scan.js'
import { type ChangedFile, summarise } from './snapshot-summary.js'
import type {
  DataFile,
  ManifestEntry,
  ManifestFile,
  PartitionSpec,
  Schema,
  Snapshot,
  SnapshotOperation,
  TableMetadata,
} from './types.js'

export interface SnapshotChange {
  readonly metadata: TableMetadata
  readonly operation: SnapshotOperation
  /** Files written with the default partition spec. */
  readonly added: readonly DataFile[]
  /** Paths of live data files that this snapshot takes out. */
  readonly removed: ReadonlySet<string>
  /** The manifests of the branch's head; none for a first snapshot. */
  readonly manifests: readonly ManifestFile[]
  /** Entries as read, by manifest path, of at least the manifests that `manifestsToRead` names. */
  readonly entries: ReadonlyMap<string, readonly ManifestEntry[]>
  readonly snapshotId: bigint
  /** Names the new files; a further try needs another one. */
  readonly commitUuid: string
  readonly timestampMs: number
  /** Further summary pairs, such as the run id. */
  readonly summary: Readonly<Record<string, string>>
  readonly branch?: string
  /** Compaction: the added files hold rows as old as this sequence number. */
  readonly dataSequenceNumber?: bigint
  /** So many small manifests are merged; undefined: as many as a usual commit waits for. */
  readonly mergeFrom?: number | undefined
}

export type SnapshotOutcome =
  | {
      readonly outcome: 'produced'
      /** All new files, the manifest list last; paths begin with the table's location. */
      readonly files: readonly { readonly path: string; readonly bytes: Buffer }[]
      readonly snapshot: Snapshot
    }
  /** Some files to remove are not live in the manifests given: they were removed by another commit, or never there. */
  | { readonly outcome: 'missing'; readonly paths: readonly string[] }

/**
 * The next snapshot of a branch: its manifests, manifest list and entry in the metadata. Untouched manifests are reused; those
 * with removed files are rewritten; many small ones are merged. Throws SLUICE_INTERNAL for an added file that is empty or named twice.
 */
export function produceSnapshot(change: SnapshotChange): SnapshotOutcome {
  refuseUnfit(change.added)
  const rewritten = rewriteManifests(change)
  const found = new Set(rewritten.removed.map(({ file }) => file['file-path']))
  const missing = [...change.removed].filter(path => !found.has(path))
  if (missing.length > 0) return { outcome: 'missing', paths: missing }

  const writer = manifestWriter(change)
  const spec = specOf(change.metadata, change.metadata['default-spec-id'])
  const added =
    change.added.length === 0
      ? []
      : [
          writer.write(
            spec,
            change.added.map(file => addedEntry(file, change)),
          ),
        ]
  const changed = rewritten.manifests.map(({ spec: own, entries }) => writer.write(own, entries))
  const merged = mergeSmall(change, rewritten.kept, writer.write)
  const manifests = [...added, ...changed, ...merged]
  const list = writeManifestList({
    manifests,
    snapshotId: change.snapshotId,
    parentSnapshotId: parentOf(change),
    sequenceNumber: nextSequence(change),
  })
  const snapshot = describe(
    change,
    { manifests, path: listPath(change, list) },
    change.added.map(file => ({ file, spec })),
    rewritten.removed,
  )
  const files = [...writer.files, { path: snapshot['manifest-list'], bytes: list }]
  return { outcome: 'produced', files, snapshot }
}

interface RewrittenManifest {
  readonly spec: PartitionSpec
  readonly entries: readonly ManifestEntry[]
  /** Of the manifests that held the entries before. */
  readonly sizeBytes: bigint
}

interface RewrittenManifests {
  /** The new content of manifests that held removed files. */
  readonly manifests: readonly RewrittenManifest[]
  /** Manifests that stay as they are. */
  readonly kept: readonly ManifestFile[]
  readonly removed: readonly ChangedFile[]
}

function rewriteManifests(change: SnapshotChange): RewrittenManifests {
  const manifests: RewrittenManifest[] = []
  const kept: ManifestFile[] = []
  const removed: ChangedFile[] = []
  const isRemoved = (entry: ManifestEntry) => change.removed.has(entry['data-file']['file-path'])
  for (const manifest of change.manifests) {
    if (manifest.content === 'data' && !hasLiveFiles(manifest)) continue
    const live = liveEntries(change, manifest) ?? []
    const dropped = live.filter(isRemoved)
    if (manifest.content === 'deletes' || dropped.length === 0) {
      kept.push(manifest)
      continue
    }
    const spec = specOf(change.metadata, manifest['partition-spec-id'])
    removed.push(...dropped.map(entry => ({ file: entry['data-file'], spec })))
    manifests.push({
      spec,
      sizeBytes: manifest['manifest-length'],
      entries: live.map(entry => ({ ...entry, status: isRemoved(entry) ? 'deleted' : 'existing' })),
    })
  }
  return { manifests: joined(manifests), kept, removed }
}

/** Rewritten manifests come out as few as can be: a change of a thousand small ones would leave a thousand to read. */
function joined(manifests: readonly RewrittenManifest[]): RewrittenManifest[] {
  const bins: { spec: PartitionSpec; sizeBytes: bigint; entries: ManifestEntry[] }[] = []
  for (const { spec, sizeBytes, entries } of manifests) {
    const bin = bins.findLast(candidate => candidate.spec['spec-id'] === spec['spec-id'])
    if (bin === undefined || bin.sizeBytes + sizeBytes > MERGED_BYTES)
      bins.push({ spec, sizeBytes, entries: [...entries] })
    else {
      bin.entries.push(...entries)
      bin.sizeBytes += sizeBytes
    }
  }
  return bins
}

/** Groups whose entries were not read stay as they are. */
function mergeSmall(
  change: SnapshotChange,
  kept: readonly ManifestFile[],
  write: ManifestWriter['write'],
): ManifestFile[] {
  const replaced = new Map<ManifestFile, ManifestFile | undefined>()
  for (const group of mergeGroups(kept, change.mergeFrom)) {
    const entries = group.map(manifest => liveEntries(change, manifest))
    if (entries.includes(undefined)) continue
    const existing = entries.flatMap(part => part!).map(entry => ({ ...entry, status: 'existing' as const }))
    const merged = write(specOf(change.metadata, group[0]!['partition-spec-id']), existing)
    for (const manifest of group) replaced.set(manifest, manifest === group[0] ? merged : undefined)
  }
  return kept
    .map(manifest => (replaced.has(manifest) ? replaced.get(manifest) : manifest))
    .filter(manifest => manifest !== undefined)
}

interface ManifestWriter {
  readonly files: readonly { readonly path: string; readonly bytes: Buffer }[]
  write(spec: PartitionSpec, entries: readonly ManifestEntry[]): ManifestFile
}

function manifestWriter(change: SnapshotChange): ManifestWriter {
  const files: { path: string; bytes: Buffer }[] = []
  const schema = currentSchema(change.metadata)
  return {
    files,
    write(spec, entries) {
      const content: ManifestContent = { schema, spec, content: 'data', entries, snapshotId: change.snapshotId }
      const bytes = writeManifest(content)
      const name = `${change.commitUuid}-${shortHash(bytes)}-m${files.length}.avro`
      const path = `${change.metadata.location}/metadata/${name}`
      files.push({ path, bytes })
      return manifestFileOf({ ...content, path, sizeBytes: bytes.length, sequenceNumber: nextSequence(change) })
    },
  }
}

function describe(
  change: SnapshotChange,
  list: { readonly manifests: readonly ManifestFile[]; readonly path: string },
  added: readonly ChangedFile[],
  removed: readonly ChangedFile[],
): Snapshot {
  const { metadata, snapshotId } = change
  const parentId = parentOf(change)
  const parent = metadata.snapshots.find(snapshot => snapshot['snapshot-id'] === parentId)
  const extra = change.summary
  return {
    'snapshot-id': snapshotId,
    ...(parentId === undefined ? {} : { 'parent-snapshot-id': parentId }),
    'sequence-number': nextSequence(change),
    'timestamp-ms': Math.max(change.timestampMs, metadata['last-updated-ms']),
    'manifest-list': list.path,
    summary: summarise({ operation: change.operation, added, removed, manifests: list.manifests, parent, extra }),
    'schema-id': metadata['current-schema-id'],
  }
}

function addedEntry(file: DataFile, change: SnapshotChange): ManifestEntry {
  return {
    status: 'added',
    'snapshot-id': change.snapshotId,
    'sequence-number': change.dataSequenceNumber ?? null,
    'file-sequence-number': null,
    'data-file': file,
  }
}

function liveEntries(change: SnapshotChange, manifest: ManifestFile): ManifestEntry[] | undefined {
  const entries = change.entries.get(manifest['manifest-path'])
  return entries && inheritEntries(entries, manifest).filter(entry => entry.status !== 'deleted')
}

function parentOf({ metadata, branch = 'main' }: SnapshotChange): bigint | undefined {
  return metadata.refs[branch]?.['snapshot-id']
}

/** As other writers name it, and with the hash of its bytes, as the names of data files have it: a changed bit is found. */
function listPath({ metadata, snapshotId, commitUuid }: SnapshotChange, list: Buffer): string {
  return `${metadata.location}/metadata/snap-${snapshotId}-1-${commitUuid}-${shortHash(list)}.avro`
}

function shortHash(bytes: Buffer): string {
  return sha256Hex(bytes).slice(0, 8)
}

function nextSequence(change: SnapshotChange): bigint {
  return change.metadata['last-sequence-number'] + 1n
}

function currentSchema(metadata: TableMetadata): Schema {
  return metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id'])!
}

function specOf(metadata: TableMetadata, id: number): PartitionSpec {
  const spec = metadata['partition-specs'].find(one => one['spec-id'] === id)
  if (spec !== undefined) return spec
  throw new SluiceError(
    'SLUICE_METADATA_CORRUPT',
    `A manifest uses partition spec ${id}, which the table does not have. Nothing was changed.`,
  )
}

function refuseUnfit(added: readonly DataFile[]): void {
  const paths = new Set<string>()
  for (const file of added) {
    const path = file['file-path']
    const fault = file['record-count'] === 0n ? 'has no rows' : paths.has(path) ? 'is added twice' : undefined
    if (fault !== undefined) throw new SluiceError('SLUICE_INTERNAL', `${path} ${fault}. No snapshot was made.`)
    paths.add(path)
  }
}
