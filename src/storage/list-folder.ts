import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isAbsent } from './disk-error.js'
import { headObject } from './local-read.js'
import { sortByName, TEMP_PREFIX } from './object-key.js'
import type { ObjectEntry } from './object-store.js'

const STATS_AT_ONCE = 32

/** The objects below a prefix in order of their keys' bytes. Unfinished files, links and devices are no objects. */
export async function* listFolder(root: string, prefix: string): AsyncIterable<ObjectEntry> {
  if (prefix === '' || prefix.endsWith('/')) return yield* walk(root, prefix)
  const head = await headObject(root, prefix)
  const status = head === undefined ? undefined : await statusOf(join(root, prefix))
  if (status !== undefined) yield { key: prefix, ...status }
}

/** The names of the folders directly below a prefix, sorted. */
export async function foldersBelow(root: string, prefix: string): Promise<string[]> {
  const found = await entriesOf(join(root, prefix))
  const names = found
    .filter(entry => entry.isDirectory() && !entry.name.startsWith(TEMP_PREFIX))
    .map(entry => entry.name)
  return sortByName(names, name => name)
}

/** `prefix` is '' or ends with a `/`. Folders sort as `name/`, because that is how their objects' keys go on. */
async function* walk(root: string, prefix: string): AsyncIterable<ObjectEntry> {
  const entries = (await entriesOf(join(root, prefix))).filter(entry => entry.isDirectory() || entry.isFile())
  const names = sortByName(
    entries
      .filter(entry => !entry.name.startsWith(TEMP_PREFIX))
      .map(entry => entry.name + (entry.isDirectory() ? '/' : '')),
    name => name,
  )
  for (let i = 0; i < names.length; i += STATS_AT_ONCE) {
    const chunk = names.slice(i, i + STATS_AT_ONCE)
    const found = await Promise.all(
      chunk.map(name => (name.endsWith('/') ? undefined : statusOf(join(root, prefix, name)))),
    )
    for (const [at, name] of chunk.entries()) {
      if (name.endsWith('/')) yield* walk(root, prefix + name)
      else if (found[at] !== undefined) yield { key: prefix + name, ...found[at] }
    }
  }
}

/** A folder that is not there, or no longer, has no entries. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (cause) {
    if (isAbsent(cause)) return []
    throw cause
  }
}

/** Undefined when the file was deleted since its folder was read. */
async function statusOf(path: string): Promise<Omit<ObjectEntry, 'key'> | undefined> {
  try {
    const { size, mtimeMs } = await stat(path)
    return { sizeBytes: size, modifiedMs: mtimeMs }
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw cause
  }
}
