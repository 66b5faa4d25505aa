import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { CaptureRecord } from './capture-record.js'
import { wholeCaptures } from './salvage.js'

/**
 * Shows every capture of a segment that can still be read, one at a time: a segment may unpack to more than a text can hold.
 * `wants` looks at the line of a capture before it is parsed. False when a part of the segment cannot be read. Never throws for its bytes;
 * what `visit` throws ends it.
 */
export async function eachCapture(
  bytes: Buffer,
  visit: (record: CaptureRecord) => void | Promise<void>,
  wants: (line: Buffer) => boolean = () => true,
): Promise<boolean> {
  let seen = 0
  let fault: { readonly cause: unknown } | undefined
  const take = async (line: Buffer): Promise<void> => {
    const record = wants(line) ? (JSON.parse(line.toString('utf8')) as CaptureRecord) : undefined
    seen++
    if (record === undefined) return
    try {
      await visit(record)
    } catch (cause) {
      fault = { cause }
      throw cause
    }
  }
  try {
    return await eachLine(bytes, take)
  } catch {
    if (fault !== undefined) throw fault.cause
    // The stream hands out nothing of the chunk that the damage is in.
    const lines = wholeCaptures(bytes).records.map(record => JSON.stringify(record))
    for (const line of lines.slice(seen)) await take(Buffer.from(line))
    return false
  }
}

/** False when bytes stand behind the last member, which readers of gzip pass over. */
async function eachLine(bytes: Buffer, take: (line: Buffer) => Promise<void>): Promise<boolean> {
  const gunzip = Readable.from([bytes]).pipe(createGunzip())
  let rest: Buffer[] = []
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)])
      rest = []
      from = end + 1
      await take(line)
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  return rest.length === 0 && gunzip.bytesWritten === bytes.length
}

const NEWLINE = 0x0a
