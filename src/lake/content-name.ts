import type { DataFile } from '../iceberg/types.js'
import type { ObjectStore } from '../storage/object-store.js'

/** The partition, content hash and size of a data file, without the run that wrote it. */
export function contentName(file: Pick<DataFile, 'file-path' | 'file-size-in-bytes'>): string {
  return `${file['file-path'].replace(/run_id=.*-([0-9a-f]{8}\.parquet)$/, '$1')} ${file['file-size-in-bytes']}`
}

/** Data files of one table by their content. */
export function byContent(files: readonly DataFile[]): ReadonlyMap<string, DataFile> {
  return new Map(files.map(file => [contentName(file), file]))
}

/** Whether a data file is there under its key, and not cut. */
export async function isStored(file: DataFile, key: string, store: ObjectStore): Promise<boolean> {
  return (await store.head(key))?.sizeBytes === Number(file['file-size-in-bytes'])
}
