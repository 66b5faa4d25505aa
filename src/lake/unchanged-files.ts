import type { DataFile } from '../iceberg/types.js'
import type { Lake } from './lake.js'
import { discardFiles, type WrittenFile } from './write-files.js'

/** A partition whose new file has the bytes of its old one stays as it is. */
export async function withoutUnchanged(
  added: readonly WrittenFile[],
  replaced: readonly DataFile[],
  lake: Lake,
): Promise<{ added: WrittenFile[]; removed: DataFile[] }> {
  const byName = new Map(replaced.map(file => [contentName(file), file]))
  const unchanged = added.filter(written => byName.get(contentName(written.file)) !== undefined)
  for (const written of unchanged) {
    const old = byName.get(contentName(written.file))!
    if (old['file-path'] !== written.file['file-path']) await discardFiles(lake, [written])
  }
  const names = new Set(unchanged.map(written => contentName(written.file)))
  return {
    added: added.filter(written => !names.has(contentName(written.file))),
    removed: replaced.filter(file => !names.has(contentName(file))),
  }
}

/** The partition, content hash and size of a data file, without the run that wrote it. */
export function contentName(file: DataFile): string {
  return `${file['file-path'].replace(/run_id=.*-([0-9a-f]{8}\.parquet)$/, '$1')} ${file['file-size-in-bytes']}`
}
