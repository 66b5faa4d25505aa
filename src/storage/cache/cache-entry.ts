import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Hex } from '../../core/ids.js'
import { hashFile } from '../hash-file.js'

/** What the name of an entry's folder says of the one file in it. */
export interface EntryTraits {
  readonly sizeBytes: number
  /** The time that the file was given when it was put there: who changes it changes this too. */
  readonly mtimeMs: number
  readonly sha256: string
  /** What the server called this body; empty for a key that has one for good. */
  readonly stamp: string
}

export interface CacheEntry extends EntryTraits {
  /** The folder of the entry. The time of its last change is that of the last use. */
  readonly folder: string
  readonly path: string
}

export function entryName({ sizeBytes, mtimeMs, sha256, stamp }: EntryTraits): string {
  const mark = stamp === '' ? '' : `-${stampMark(stamp)}`
  return `${sizeBytes}-${mtimeMs}-${sha256}${mark}`
}

/** Tells stamps apart in a name; an entry that was read has this for its stamp. */
export function stampMark(stamp: string): string {
  return sha256Hex(stamp).slice(0, 16)
}

export function entryTraits(name: string): EntryTraits | undefined {
  const [, size, mtime, sha256, stamp = ''] = /^(\d+)-(\d+)-([0-9a-f]{64})(?:-([0-9a-f]{16}))?$/.exec(name) ?? []
  return sha256 === undefined ? undefined : { sizeBytes: Number(size), mtimeMs: Number(mtime), sha256, stamp }
}

/** The entry of a slot, whole. One that is not what was put there is removed. */
export async function findEntry(slot: string): Promise<CacheEntry | undefined> {
  for (const name of await readdir(slot).catch(() => [])) {
    const traits = entryTraits(name)
    const folder = join(slot, name)
    const [file] = await readdir(folder).catch(() => [])
    if (traits === undefined || file === undefined) continue
    const entry = { ...traits, folder, path: join(folder, file) }
    if (await isWhole(entry)) return entry
    await dropEntry(entry)
  }
  return undefined
}

const TOUCH_EVERY_MS = 60_000

/** Notes that an entry was used. */
export async function touchEntry({ folder }: CacheEntry, nowMs: number): Promise<void> {
  const used = (await stat(folder).catch(() => undefined))?.mtimeMs
  if (used !== undefined && Math.abs(nowMs - used) < TOUCH_EVERY_MS) return
  await utimes(folder, nowMs / 1000, nowMs / 1000).catch(() => undefined)
}

export async function dropEntry({ folder }: CacheEntry): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined)
}

/** Size and time are those of its name; if the time is another, the bytes are looked at. */
async function isWhole({ path, sizeBytes, mtimeMs, sha256 }: CacheEntry): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  if (status === undefined || status.size !== sizeBytes) return false
  if (Math.abs(status.mtimeMs - mtimeMs) < 1) return true
  try {
    const found = await hashFile(path)
    await utimes(path, mtimeMs / 1000, mtimeMs / 1000)
    return found === sha256
  } catch {
    return false
  }
}
