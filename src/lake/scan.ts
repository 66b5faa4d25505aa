import { SluiceError } from '../core/errors.js'
import { readManifest } from '../iceberg/manifest.js'
import { readManifestList } from '../iceberg/manifest-list.js'
import { hasLiveFiles } from '../iceberg/manifest-plan.js'
import { mayMatchFile, mayMatchManifest, type Predicate } from '../iceberg/prune.js'
import { inheritEntries } from '../iceberg/scan.js'
import type { DataFile, ManifestEntry, ManifestFile, Snapshot } from '../iceberg/types.js'
import type { LoadedTable } from './catalog.js'
import type { Lake } from './lake.js'
import { currentSchema } from './open-table.js'
import { keyOf } from './table-location.js'

/** The snapshot that readers see, or undefined for a table without data. */
export function currentSnapshot(table: LoadedTable): Snapshot | undefined {
  return snapshotById(table, table.metadata['current-snapshot-id'])
}

export function snapshotById(table: LoadedTable, id: bigint): Snapshot | undefined {
  return table.metadata.snapshots.find(snapshot => snapshot['snapshot-id'] === id)
}

/** The manifests of a snapshot. */
export async function manifestsOf(
  lake: Lake,
  table: LoadedTable,
  snapshot: Snapshot | undefined,
): Promise<readonly ManifestFile[]> {
  if (snapshot === undefined) return []
  const path = snapshot['manifest-list']
  const known = lake.manifests.lists.get(path)
  if (known !== undefined) return known
  const manifests = readManifestList(await readObject(lake, keyOf(table, path)), path)
  lake.manifests.lists.set(path, manifests)
  return manifests
}

/** The entries of a manifest, with what they inherit from the list. */
export async function entriesOf(
  lake: Lake,
  table: LoadedTable,
  manifest: ManifestFile,
): Promise<readonly ManifestEntry[]> {
  const path = manifest['manifest-path']
  const known = lake.manifests.entries.get(path)
  if (known !== undefined) return known
  const raw = readManifest(await readObject(lake, keyOf(table, path)), path, table.metadata['partition-specs'])
  const entries = inheritEntries(raw, manifest)
  lake.manifests.entries.set(path, entries)
  return entries
}

/** The live data files of a snapshot, without those that cannot hold a matching row. */
export async function dataFiles(
  lake: Lake,
  table: LoadedTable,
  snapshot: Snapshot | undefined = currentSnapshot(table),
  predicate?: Predicate,
): Promise<DataFile[]> {
  const schema = currentSchema(table)
  const files: DataFile[] = []
  for (const manifest of await manifestsOf(lake, table, snapshot)) {
    const spec = table.metadata['partition-specs'].find(
      candidate => candidate['spec-id'] === manifest['partition-spec-id'],
    )!
    if (predicate !== undefined && !mayMatchManifest(manifest, spec, schema, predicate)) continue
    if (manifest.content === 'deletes') {
      throw new SluiceError(
        'SLUICE_MANIFEST_CORRUPT',
        `${table.name.layer}.${table.name.dataset} has row-level deletes of another engine, which this release does not read.`,
      )
    }
    if (!hasLiveFiles(manifest)) continue
    for (const entry of await entriesOf(lake, table, manifest)) {
      if (entry.status === 'deleted') continue
      if (predicate === undefined || mayMatchFile(entry['data-file'], spec, schema, predicate))
        files.push(entry['data-file'])
    }
  }
  return files
}

/** The live files of some partitions, by ordinal; all files when `ordinals` is undefined. */
export async function partitionFiles(
  lake: Lake,
  table: LoadedTable,
  ordinals: ReadonlySet<number> | undefined,
  snapshot: Snapshot | undefined = currentSnapshot(table),
): Promise<DataFile[]> {
  const fieldId = table.metadata['partition-specs'][0]!.fields[0]!['field-id']
  const files: DataFile[] = []
  for (const manifest of await manifestsOf(lake, table, snapshot)) {
    if (!hasLiveFiles(manifest) || (ordinals !== undefined && !mayHold(manifest, ordinals))) continue
    for (const entry of await entriesOf(lake, table, manifest)) {
      const ordinal = Number(entry['data-file'].partition[fieldId])
      if (entry.status !== 'deleted' && (ordinals === undefined || ordinals.has(ordinal)))
        files.push(entry['data-file'])
    }
  }
  return files
}

/** The files that a snapshot added, still there or not. */
export async function filesAddedBy(lake: Lake, table: LoadedTable, snapshot: Snapshot): Promise<DataFile[]> {
  const id = snapshot['snapshot-id']
  const files: DataFile[] = []
  for (const manifest of await manifestsOf(lake, table, snapshot)) {
    if (manifest['added-snapshot-id'] !== id) continue
    for (const entry of await entriesOf(lake, table, manifest)) {
      if (entry.status === 'added' && entry['snapshot-id'] === id) files.push(entry['data-file'])
    }
  }
  return files
}

/** The partition ordinal of a file of a table cut by time. */
export function ordinalOf(table: LoadedTable, file: DataFile): number {
  return Number(file.partition[table.metadata['partition-specs'][0]!.fields[0]!['field-id']])
}

function mayHold(manifest: ManifestFile, ordinals: ReadonlySet<number>): boolean {
  const [summary] = manifest.partitions
  if (summary?.['lower-bound'] === undefined || summary['upper-bound'] === undefined) return true
  const low = summary['lower-bound'].readInt32LE(0)
  const high = summary['upper-bound'].readInt32LE(0)
  for (const ordinal of ordinals) if (ordinal >= low && ordinal <= high) return true
  return false
}

/** An object that metadata names. Throws SLUICE_DATA_FILE_MISSING. */
export async function readObject(lake: Lake, key: string): Promise<Buffer> {
  const bytes = await lake.store.get(key)
  if (bytes === undefined) {
    throw new SluiceError('SLUICE_DATA_FILE_MISSING', `The lake's file ${key} is missing. Nothing was changed.`, {
      place: { file: key },
    })
  }
  return bytes
}
