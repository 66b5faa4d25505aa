import { createReadStream, createWriteStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { CaptureRecord } from '../../bronze/capture-record.js'
import { type ObjectStore, passUnreachable } from '../../storage/object-store.js'

/** A file with the exact bytes of a capture, or why there is none. */
export type LocalBody = { readonly path: string } | { readonly why: string }

/**
 * Makes the bytes of a capture a local file: at `path` where they stand in the record or packed, else where they are. Their hash is not
 * looked at. Nothing is held in memory but what stands in the record.
 */
export async function localBody(
  { response: { body } }: CaptureRecord,
  path: string,
  store: ObjectStore,
): Promise<LocalBody> {
  if (body.kind === 'reference') {
    const gone = await goneReference(body.path)
    return gone === undefined ? { path: body.path } : { why: gone }
  }
  if (body.kind !== 'object') {
    await writeFile(path, body.kind === 'text' ? body.text : Buffer.from(body.base64, 'base64'))
    return { path }
  }
  const packed = await store.localPath(body.key).catch(passUnreachable)
  if (packed === undefined) return { why: `its bytes in ${body.key} are gone` }
  if (body.encoding === 'identity') return { path: packed }
  const isWhole = await pipeline(createReadStream(packed), createGunzip(), createWriteStream(path)).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code?.startsWith('Z_')) return false
      throw cause
    },
  )
  return isWhole ? { path } : { why: `its bytes in ${body.key} are damaged` }
}

/** The lake holds only the hash of a file that was captured by reference. */
export async function goneReference(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true
    ? undefined
    : `the file ${path} is gone, and the lake holds only its hash (capture: reference)`
}
