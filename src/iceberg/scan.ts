import type { DataFile, ManifestEntry, ManifestFile } from './types.js'

/** The entries of a manifest with everything explicit: what added entries leave null comes from the manifest list. */
export function inheritEntries(entries: readonly ManifestEntry[], manifest: ManifestFile): ManifestEntry[] {
  return entries.map(entry => ({
    ...entry,
    'snapshot-id': entry['snapshot-id'] ?? manifest['added-snapshot-id'],
    'sequence-number': entry['sequence-number'] ?? manifest['sequence-number'],
    'file-sequence-number': entry['file-sequence-number'] ?? manifest['sequence-number'],
  }))
}

/** The files that a reader of the snapshot sees. */
export function liveFiles(entries: readonly ManifestEntry[]): DataFile[] {
  return entries.filter(entry => entry.status !== 'deleted').map(entry => entry['data-file'])
}
