import type { FileHandle } from 'node:fs/promises'

const FRAME = 0xfd2fb528
/** Sixteen magic numbers of frames that readers skip. */
const SKIPPABLE = 0x184d2a50
const DICTIONARY_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]

/**
 * Whether a zstd file is whole, told by the lengths of its frames and blocks (RFC 8878): nothing is unpacked. Readers stop
 * without a word where such a file was cut off.
 */
export async function isWholeZstd(file: FileHandle, sizeBytes: number): Promise<boolean> {
  const bytesAt = async (at: number, length: number): Promise<Buffer | undefined> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
    return bytesRead === length ? buffer : undefined
  }
  let at = 0
  while (at < sizeBytes) {
    const end = await endOfFrame(at, bytesAt)
    if (end === undefined || end > sizeBytes) return false
    at = end
  }
  return true
}

type BytesAt = (at: number, length: number) => Promise<Buffer | undefined>

/** Where the frame that begins at `at` ends; undefined when it is none, or cut off. */
async function endOfFrame(at: number, bytesAt: BytesAt): Promise<number | undefined> {
  const magic = (await bytesAt(at, 4))?.readUInt32LE(0)
  if (magic === undefined) return undefined
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
    const length = (await bytesAt(at + 4, 4))?.readUInt32LE(0)
    return length === undefined ? undefined : at + 8 + length
  }
  const descriptor = (await bytesAt(at + 4, 1))?.[0]
  if (magic !== FRAME || descriptor === undefined) return undefined
  const blocksEnd = await endOfBlocks(at + 5 + headerBytes(descriptor), bytesAt)
  return blocksEnd === undefined ? undefined : blocksEnd + (descriptor & 4)
}

/** Bytes of a frame header after its descriptor. */
function headerBytes(descriptor: number): number {
  const single = (descriptor & 32) !== 0
  const contentSize = descriptor >> 6 === 0 && single ? 1 : CONTENT_SIZE_BYTES[descriptor >> 6]!
  return (single ? 0 : 1) + DICTIONARY_BYTES[descriptor & 3]! + contentSize
}

async function endOfBlocks(start: number, bytesAt: BytesAt): Promise<number | undefined> {
  for (let at = start; ; ) {
    const header = (await bytesAt(at, 3))?.readUIntLE(0, 3)
    if (header === undefined) return undefined
    const [kind, size] = [(header >> 1) & 3, header >> 3]
    if (kind === 3) return undefined
    // A run of one byte holds that byte alone.
    at += 3 + (kind === 1 ? 1 : size)
    if ((header & 1) === 1) return at
  }
}
