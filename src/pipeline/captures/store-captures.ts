import { isUtf8 } from 'node:buffer'
import type { CaptureBody, CaptureRecord } from '../../bronze/capture-record.js'
import { bodyKey, captureFolder, providerFolder, readSegment, segmentKey, segmentMember } from '../../bronze/segment.js'
import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { claim, uncertain } from '../../lake/claim.js'
import type { Lake } from '../../lake/lake.js'
import type { FetchedFile } from '../fetch/fetched.js'

const UNTOUCHED = 'No table was changed.'

export interface CaptureStorage {
  readonly lake: Lake
  readonly runId: string
  /** Whether an earlier process may have begun this run, so that its captures are looked for. */
  readonly mayResume: boolean
  /** Compressed size at which a segment is closed. */
  readonly segmentBytes?: number
}

const SEGMENT_BYTES = 64 << 20

/** When each capture was received, by its id, as the lake holds it. */
export type StoredTimes = ReadonlyMap<string, number>

/**
 * Puts the captures of a run into the lake: large bodies under their own names, the records in segments per provider. What an
 * earlier process stored for the same run stays, and its times hold. A run id under which other captures are stored throws
 * SLUICE_RUN_ID_TAKEN while nothing is written; a lost answer throws SLUICE_STORE_UNAVAILABLE.
 */
export async function storeCaptures(fetched: readonly FetchedFile[], storage: CaptureStorage): Promise<StoredTimes> {
  const providers = [...new Set(fetched.map(providerOf))]
  const begun = await Promise.all(
    providers.map(provider =>
      beginProvider(
        provider,
        fetched.filter(capture => providerOf(capture) === provider),
        storage,
      ),
    ),
  )
  const times = new Map<string, number>()
  for (const segments of begun) for (const [id, time] of await storeMissing(segments, storage)) times.set(id, time)
  return times
}

/** The captures of one provider in a run: those to store, and what the lake holds of them. */
interface Segments {
  readonly own: ReadonlyMap<string, FetchedFile>
  readonly folder: string
  readonly stored: Map<string, number>
  /** Bodies that are in the lake already, by capture: storing one takes its local file away. */
  readonly bodies: Map<string, CaptureBody>
  /** Number of the segment that is written next. */
  next: number
}

async function beginProvider(
  provider: string,
  captures: readonly FetchedFile[],
  { lake, runId, mayResume }: CaptureStorage,
): Promise<Segments> {
  const own = new Map(captures.map(capture => [capture.id, capture]))
  const today = captureFolder(provider, `date=${isoTime(captures[0]!.receivedAtMs).slice(0, 10)}`)
  const earlier = mayResume ? await earlierFolder(provider, runId, lake) : undefined
  const segments: Segments = { own, folder: earlier ?? today, stored: new Map(), bodies: new Map(), next: 0 }
  while (earlier !== undefined && (await takeIn(segments, lake, runId)));
  return segments
}

/** The folder in which a process that died, perhaps days ago, began the captures of this run. */
async function earlierFolder(provider: string, runId: string, lake: Lake): Promise<string | undefined> {
  const folders = (await lake.store.listFolders(providerFolder(provider))).map(date => captureFolder(provider, date))
  const heads = await Promise.all(folders.map(folder => lake.store.head(segmentKey(folder, runId, 0))))
  return folders.find((_, at) => heads[at] !== undefined)
}

/** Reads the next segment, if there is one: its captures need not be stored again. */
async function takeIn(segments: Segments, lake: Lake, runId: string): Promise<boolean> {
  const key = segmentKey(segments.folder, runId, segments.next)
  const bytes = await lake.store.get(key)
  if (bytes === undefined) return false
  const records = readSegment(bytes, key)
  if (records.some(record => !segments.own.has(record.id))) {
    const message = `The run id ${runId} belongs to an unfinished run over other inputs; its captures are in ${key}. Nothing was written.`
    throw new SluiceError('SLUICE_RUN_ID_TAKEN', message, {
      next: 'Repeat that run as it was, or choose another --run-id.',
    })
  }
  for (const record of records) segments.stored.set(record.id, Date.parse(record.receivedAt))
  segments.next++
  return true
}

async function storeMissing(segments: Segments, storage: CaptureStorage): Promise<ReadonlyMap<string, number>> {
  const { lake, runId } = storage
  const { own, stored } = segments
  while (stored.size < own.size) {
    const key = segmentKey(segments.folder, runId, segments.next)
    const { members, captures } = await nextSegment(segments, storage)
    const claimed = await claim(lake.store, key, Buffer.concat(members))
    if (claimed.outcome === 'unknown') throw uncertain(key, claimed.cause, UNTOUCHED)
    // Another process with this run id was first: what it holds counts, and the rest goes into a further segment.
    if (claimed.outcome === 'taken') await takeIn(segments, lake, runId)
    else {
      for (const capture of captures) stored.set(capture.id, capture.receivedAtMs)
      segments.next++
    }
  }
  return stored
}

async function nextSegment(
  { own, stored, bodies, folder }: Segments,
  { lake, runId, segmentBytes = SEGMENT_BYTES }: CaptureStorage,
): Promise<{ members: Buffer[]; captures: FetchedFile[] }> {
  const members: Buffer[] = []
  const captures: FetchedFile[] = []
  let bytes = 0
  for (const capture of own.values()) {
    if (stored.has(capture.id)) continue
    if (bytes >= segmentBytes) break
    const body = bodies.get(capture.id) ?? (await storeBody(capture, folder, lake, runId))
    bodies.set(capture.id, body)
    const member = segmentMember(recordOf(capture, body))
    bytes += member.length
    members.push(member)
    captures.push(capture)
  }
  return { members, captures }
}

async function storeBody(capture: FetchedFile, folder: string, lake: Lake, runId: string): Promise<CaptureBody> {
  const { body, path, sha256 } = capture.file
  if (body.kind === 'reference') return { kind: 'reference', path }
  if (body.kind === 'inline') {
    return isUtf8(body.bytes)
      ? { kind: 'text', text: body.bytes.toString('utf8') }
      : { kind: 'base64', base64: body.bytes.toString('base64') }
  }
  const key = bodyKey(folder, runId, sha256, body.encoding)
  const adopted = await lake.store.adopt(body.path, key)
  // One that is there already is this very body: its name is its hash.
  if (adopted.outcome === 'unknown') throw uncertain(key, adopted.cause, UNTOUCHED)
  return { kind: 'object', key, encoding: body.encoding }
}

function recordOf(capture: FetchedFile, body: CaptureBody): CaptureRecord {
  const receivedAt = isoTime(capture.receivedAtMs)
  return {
    id: capture.id,
    pipe: capture.pipe.name,
    params: capture.pipe.params,
    request: { ...capture.request, headers: {} },
    response: { status: 200, headers: {}, body },
    requestedAt: receivedAt,
    receivedAt,
    sha256: capture.sha256,
    sizeBytes: capture.sizeBytes,
    classification: capture.sizeBytes === 0 ? 'empty' : 'data',
  }
}

function providerOf(capture: FetchedFile): string {
  return capture.pipe.source.split('.')[0]!
}
