import { readdirSync, statSync, utimesSync } from 'node:fs'
import { rm, utimes } from 'node:fs/promises'
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

/**
 * The entry of a slot, whole, with the file of this name in it; it counts as used. One that is not what was put there is removed. A query looks at
 * hundreds of entries, and each of these calls takes a few microseconds: many times that if it goes through the thread pool, where the engine's work is.
 */
export async function useEntry(slot: string, file: string, nowMs: number): Promise<CacheEntry | undefined> {
  for (const name of namesIn(slot)) {
    const traits = entryTraits(name)
    if (traits === undefined) continue
    const folder = join(slot, name)
    const entry = { ...traits, folder, path: join(folder, file) }
    if (await isWhole(entry)) {
      touchEntry(entry, nowMs)
      return entry
    }
    await dropEntry(entry)
  }
  return undefined
}

function namesIn(slot: string): string[] {
  try {
    return readdirSync(slot)
  } catch {
    return []
  }
}

const TOUCH_EVERY_MS = 60_000

/** Notes that an entry was used. */
function touchEntry({ folder }: CacheEntry, nowMs: number): void {
  try {
    const used = statSync(folder).mtimeMs
    if (Math.abs(nowMs - used) >= TOUCH_EVERY_MS) utimesSync(folder, nowMs / 1000, nowMs / 1000)
  } catch {
    // Somebody removed it: who reads it fetches it again.
  }
}

export async function dropEntry({ folder }: CacheEntry): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined)
}

/** Size and time are those of its name; if the time is another, the bytes are looked at. */
async function isWhole({ path, sizeBytes, mtimeMs, sha256 }: CacheEntry): Promise<boolean> {
  try {
    const status = statSync(path)
    if (status.size !== sizeBytes) return false
    if (Math.abs(status.mtimeMs - mtimeMs) < 1) return true
    if ((await hashFile(path)) !== sha256) return false
    // Only bytes that are right are taken for whole by the next look.
    await utimes(path, mtimeMs / 1000, mtimeMs / 1000)
    return true
  } catch {
    return false
  }
}
