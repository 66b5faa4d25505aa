import { stat } from 'node:fs/promises'
import type { CaptureBody, CaptureRecord } from '../../bronze/capture-record.js'
import { checkSegment, type SegmentFault } from '../../bronze/check-segment.js'
import { asSluiceError, SluiceError } from '../../core/errors.js'
import { mapConcurrently } from '../../lake/write-files.js'
import { hashFile } from '../../storage/hash-file.js'
import { type ObjectStore, passUnreachable } from '../../storage/object-store.js'
import { captureDays } from '../captures/captures.js'
import { readOrFault } from './read-or-fault.js'
import type { Fault } from './verification.js'

export interface CaptureScope {
  /** Which captures are looked at: their records lie in any segment. */
  readonly capture: (id: string) => boolean
  readonly onProgress: (segments: number) => void
}

export interface VerifiedCaptures {
  readonly segments: number
  readonly captures: number
  readonly bytes: number
  /** Ids of all captures whose records can be read. */
  readonly ids: ReadonlySet<string>
  readonly faults: readonly Fault[]
}

const BODIES_AT_ONCE = 4

/** Hashes every capture again: segments member by member, and the bodies that stand beside them, or outside of the lake. */
export async function verifyCaptures(store: ObjectStore, scope: CaptureScope): Promise<VerifiedCaptures> {
  const faults: Fault[] = []
  const ids = new Set<string>()
  // One body may be that of many captures.
  const bodies = new Map<
    string,
    { readonly body: CaptureBody; readonly record: CaptureRecord; readonly segment: string }
  >()
  let [segments, captures, bytes] = [0, 0, 0]
  for (const day of (await captureDays(store)).reverse()) {
    for await (const { key } of store.list(day.prefix)) {
      if (!key.endsWith('.ndjson.gz')) continue
      const read = await readOrFault(store, key, 'captures')
      if ('fault' in read) {
        faults.push(read.fault)
        continue
      }
      const take = (record: CaptureRecord): void => {
        ids.add(record.id)
        if (!scope.capture(record.id)) return
        captures++
        bytes += record.sizeBytes
        faults.push(...clockFaults(record, key))
        const { body } = record.response
        if (body.kind === 'object' || body.kind === 'reference')
          bodies.set(`${JSON.stringify(body)} ${record.sha256}`, { body, record, segment: key })
      }
      const found = checkSegment(read.bytes, take)
      faults.push(
        ...found.filter(one => one.captureId === undefined || scope.capture(one.captureId)).map(inSegment(key)),
      )
      scope.onProgress(++segments)
    }
  }
  const checked = await mapConcurrently([...bodies.values()], BODIES_AT_ONCE, one => checkBody(one, store))
  return { segments, captures, bytes, ids, faults: [...faults, ...checked.flat()] }
}

const SEGMENT_CODES: Readonly<Record<SegmentFault['code'], string>> = {
  frame: 'segment_frame',
  torn: 'segment_torn',
  record: 'capture_record',
  hash: 'capture_hash',
  size: 'capture_size',
  id: 'capture_id',
}

function inSegment(file: string): (fault: SegmentFault) => Fault {
  return ({ code, atByte, captureId, what }) => {
    const capture = captureId === undefined ? '' : `, capture ${captureId}`
    return {
      kind: 'damaged',
      code: SEGMENT_CODES[code],
      subject: 'captures',
      file,
      place: `byte ${atByte}${capture}`,
      what,
    }
  }
}

/** Two readings of one clock: it went back in between, or somebody wrote the record by hand. */
function clockFaults({ id, requestedAt, receivedAt }: CaptureRecord, file: string): Fault[] {
  if (Date.parse(receivedAt) >= Date.parse(requestedAt)) return []
  const what = `it came at ${receivedAt}, and was asked for later, at ${requestedAt}: the clock went back`
  return [{ kind: 'odd', code: 'capture_clock', subject: 'captures', file, place: `capture ${id}`, what }]
}

interface BodyToCheck {
  readonly body: CaptureBody
  readonly record: CaptureRecord
  readonly segment: string
}

async function checkBody({ body, record, segment }: BodyToCheck, store: ObjectStore): Promise<Fault[]> {
  const about = { subject: 'captures', place: `capture ${record.id}` }
  if (body.kind === 'reference') {
    const isFile = await stat(body.path).then(
      found => found.isFile(),
      () => false,
    )
    const gone = `the file is gone; the lake holds only its hash (capture: reference), so ${segment} cannot be replayed without it`
    if (!isFile) return [{ ...about, kind: 'lost', code: 'reference_gone', file: body.path, what: gone }]
    const sha256 = await hashFile(body.path).catch(messageOf)
    if (sha256 === record.sha256) return []
    const what = `the file is another than the one that was captured (capture: reference): ${otherHash(sha256, record)}`
    return [{ ...about, kind: 'lost', code: 'reference_changed', file: body.path, what }]
  }
  if (body.kind !== 'object') return []
  const file = body.key
  const path = await store.localPath(body.key).catch((cause: unknown) => {
    passUnreachable(cause)
    return asSluiceError(cause)
  })
  if (path instanceof SluiceError && path.kind === 'corrupt')
    return [{ ...about, kind: 'damaged', code: 'body_hash', file, what: path.message }]
  if (path instanceof SluiceError)
    return [{ ...about, kind: 'missing', code: 'body_missing', file, what: `the body that ${segment} names is gone` }]
  const sha256 = await hashFile(path, body.encoding === 'gzip' ? 'gzip' : undefined).catch(messageOf)
  if (sha256 === record.sha256) return []
  return [{ ...about, kind: 'damaged', code: 'body_hash', file, what: otherHash(sha256, record) }]
}

function otherHash(found: string, { sha256 }: CaptureRecord): string {
  return /^[0-9a-f]{64}$/.test(found) ? `the hash is ${found}, not ${sha256}` : `it cannot be read: ${found}`
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
