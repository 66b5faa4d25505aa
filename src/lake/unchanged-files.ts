import type { DataFile } from '../iceberg/types.js'
import { byContent, contentName, isStored } from './content-name.js'
import type { Lake } from './lake.js'
import { ADOPTIONS, discardFiles, mapConcurrently, type WrittenFile } from './write-files.js'

/** A partition whose new file has the bytes of its old one stays as it is, unless the old one is gone or cut. All files are of one table. */
export async function withoutUnchanged(
  added: readonly WrittenFile[],
  replaced: readonly DataFile[],
  lake: Lake,
): Promise<{ added: WrittenFile[]; removed: DataFile[] }> {
  const standing = byContent(replaced)
  const names = new Set<string>()
  await mapConcurrently(added, ADOPTIONS, async written => {
    const old = standing.get(contentName(written.file))
    if (old === undefined || !(await isThere(old, written, lake))) return
    names.add(contentName(old))
    if (old['file-path'] !== written.file['file-path']) await discardFiles(lake, [written])
  })
  return {
    added: added.filter(written => !names.has(contentName(written.file))),
    removed: replaced.filter(file => !names.has(contentName(file))),
  }
}

/** What was taken for a new file when it was written was looked at then. */
async function isThere(old: DataFile, written: WrittenFile, { store }: Lake): Promise<boolean> {
  if (written.file === old) return true
  const root = written.file['file-path'].length - written.key.length
  return isStored(old, old['file-path'].slice(root), store)
}
