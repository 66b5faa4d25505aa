import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { CaptureRecord } from '../../bronze/capture-record.js'
import { eachCapture } from '../../bronze/each-capture.js'
import { SluiceError } from '../../core/errors.js'
import { type ObjectStore, passUnreachable } from '../../storage/object-store.js'
import { lakeStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import { captureDays, segmentsOf } from './captures.js'

/** A capture of a lake, and the way to its exact bytes. */
export interface FoundCapture {
  readonly record: CaptureRecord
  readonly segment: string
  /** Checked against their hash before the first one comes. Throws SLUICE_CAPTURE_CORRUPT when they are gone or are others. */
  bytes(): AsyncIterable<Uint8Array>
}

const WHOLE_ID = 32
const SHORTEST = 4

/**
 * The capture of an id, or of a beginning that only one id has; of several with one id, which have the same bytes, the newest.
 * Throws SLUICE_CAPTURE_UNKNOWN.
 */
export async function findCapture(project: Project, id: string): Promise<FoundCapture> {
  if (!/^[0-9a-f]+$/.test(id) || id.length < SHORTEST || id.length > WHOLE_ID) {
    const message = `"${id.slice(0, 80)}" is no id of a capture: those are ${WHOLE_ID} hex digits, of which ${SHORTEST} may be enough.`
    throw new SluiceError('SLUICE_CAPTURE_UNKNOWN', message)
  }
  const store = await lakeStore(project)
  const { found, broken } = await search(store, id)
  const [first, ...others] = [...found.values()]
  if (first === undefined) {
    const hint = broken.length === 0 ? '' : ` ${broken.length} segments cannot be read to their end: ${broken[0]}.`
    throw new SluiceError('SLUICE_CAPTURE_UNKNOWN', `There is no capture ${id} in this lake.${hint}`, { broken })
  }
  if (others.length > 0) {
    const ids = [...found.keys()].slice(0, 10)
    const message = `${found.size} captures begin with ${id}: ${ids.join(', ')}.`
    throw new SluiceError('SLUICE_CAPTURE_UNKNOWN', message, { ids, next: 'Write more digits of the id.' })
  }
  return { ...first, bytes: () => captureBytes(first.record, store) }
}

interface Search {
  readonly found: ReadonlyMap<string, Pick<FoundCapture, 'record' | 'segment'>>
  readonly broken: readonly string[]
}

/** Only lines that begin with the id are parsed: writers put it first. */
async function search(store: ObjectStore, id: string): Promise<Search> {
  const start = Buffer.from(`{"id":"${id}`)
  const found = new Map<string, Pick<FoundCapture, 'record' | 'segment'>>()
  const broken: string[] = []
  for (const day of await captureDays(store)) {
    for await (const { key, bytes } of segmentsOf(store, day)) {
      const take = (record: CaptureRecord): void => {
        const other = found.get(record.id)?.record
        if (other === undefined || other.receivedAt < record.receivedAt) found.set(record.id, { record, segment: key })
      }
      const isWhole = await eachCapture(bytes, take, line => line.subarray(0, start.length).equals(start))
      if (!isWhole) broken.push(key)
    }
    if (id.length === WHOLE_ID && found.size > 0) break
  }
  return { found, broken }
}

/** The exact bytes of a capture, checked against their hash before the first one comes. Throws SLUICE_CAPTURE_CORRUPT. */
export async function* captureBytes(record: CaptureRecord, store: ObjectStore): AsyncGenerator<Uint8Array> {
  const open = await bodyReader(record, store)
  const hash = createHash('sha256')
  try {
    for await (const chunk of open()) hash.update(chunk)
  } catch (cause) {
    throw corrupt(record, `cannot be read`, cause)
  }
  if (hash.digest('hex') !== record.sha256) throw corrupt(record, 'are not those that came: their hash is another')
  yield* open()
}

/** Bodies may be larger than the memory, so they are read twice rather than held. */
async function bodyReader(record: CaptureRecord, store: ObjectStore): Promise<() => AsyncIterable<Uint8Array>> {
  const { body } = record.response
  if (body.kind === 'text' || body.kind === 'base64') {
    const bytes = body.kind === 'text' ? Buffer.from(body.text, 'utf8') : Buffer.from(body.base64, 'base64')
    return async function* () {
      yield bytes
    }
  }
  if (body.kind === 'reference') return () => createReadStream(body.path)
  const path = await store.localPath(body.key).catch((cause: unknown) => {
    passUnreachable(cause)
    throw corrupt(record, 'are gone', cause)
  })
  return () => (body.encoding === 'gzip' ? unpacked(createReadStream(path)) : createReadStream(path))
}

function unpacked(packed: Readable): Readable {
  const gunzip = createGunzip()
  // The error reaches whoever reads the result.
  pipeline(packed, gunzip, () => undefined)
  return gunzip
}

function corrupt({ id, response: { body } }: CaptureRecord, fault: string, cause?: unknown): SluiceError {
  const file = body.kind === 'reference' ? body.path : body.kind === 'object' ? body.key : undefined
  const where = file === undefined ? '' : ` in ${file}`
  const next =
    body.kind === 'reference'
      ? { next: 'The lake holds only the hash of this capture (`capture: reference`): put the file back where it was.' }
      : {}
  const message = `The bytes of capture ${id}${where} ${fault}. Nothing was printed.`
  return new SluiceError('SLUICE_CAPTURE_CORRUPT', message, { ...(file && { place: { file } }), ...next }, cause)
}
