import { lstat, mkdir, open, realpath, rm, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import { SluiceError } from '../core/errors.js'
import { randomIds } from '../core/ids.js'
import { shareWaiting } from '../core/share-waiting.js'
import { errnoOf } from './disk-error.js'
import { TEMP_PREFIX } from './object-key.js'

/** Folders whose entries survive a power cut. */
export interface DurableFolders {
  /** The real path of the topmost folder. */
  readonly root: string
  /** Makes a folder and its parents where they are missing; on return they are durable. Refuses symlinks below the root. */
  ensure(folder: string): Promise<void>
  /** Makes the folder's present entries durable. Calls that wait for the same folder share one fsync. */
  sync(folder: string): Promise<void>
  /** Drops what is known about folders that exist; for when one has vanished. */
  forget(): void
}

const MAX_KNOWN_FOLDERS = 10_000

/** The folders from `root` downwards. `root` is a real path, or one that does not exist yet. */
export function durableFolders(root: string): DurableFolders {
  const known = new Map<string, Promise<void>>()
  const sync = shareWaiting(syncFolder)

  function ensure(folder: string): Promise<void> {
    const present = known.get(folder)
    if (present !== undefined) return present
    if (known.size >= MAX_KNOWN_FOLDERS) known.clear()
    const made = make(folder)
    known.set(folder, made)
    made.catch(() => known.delete(folder))
    return made
  }

  async function make(folder: string): Promise<void> {
    if (folder === root) return void (await makeRoot(root))
    const parent = dirname(folder)
    await ensure(parent)
    await makeFolder(folder)
    // Also when it was there already: whoever made it may have been killed before its own fsync.
    await sync(parent)
  }

  return { root, ensure, sync, forget: () => known.clear() }
}

/** Writes and fsyncs a file under a new temporary name in `folder` and returns its path. Leaves nothing when it fails. */
export async function writeTemp(folder: string, body: Buffer): Promise<string> {
  const path = tempPath(folder)
  const file = await open(path, 'wx')
  try {
    await file.writeFile(body)
    await file.sync()
    await file.close()
    return path
  } catch (cause) {
    await file.close().catch(() => undefined)
    await removeQuietly(path)
    throw cause
  }
}

/** A name for an unfinished file. Random, because process ids repeat between containers that share a volume. */
export function tempPath(folder: string): string {
  return join(folder, TEMP_PREFIX + randomIds.uuid())
}

/** Makes the bytes of a finished file durable. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Removes a file of ours that nobody reads; a failure only leaves a stray temporary file. */
export async function removeQuietly(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no fsync of folders; NTFS journals their entries itself.
  if (platform() === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder with its parents, durable; the topmost one that was missing, or undefined when none was. */
export async function makeRoot(root: string): Promise<string | undefined> {
  const first = await makeFolders(root)
  if (first === undefined) return undefined
  for (let made = root; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
  return first
}

/**
 * Makes a folder with its parents; the topmost one that was missing, or undefined when none was. One by one: on /proc and its like
 * the recursive call of Node 20 never ends.
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder)
    return folder
  } catch (cause) {
    const above = dirname(folder)
    if (errnoOf(cause) === 'EEXIST' && (await stat(folder)).isDirectory()) return undefined
    if (errnoOf(cause) !== 'ENOENT' || above === folder) throw cause
    const first = await makeFolders(above)
    // The folder above is there: another process has just made it, or nothing can be made in it.
    if (first === undefined) return (await makeIn(folder)) ? folder : undefined
    return (await makeFolders(folder)) === undefined ? undefined : first
  }
}

/** Whether the folder was missing. */
async function makeIn(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    cause => {
      if (errnoOf(cause) === 'EEXIST') return false
      throw cause
    },
  )
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw cause
    if (!(await lstat(folder)).isDirectory()) throw notAFolder(folder)
  }
}

function notAFolder(path: string): SluiceError {
  const message = `${path} is a file or a symbolic link where the key needs a folder. Nothing was written.`
  return new SluiceError('SLUICE_STORE_KEY_INVALID', message, { path })
}

/** The real path of `root`, or of its nearest existing parent with the rest appended. */
export async function realRoot(root: string): Promise<string> {
  try {
    return await realpath(root)
  } catch (cause) {
    const parent = dirname(root)
    if (errnoOf(cause) !== 'ENOENT' || parent === root) throw cause
    return join(await realRoot(parent), root.slice(parent.length))
  }
}
