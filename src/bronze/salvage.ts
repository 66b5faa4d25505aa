import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { sha256Hex } from '../core/ids.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { CaptureRecord } from './capture-record.js'
import { segmentMember } from './segment.js'
import { SPOOLED_SEGMENT, storeSegment } from './segment-writer.js'

/** What a dead process had captured and not yet put into the lake. */
export interface Salvaged {
  readonly key: string
  readonly records: readonly CaptureRecord[]
  /** Whether its last capture was cut and is lost. */
  readonly torn: boolean
}

/**
 * Puts the segments in the folder of a dead process into the lake, each capture that is whole; safe to do again. A segment whose
 * key another took since gets a letter more.
 */
export async function salvageSegments(spool: string, store: ObjectStore): Promise<Salvaged[]> {
  const names = (await readdir(spool).catch(() => [])).filter(name => name.startsWith(SPOOLED_SEGMENT)).sort()
  const salvaged: Salvaged[] = []
  for (const name of names) {
    const { records, torn } = wholeCaptures(await readFile(join(spool, name)))
    let key = decodeURIComponent(name.slice(SPOOLED_SEGMENT.length))
    const bytes = Buffer.concat(records.map(segmentMember))
    while (records.length > 0 && !(await storeSegment(store, key, bytes))) key = key.replace(/\.ndjson/, 'r.ndjson')
    salvaged.push({ key, records, torn })
  }
  return salvaged
}

/** The captures of a segment whose end may be missing or damaged: the tail that is torn is dropped, the rest is kept. */
export function wholeCaptures(bytes: Buffer): { readonly records: readonly CaptureRecord[]; readonly torn: boolean } {
  const records: CaptureRecord[] = []
  let at = 0
  while (at < bytes.length) {
    const member = memberAt(bytes, at)
    const found = member?.text.trimEnd().split('\n').map(wholeCapture)
    if (member === undefined || found!.includes(undefined)) return { records, torn: true }
    records.push(...(found as CaptureRecord[]))
    at = member.end
  }
  return { records, torn: false }
}

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08, 0])
const HEADER_BYTES = 10
/** The checksum and the length. */
const TRAILER_BYTES = 8

/** The gzip member that begins at a byte, as `segmentMember` makes them (RFC 1952, without optional parts). */
function memberAt(bytes: Buffer, at: number): { readonly text: string; readonly end: number } | undefined {
  if (!bytes.subarray(at, at + MAGIC.length).equals(MAGIC)) return undefined
  try {
    const { buffer, engine } = inflateRawSync(bytes.subarray(at + HEADER_BYTES), { info: true }) as unknown as Inflated
    const end = at + HEADER_BYTES + engine.bytesWritten + TRAILER_BYTES
    return end <= bytes.length ? { text: buffer.toString('utf8'), end } : undefined
  } catch {
    return undefined
  }
}

interface Inflated {
  readonly buffer: Buffer
  /** Bytes that it has read. */
  readonly engine: { readonly bytesWritten: number }
}

function wholeCapture(line: string): CaptureRecord | undefined {
  try {
    const record = JSON.parse(line) as CaptureRecord
    const { body } = record.response
    if (body.kind === 'text' && sha256Hex(body.text) !== record.sha256) return undefined
    if (body.kind === 'base64' && sha256Hex(Buffer.from(body.base64, 'base64')) !== record.sha256) return undefined
    return record
  } catch {
    return undefined
  }
}
