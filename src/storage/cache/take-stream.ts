import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Digest } from '../read-content.js'

/**
 * Writes a body to a file as it comes, and hashes it on the way. A file that is there is overwritten. What the disk fails with is passed through
 * `fault`: that it was not the body's sender cannot be seen from an error of the system.
 */
export async function takeStream(body: Readable, path: string, fault: (cause: unknown) => Error): Promise<Digest> {
  const onDisk = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw fault(cause)
    })
  const hash = createHash('sha256')
  let sizeBytes = 0
  const file = await onDisk(open(path, 'w'))
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk)
      sizeBytes += chunk.length
      await onDisk(file.writeFile(chunk))
    }
  } finally {
    await onDisk(file.close())
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}
