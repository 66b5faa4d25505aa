import { readManifest } from '../../iceberg/manifest.js'
import { readManifestList } from '../../iceberg/manifest-list.js'
import { parseMetadata } from '../../iceberg/metadata-json.js'
import { liveFiles } from '../../iceberg/scan.js'
import type { ManifestFile, Snapshot, TableMetadata } from '../../iceberg/types.js'
import type { LoadedTable } from '../catalog.js'
import type { Lake } from '../lake.js'
import { metadataKey } from '../metadata-version.js'
import { readObject } from '../scan.js'
import { addressOf, keyOf } from '../table-location.js'
import { metadataVersions } from './prune-metadata.js'

/**
 * The keys of all files that somebody may read or commit over: what the snapshots of a table's newest metadata name, and of every metadata
 * file that was the newest at some moment since `sinceMs`. Whoever opened the table then may still be at work. Throws
 * SLUICE_METADATA_CORRUPT, SLUICE_MANIFEST_CORRUPT, and SLUICE_DATA_FILE_MISSING where the newest metadata names a manifest that is gone.
 */
export async function reachableFiles(lake: Lake, table: LoadedTable, sinceMs: number): Promise<Set<string>> {
  const keys = new Set<string>()
  for (const snapshot of table.metadata.snapshots) await addSnapshot(snapshot, false)
  for (const version of await recentVersions(lake, table, sinceMs)) {
    const metadata = await readVersion(lake, table, version)
    for (const snapshot of metadata?.snapshots ?? []) await addSnapshot(snapshot, true)
  }
  return keys

  async function addSnapshot(snapshot: Snapshot, isPast: boolean): Promise<void> {
    const list = keyOf(table, snapshot['manifest-list'])
    if (keys.has(list)) return
    const bytes = await objectOf(list, isPast)
    if (bytes === undefined) return
    keys.add(list)
    for (const manifest of readManifestList(bytes, list)) await addManifest(manifest, isPast)
  }

  async function addManifest(manifest: ManifestFile, isPast: boolean): Promise<void> {
    const key = keyOf(table, manifest['manifest-path'])
    if (keys.has(key)) return
    const bytes = await objectOf(key, isPast)
    if (bytes === undefined) return
    keys.add(key)
    // What a manifest calls deleted is read by no reader of it.
    for (const file of liveFiles(readManifest(bytes, key, table.metadata['partition-specs'])))
      keys.add(keyOf(table, file['file-path']))
  }

  /** Past snapshots may have been cleared away before: what they named is not there to be kept. */
  async function objectOf(key: string, isPast: boolean): Promise<Buffer | undefined> {
    return isPast ? lake.store.get(key) : readObject(lake, key)
  }
}

/** Versions below the newest that were the newest at some moment since `sinceMs`: the younger ones, and the one that was it then. */
async function recentVersions(lake: Lake, table: LoadedTable, sinceMs: number): Promise<number[]> {
  const versions = (await metadataVersions(lake.store, table)).toSorted((a, b) => b.version - a.version)
  const recent: number[] = []
  for (const { version, modifiedMs } of versions) {
    recent.push(version)
    if (modifiedMs < sinceMs) break
  }
  return recent.filter(version => version !== table.version)
}

/** Undefined when it was deleted since it was listed. */
async function readVersion(lake: Lake, table: LoadedTable, version: number): Promise<TableMetadata | undefined> {
  const key = metadataKey(table.name, version)
  const body = await lake.store.get(key)
  return body === undefined ? undefined : parseMetadata(body.toString('utf8'), addressOf(lake.store, key))
}
