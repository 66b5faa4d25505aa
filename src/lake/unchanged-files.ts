import type { DataFile } from '../iceberg/types.js'
import type { Lake } from './lake.js'
import { discardFiles, type WrittenFile } from './write-files.js'

/** A partition whose new file has the bytes of its old one stays as it is, unless the old one is gone or cut. All files are of one table. */
export async function withoutUnchanged(
  added: readonly WrittenFile[],
  replaced: readonly DataFile[],
  lake: Lake,
): Promise<{ added: WrittenFile[]; removed: DataFile[] }> {
  const byName = new Map(replaced.map(file => [contentName(file), file]))
  const names = new Set<string>()
  for (const written of added) {
    const old = byName.get(contentName(written.file))
    if (old === undefined || !(await isThere(old, written, lake))) continue
    names.add(contentName(old))
    if (old['file-path'] !== written.file['file-path']) await discardFiles(lake, [written])
  }
  return {
    added: added.filter(written => !names.has(contentName(written.file))),
    removed: replaced.filter(file => !names.has(contentName(file))),
  }
}

async function isThere(old: DataFile, written: WrittenFile, { store }: Lake): Promise<boolean> {
  const root = written.file['file-path'].length - written.key.length
  const stored = await store.head(old['file-path'].slice(root))
  return stored?.sizeBytes === Number(old['file-size-in-bytes'])
}

/** The partition, content hash and size of a data file, without the run that wrote it. */
export function contentName(file: DataFile): string {
  return `${file['file-path'].replace(/run_id=.*-([0-9a-f]{8}\.parquet)$/, '$1')} ${file['file-size-in-bytes']}`
}
