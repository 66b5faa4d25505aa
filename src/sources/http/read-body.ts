import type { Readable } from 'node:stream'
import { Refusal } from './refusal.js'

export interface WireBody {
  readonly bytes: Buffer
  /** `cut`: the connection ended before the body did. */
  readonly end: 'whole' | 'cut'
}

/**
 * All bytes of a body as they come. More than `maxBytes`, announced or not, throws a Refusal and drops the connection.
 * An end of the connection in the middle is no error: what came is kept.
 */
export async function readBody(body: Readable, announcedBytes: number, maxBytes: number): Promise<WireBody> {
  // Dropping the connection is an error to the stream, also when nobody reads it any more.
  body.on('error', () => undefined)
  if (announcedBytes > maxBytes) {
    body.destroy()
    throw new Refusal(`the body has ${announcedBytes} bytes; ${maxBytes} are allowed`)
  }
  const blocks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const block of body as AsyncIterable<Buffer>) {
      sizeBytes += block.length
      if (sizeBytes > maxBytes) throw new Refusal(`the body has more than ${maxBytes} bytes, which are allowed`)
      blocks.push(block)
    }
  } catch (thrown) {
    if (!isCut(thrown)) throw thrown
    return { bytes: Buffer.concat(blocks), end: 'cut' }
  }
  return { bytes: Buffer.concat(blocks), end: 'whole' }
}

const CUT = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']

function isCut(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && CUT.includes(String(thrown.code))
}
