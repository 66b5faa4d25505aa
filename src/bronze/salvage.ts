import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, gunzipSync } from 'node:zlib'
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

/** The captures of a segment whose end may be missing: the tail that is torn is dropped, the rest is kept. */
export function wholeCaptures(bytes: Buffer): { readonly records: readonly CaptureRecord[]; readonly torn: boolean } {
  const { text, whole } = unpackedAsFar(bytes)
  const records: CaptureRecord[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    const record = wholeCapture(line)
    if (record === undefined) return { records, torn: true }
    records.push(record)
  }
  return { records, torn: !whole }
}

function unpackedAsFar(bytes: Buffer): { readonly text: string; readonly whole: boolean } {
  if (bytes.length === 0) return { text: '', whole: true }
  try {
    return { text: gunzipSync(bytes).toString('utf8'), whole: true }
  } catch {
    return { text: unpackedUntilTorn(bytes), whole: false }
  }
}

function unpackedUntilTorn(bytes: Buffer): string {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8')
  } catch {
    return wholeMembers(bytes)
  }
}

/** Bytes that are no gzip begin somewhere: everything before them is tried. */
function wholeMembers(bytes: Buffer): string {
  for (let end = bytes.lastIndexOf(MAGIC); end > 0; end = bytes.lastIndexOf(MAGIC, end - 1)) {
    try {
      return gunzipSync(bytes.subarray(0, end), { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8')
    } catch {
      // The damage begins earlier.
    }
  }
  return ''
}

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08])

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
