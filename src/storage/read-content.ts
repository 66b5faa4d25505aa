import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

/** How many bytes there were, and their sha256 in hex. */
export interface Digest {
  readonly sizeBytes: number
  readonly sha256: string
}

/** What a finished file was when it was read. */
export interface FileContent extends Digest {
  /** All of a file that is small: whoever sends it need not read it again. */
  readonly bytes?: Buffer
}

const PIECE_BYTES = 256 * 1024

/** Reads a file once, piece by piece. One that fits into the first piece is small. */
export async function readContent(path: string): Promise<FileContent> {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  const file = await open(path, 'r')
  try {
    for (let sizeBytes = 0, pieces = 0; ; pieces++) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES)
      if (bytesRead === 0) {
        const bytes = pieces <= 1 ? { bytes: piece.subarray(0, sizeBytes) } : {}
        return { sizeBytes, sha256: hash.digest('hex'), ...bytes }
      }
      hash.update(piece.subarray(0, bytesRead))
      sizeBytes += bytesRead
    }
  } finally {
    await file.close()
  }
}
