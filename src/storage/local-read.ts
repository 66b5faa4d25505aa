import { open, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../core/errors.js'
import { errnoOf, isAbsent } from './disk-error.js'
import type { ObjectHead } from './object-store.js'

/** The whole object, or undefined when there is none. */
export function readObject(root: string, key: string): Promise<Buffer | undefined> {
  return whenPresent(root, key, path => readFile(path))
}

/** Bytes `[start, end)` of an object, or undefined when there is none. */
export function readRange(root: string, key: string, start: number, end: number): Promise<Buffer | undefined> {
  return whenPresent(root, key, path => readPart(path, start, end))
}

export function headObject(root: string, key: string): Promise<ObjectHead | undefined> {
  return whenPresent(root, key, async path => {
    const status = await stat(path)
    return status.isFile() ? { sizeBytes: status.size } : undefined
  })
}

/** The path of an object. Throws SLUICE_OBJECT_MISSING when there is none. */
export async function findObject(root: string, key: string): Promise<string> {
  if ((await headObject(root, key)) !== undefined) return join(root, key)
  throw new SluiceError('SLUICE_OBJECT_MISSING', `${key} is not in ${root}. Nothing was changed.`, { key, root })
}

/** The real path of a key; refuses one that passes a symbolic link. Rejects with ENOENT when nothing is there. */
export async function realPathOf(root: string, key: string): Promise<string> {
  const path = join(root, key)
  if ((await realpath(path)) === path) return path
  const message = `${key} in ${root} passes a symbolic link, which could lead out of the lake. Nothing was read or written.`
  throw new SluiceError('SLUICE_STORE_KEY_INVALID', message, { key, root })
}

async function whenPresent<T>(root: string, key: string, read: (path: string) => Promise<T>): Promise<T | undefined> {
  try {
    return await read(await realPathOf(root, key))
  } catch (cause) {
    if (isAbsent(cause) || errnoOf(cause) === 'EISDIR') return undefined
    throw cause
  }
}

async function readPart(path: string, start: number, end: number): Promise<Buffer | undefined> {
  const file = await open(path, 'r')
  try {
    const status = await file.stat()
    if (!status.isFile()) return undefined
    const part = Buffer.alloc(Math.max(0, Math.min(end, status.size) - start))
    for (let filled = 0; filled < part.length; ) {
      const { bytesRead } = await file.read(part, filled, part.length - filled, start + filled)
      if (bytesRead === 0) return part.subarray(0, filled)
      filled += bytesRead
    }
    return part
  } finally {
    await file.close()
  }
}
