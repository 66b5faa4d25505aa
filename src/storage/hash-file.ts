import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

/** sha256 of a file, in hex, read as a stream; of what is packed in it, where it is packed. */
export async function hashFile(path: string, packing?: 'gzip'): Promise<string> {
  const hash = createHash('sha256')
  const read = createReadStream(path)
  await (packing === 'gzip' ? pipeline(read, createGunzip(), hash) : pipeline(read, hash))
  return hash.digest('hex')
}
