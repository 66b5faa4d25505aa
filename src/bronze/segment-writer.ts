import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip, gzipSync } from 'node:zlib'
import type { Clock } from '../core/clock.js'
import { claimSurely } from '../lake/claim.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { CaptureFacts, CaptureRecord } from './capture-record.js'
import { captureFolder, segmentKey } from './segment.js'

/** Keeps captures as they come: each is on disk a moment after `add`, and in the lake when its segment is closed. */
export interface SegmentWriter {
  add(record: CaptureRecord): Promise<void>
  /** Closes the segment that is open, if any. */
  close(): Promise<void>
}

export interface SegmentWriterOptions {
  readonly store: ObjectStore
  readonly provider: string
  readonly runId: string
  /** A local folder of the run: what is in it outlives a crash, see `salvageSegments`. */
  readonly spool: string
  readonly clock: Clock
  /** Called when the captures of a segment are durable in the lake. */
  readonly onStored: (captures: readonly CaptureFacts[], key: string) => Promise<void>
  readonly limits?: SegmentLimits
}

/** A segment closes at a compressed size, a size that one text can have, or an age, whichever comes first. */
interface SegmentLimits {
  readonly bytes: number
  readonly plainBytes: number
  readonly ms: number
}

const LIMITS: SegmentLimits = { bytes: 64 << 20, plainBytes: 256 << 20, ms: 60_000 }
/** Local files of segments that are not in the lake yet; the rest of the name is the key. */
export const SPOOLED_SEGMENT = 'segment-'

interface OpenSegment {
  readonly file: FileHandle
  readonly path: string
  readonly key: string
  readonly openedMs: number
  readonly members: Buffer[]
  readonly captures: CaptureFacts[]
  bytes: number
  plainBytes: number
  /** Ends when every capture so far is on disk. */
  written: Promise<void>
  packing: number
}

/** Captures that are packed at once, on threads of their own. */
const PACKED_AT_ONCE = 8

/** Bytes below which a capture is packed sooner than a thread is told to. */
const PACKED_HERE = 64 << 10
const PACKING = { level: 1 }

const packBeside = promisify(gzip)

async function pack(plain: Buffer): Promise<Buffer> {
  return plain.length < PACKED_HERE ? gzipSync(plain, PACKING) : packBeside(plain, PACKING)
}

/** Opens a writer for the captures of one provider in one run. `add` and `close` follow each other, one at a time. */
export function segmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { clock, spool, runId, provider, limits = LIMITS } = options
  let segment: OpenSegment | undefined
  let next = 0

  async function begin(receivedAt: string): Promise<OpenSegment> {
    const key = segmentKey(captureFolder(provider, `date=${receivedAt.slice(0, 10)}`), runId, next++)
    const path = join(spool, `${SPOOLED_SEGMENT}${encodeURIComponent(key)}`)
    return {
      file: await open(path, 'w'),
      path,
      key,
      openedMs: clock.now(),
      members: [],
      captures: [],
      bytes: 0,
      plainBytes: 0,
      written: Promise.resolve(),
      packing: 0,
    }
  }

  async function close(): Promise<void> {
    if (segment === undefined) return
    const { file, path, members, captures, written } = segment
    let { key } = segment
    segment = undefined
    await written.finally(() => file.close())
    const folder = key.slice(0, key.lastIndexOf('/'))
    while (!(await storeSegment(options.store, key, Buffer.concat(members)))) key = segmentKey(folder, runId, next++)
    await options.onStored(captures, key)
    await unlink(path)
  }

  return {
    async add(record) {
      segment ??= await begin(record.receivedAt)
      write(segment, record)
      if (segment.packing >= PACKED_AT_ONCE) await segment.written
      if (
        segment.plainBytes >= limits.plainBytes ||
        segment.bytes >= limits.bytes ||
        clock.now() - segment.openedMs >= limits.ms
      )
        await close()
    },
    close,
  }
}

/** Packs a capture at once, and appends it after those before it. */
function write(segment: OpenSegment, record: CaptureRecord): void {
  const plain = Buffer.from(`${JSON.stringify(record)}\n`, 'utf8')
  const packed = pack(plain)
  segment.plainBytes += plain.length
  segment.packing++
  const { body: _, ...response } = record.response
  segment.captures.push({ ...record, response })
  const before = segment.written
  segment.written = (async () => {
    const [member] = await Promise.all([packed, before])
    await segment.file.appendFile(member)
    segment.members.push(member)
    segment.bytes += member.length
    segment.packing--
  })()
  // Whoever waits for it is told; nobody may be waiting yet.
  segment.written.catch(() => undefined)
}

/** Puts a finished segment into the lake; false when the key is another's. Throws SLUICE_STORE_UNAVAILABLE. */
export function storeSegment(store: ObjectStore, key: string, bytes: Buffer): Promise<boolean> {
  return claimSurely(store, key, bytes, 'No table was changed.')
}
