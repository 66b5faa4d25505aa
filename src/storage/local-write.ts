import { constants, copyFile, link, lstat, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SluiceError } from '../core/errors.js'
import { errnoOf, isAbsent } from './disk-error.js'
import { type DurableFolders, removeQuietly, syncFile, tempPath, writeTemp } from './durable.js'
import { realPathOf } from './local-read.js'
import type { CreateOutcome } from './object-store.js'

/** Writes or replaces an object: a reader sees the old bytes or the new ones. */
export async function putObject(folders: DurableFolders, key: string, body: Buffer): Promise<void> {
  await inFolderOf(folders, key, async (folder, path) => {
    const temp = await writeTemp(folder, body)
    try {
      await rename(temp, path)
    } catch (cause) {
      await removeQuietly(temp)
      throw cause
    }
    await folders.sync(folder)
  })
}

/** Writes an object under a free name. `link` is the one call that is atomic, exclusive and shows only whole files. */
export async function createObject(folders: DurableFolders, key: string, body: Buffer): Promise<CreateOutcome> {
  return inFolderOf(folders, key, async (folder, path) => {
    if (await isTaken(path)) return confirm(folders, path, 'exists')
    return placeTemp(folders, await writeTemp(folder, body), path)
  })
}

/** Moves a local file under a free name, by link where both are on one file system, else by copy. */
export async function adoptFile(folders: DurableFolders, localPath: string, key: string): Promise<CreateOutcome> {
  await syncFile(localPath)
  return inFolderOf(folders, key, async (folder, path) => {
    const placed = await placeFile(folders, localPath, path)
    const adopted = placed ?? (await placeTemp(folders, await copyToTemp(localPath, folder), path))
    if (adopted.outcome === 'created') await removeQuietly(localPath)
    return adopted
  })
}

/** Removes an object; nothing happens when there is none, or a folder. */
export async function removeObject(root: string, key: string): Promise<void> {
  try {
    const path = await realPathOf(root, key)
    if ((await lstat(path)).isFile()) await unlink(path)
  } catch (cause) {
    if (!isAbsent(cause)) throw cause
  }
}

/** Undefined when the file cannot be linked from where it is. */
async function placeFile(folders: DurableFolders, from: string, path: string): Promise<CreateOutcome | undefined> {
  try {
    return await confirm(folders, path, (await linkTo(from, path)) ? 'created' : 'exists')
  } catch (cause) {
    // EPERM: Linux protects the files of others from hard links.
    if (errnoOf(cause) === 'EXDEV' || errnoOf(cause) === 'EPERM') return undefined
    throw cause
  }
}

/** The temporary name is gone before the folder is fsynced, so that a power cut afterwards does not bring it back. */
async function placeTemp(folders: DurableFolders, temp: string, path: string): Promise<CreateOutcome> {
  let linked: boolean
  try {
    linked = await linkTo(temp, path)
  } finally {
    await removeQuietly(temp)
  }
  return confirm(folders, path, linked ? 'created' : 'exists')
}

/** Whether the name was free, or is ours after all: an interrupted adoption, a call that a network file system repeated. */
async function linkTo(from: string, path: string): Promise<boolean> {
  try {
    await link(from, path)
    return true
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw cause
    return (await isTaken(path)) && (await isSameFile(from, path))
  }
}

/**
 * The object is visible; only its folder's fsync makes it certain to stay. That holds for another's object too: whoever
 * builds on it must not lose it.
 */
async function confirm(folders: DurableFolders, path: string, outcome: 'created' | 'exists'): Promise<CreateOutcome> {
  try {
    await folders.sync(dirname(path))
    return { outcome }
  } catch (cause) {
    return { outcome: 'unknown', cause }
  }
}

/** Runs a write in the folder of a key, once more when the folder was removed meanwhile. */
async function inFolderOf<T>(
  folders: DurableFolders,
  key: string,
  write: (folder: string, path: string) => Promise<T>,
): Promise<T> {
  const path = join(folders.root, key)
  const folder = dirname(path)
  await folders.ensure(folder)
  try {
    return await write(folder, path)
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause
    folders.forget()
    await folders.ensure(folder)
    return write(folder, path)
  }
}

async function copyToTemp(localPath: string, folder: string): Promise<string> {
  const temp = tempPath(folder)
  try {
    await copyFile(localPath, temp, constants.COPYFILE_EXCL)
    await syncFile(temp)
    return temp
  } catch (cause) {
    await removeQuietly(temp)
    throw cause
  }
}

async function isTaken(path: string): Promise<boolean> {
  try {
    if (!(await lstat(path)).isDirectory()) return true
  } catch (cause) {
    if (isAbsent(cause)) return false
    throw cause
  }
  const message = `${path} is a folder: no object can stand there. Nothing was written.`
  throw new SluiceError('SLUICE_STORE_KEY_INVALID', message, { path })
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(a), lstat(b)])
  return one.ino === other.ino && one.dev === other.dev
}
