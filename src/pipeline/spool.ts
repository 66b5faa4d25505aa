import { mkdtemp, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SluiceError } from '../core/errors.js'
import { ownMark, type ProcessMark, type ProcessState, stateOf } from '../core/process-mark.js'
import { cacheUnusable } from '../storage/cache/cache-unusable.js'
import { diskError, errnoOf } from '../storage/disk-error.js'
import { makeRoot } from '../storage/durable.js'
import type { StoreCapabilities } from '../storage/object-store.js'

/** A temporary folder of one run of one process. */
export interface Spool {
  readonly path: string
  /**
   * Removes the folder, and the folders above it that were made for it and are still empty. With files that are kept, by their names, the folder
   * stays and counts as one of a dead process: the next run salvages it. So it does where `end`, which comes when the files are gone, gives false.
   */
  remove(keeps?: (name: string) => boolean, end?: () => Promise<boolean>): Promise<void>
}

/** A spool folder that was found: whose it is, and whether that process lives. */
export interface FoundSpool {
  readonly path: string
  /** Undefined when the folder's name does not say. */
  readonly runId: string | undefined
  readonly state: ProcessState
}

const PREFIX = '.tmp-run-'
/** The folders that this process is at. */
const atWork = new Set<string>()
/** The owner stands in the name, because a folder and its name are made in one step. */
const NAME = /^\.tmp-run-([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-(.+)-[A-Za-z0-9]{6}$/

/** Makes a spool folder. Throws SLUICE_STORE_READ_ONLY, SLUICE_STORE_FULL, SLUICE_CONFIG_INVALID; of a part of the cache SLUICE_CACHE_UNUSABLE. */
export async function openSpool(
  folder: string,
  runId: string,
  of: StoreCapabilities['workFolderOf'] = 'lake',
): Promise<Spool> {
  try {
    const made = await makeRoot(folder)
    const path = await mkdtemp(prefixOf(folder, runId)).catch(async cause => {
      // A run that was refused may have removed the folder that both were the first to use.
      if ((await makeRoot(folder)) === undefined) throw cause
      return mkdtemp(prefixOf(folder, runId))
    })
    atWork.add(path)
    return { path, remove: (keeps, end) => removeWith(path, folder, made, keeps, end) }
  } catch (cause) {
    if (of === 'cache') throw cacheUnusable(cause, folder)
    if (['EEXIST', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) {
      const message = `${folder}, or a part of it, is a file and cannot be a folder. Nothing was written.`
      throw new SluiceError('SLUICE_CONFIG_INVALID', message, {}, cause)
    }
    throw diskError(cause, { verb: 'write', key: '', root: folder })
  }
}

/** The spool folders in a folder; none when it cannot be read. */
export async function spoolsIn(folder: string): Promise<FoundSpool[]> {
  const names = await readdir(folder).catch(() => [])
  const own = ownMark()
  return names
    .filter(name => name.startsWith(PREFIX))
    .map(name => {
      const owner = ownerOf(name)
      const path = join(folder, name)
      const isLeft = owner !== undefined && isSame(owner.mark, own) && !atWork.has(path)
      const state = owner === undefined ? 'unknown' : isLeft ? 'dead' : stateOf(owner.mark, own)
      return { path, runId: owner?.runId, state }
    })
}

/**
 * Removes the spool folders of processes that are certainly gone, after `salvage` has taken what must not be lost from each, and says how many there
 * were. What cannot be removed stays: it is in nobody's way.
 */
export async function removeDeadSpools(
  folder: string,
  salvage: (path: string) => Promise<void> = async () => undefined,
): Promise<number> {
  const dead = (await spoolsIn(folder)).filter(({ state }) => state === 'dead')
  for (const spool of dead) {
    await salvage(spool.path)
    await rm(spool.path, { recursive: true, force: true }).catch(() => undefined)
  }
  return dead.length
}

/** Bytes below a folder. What vanishes meanwhile counts for nothing. */
export async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(async entry => (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function prefixOf(folder: string, runId: string): string {
  const { machine, boot, pidSpace, pid, start } = ownMark()
  return join(folder, `${PREFIX}${[machine, boot, pidSpace, pid, start, runId].join('-')}-`)
}

function ownerOf(name: string): { readonly mark: ProcessMark; readonly runId: string } | undefined {
  const [, machine, boot, pidSpace, pid, start, runId] = NAME.exec(name) ?? []
  if (machine === undefined || boot === undefined || pidSpace === undefined || start === undefined) return undefined
  return { mark: { machine, boot, pidSpace, pid: Number(pid), start }, runId: runId ?? '' }
}

function isSame(one: ProcessMark, other: ProcessMark): boolean {
  return (['machine', 'boot', 'pidSpace', 'pid', 'start'] as const).every(part => one[part] === other[part])
}

async function removeWith(
  path: string,
  folder: string,
  made: string | undefined,
  keeps: (name: string) => boolean = () => false,
  end: () => Promise<boolean> = async () => true,
): Promise<void> {
  atWork.delete(path)
  const names = await readdir(path).catch(() => [])
  for (const name of names) if (!keeps(name)) await rm(join(path, name), { recursive: true, force: true })
  const isOver = await end()
  if (!isOver || names.some(keeps)) return
  await rm(path, { recursive: true, force: true })
  if (made === undefined) return
  // `rmdir` takes empty folders only: one that anybody has written to stays.
  for (let empty = folder; empty.length >= made.length; empty = dirname(empty)) {
    if (!(await rmdir(empty).then(...DONE))) return
  }
}

const DONE = [() => true, () => false] as const
