import { createHash } from 'node:crypto'
import { crc32, inflateRawSync } from 'node:zlib'
import { type CaptureRecord, captureId } from './capture-record.js'

/** What is wrong in a segment, and at which byte the member begins that it is in. */
export interface SegmentFault {
  readonly code: 'frame' | 'torn' | 'record' | 'hash' | 'size' | 'id'
  readonly atByte: number
  /** Undefined where the record cannot be read. */
  readonly captureId: string | undefined
  readonly what: string
}

/**
 * Looks at every gzip member of a segment: its frame, its checksum, the record in it, and the hash of a body that stands in the record. Shows
 * `visit` each record that can be read. Damage does not end it: it goes on at the next member that is whole.
 */
export function checkSegment(bytes: Buffer, visit: (record: CaptureRecord) => void): SegmentFault[] {
  const faults: SegmentFault[] = []
  let at = 0
  while (at < bytes.length) {
    const member = memberAt(bytes, at)
    if ('text' in member) {
      for (const line of member.text.trimEnd().split('\n')) faults.push(...checkLine(line, at, visit))
      at = member.end
      continue
    }
    const next = nextMember(bytes, at + 1)
    const isTail = next === undefined
    const until = isTail ? 'to its end' : `to byte ${next}`
    const what = `from byte ${at} ${until} ${member.why}`
    faults.push({ code: isTail ? 'torn' : 'frame', atByte: at, captureId: undefined, what })
    at = next ?? bytes.length
  }
  return faults
}

/** As `segmentMember` makes them (RFC 1952): no optional parts. */
const MAGIC = Buffer.from([0x1f, 0x8b, 0x08, 0])
const HEADER_BYTES = 10
const TRAILER_BYTES = 8

type Member = { readonly text: string; readonly end: number } | { readonly why: string }

function memberAt(bytes: Buffer, at: number): Member {
  if (!bytes.subarray(at, at + MAGIC.length).equals(MAGIC)) return { why: 'no gzip member begins' }
  let inflated: { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }
  try {
    inflated = inflateRawSync(bytes.subarray(at + HEADER_BYTES), { info: true }) as unknown as typeof inflated
  } catch {
    return { why: 'the bytes cannot be unpacked' }
  }
  const trailer = at + HEADER_BYTES + inflated.engine.bytesWritten
  if (trailer + TRAILER_BYTES > bytes.length) return { why: 'the member is cut' }
  const { buffer } = inflated
  const isWhole =
    bytes.readUInt32LE(trailer) === crc32(buffer) && bytes.readUInt32LE(trailer + 4) === buffer.length % 2 ** 32
  return isWhole
    ? { text: buffer.toString('utf8'), end: trailer + TRAILER_BYTES }
    : { why: 'the checksum of the member is another' }
}

function nextMember(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at !== -1; at = bytes.indexOf(MAGIC, at + 1))
    if ('text' in memberAt(bytes, at)) return at
  return undefined
}

function checkLine(line: string, atByte: number, visit: (record: CaptureRecord) => void): SegmentFault[] {
  let record: CaptureRecord
  try {
    record = JSON.parse(line) as CaptureRecord
    if (typeof record.id !== 'string' || typeof record.response.body.kind !== 'string') throw new Error('no capture')
  } catch {
    return [{ code: 'record', atByte, captureId: undefined, what: 'the record of the capture is not one' }]
  }
  visit(record)
  const fault = (code: SegmentFault['code'], what: string) => [{ code, atByte, captureId: record.id, what }]
  const body = bodyOf(record)
  if (body !== undefined) {
    const sha256 = createHash('sha256').update(body).digest('hex')
    if (sha256 !== record.sha256) return fault('hash', `the body has the hash ${sha256}, not ${record.sha256}`)
    if (body.length !== record.sizeBytes)
      return fault('size', `the body has ${body.length} bytes, not ${record.sizeBytes}`)
  }
  return idsOf(record).includes(record.id) ? [] : fault('id', 'its id is not the hash of what was asked and what came')
}

function bodyOf({ response: { body } }: CaptureRecord): Buffer | undefined {
  if (body.kind === 'text') return Buffer.from(body.text, 'utf8')
  return body.kind === 'base64' ? Buffer.from(body.base64, 'base64') : undefined
}

/** The id of a file, and that of an answer: the same answer to two pipes is two captures. */
function idsOf({ request: { method, url }, pipe, sha256 }: CaptureRecord): string[] {
  return [url, `${url}#${encodeURIComponent(pipe)}`].map(own => captureId({ method, url: own }, sha256))
}
