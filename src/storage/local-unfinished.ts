import { readdir, stat, unlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { isAbsent } from './disk-error.js'
import { TEMP_PREFIX } from './object-key.js'
import type { UnfinishedWrite } from './object-store.js'

/** See `tempPath`. Folders of processes begin alike: they have their own, and are somebody else's. */
const UNFINISHED = new RegExp(`^${TEMP_PREFIX.replace('.', '\\.')}[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

/** Files below a folder that were begun before a time and never came under the name of an object. */
export async function unfinishedFiles(root: string, beforeMs: number): Promise<UnfinishedWrite[]> {
  const found: UnfinishedWrite[] = []
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await unlessGone(readdir(folder, { withFileTypes: true }), [])) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && !entry.name.startsWith(TEMP_PREFIX)) folders.push(path)
      if (!entry.isFile() || !UNFINISHED.test(entry.name)) continue
      const status = await unlessGone(stat(path), undefined)
      if (status === undefined || status.mtimeMs >= beforeMs) continue
      const key = relative(root, path).replaceAll(sep, '/')
      found.push({ key, begunMs: status.mtimeMs, sizeBytes: status.size })
    }
  }
  return found
}

/** Whoever writes to one of them still finds it gone, and writes again. */
export async function discardFiles(root: string, files: readonly UnfinishedWrite[]): Promise<void> {
  for (const { key } of files) await unlessGone(unlink(join(root, key)), undefined)
}

async function unlessGone<Value>(work: Promise<Value>, otherwise: Value): Promise<Value> {
  try {
    return await work
  } catch (cause) {
    if (isAbsent(cause)) return otherwise
    throw cause
  }
}
