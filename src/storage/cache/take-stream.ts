import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Digest } from '../read-content.js'

/** Writes a body to a file as it comes, and hashes it on the way. A file that is there is overwritten. */
export async function takeStream(body: Readable, path: string): Promise<Digest> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  await pipeline(
    body,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        sizeBytes += chunk.length
        yield chunk
      }
    },
    createWriteStream(path),
  )
  return { sizeBytes, sha256: hash.digest('hex') }
}
