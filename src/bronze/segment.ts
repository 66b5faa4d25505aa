import { gunzipSync, gzipSync } from 'node:zlib'
import { SluiceError } from '../core/errors.js'
import type { CaptureRecord } from './capture-record.js'

/** A capture as one line of a segment: one gzip member, so that a segment can be appended to and read by offset. */
export function segmentMember(record: CaptureRecord): Buffer {
  return gzipSync(Buffer.from(`${JSON.stringify(record)}\n`, 'utf8'), { level: 1 })
}

/** The captures of a segment. Throws SLUICE_CAPTURE_CORRUPT. */
export function readSegment(bytes: Buffer, key: string): CaptureRecord[] {
  try {
    const lines = gunzipSync(bytes).toString('utf8').trimEnd().split('\n')
    return lines.map(line => JSON.parse(line) as CaptureRecord)
  } catch (cause) {
    const message = `The captures in ${key} cannot be read. Nothing was changed.`
    throw new SluiceError('SLUICE_CAPTURE_CORRUPT', message, { place: { file: key } }, cause)
  }
}

/** `bronze/captures/provider=nbp/date=2026-11-22` is the folder of a day's captures; `date=…` its last part. */
export function captureFolder(provider: string, date: string): string {
  return `${providerFolder(provider)}${date}`
}

/** All captures of a lake. */
export const CAPTURES_FOLDER = 'bronze/captures/'

/** `bronze/captures/provider=nbp/` */
export function providerFolder(provider: string): string {
  return `${CAPTURES_FOLDER}provider=${provider}/`
}

/** `<folder>/run_id=<run>-<n>.ndjson.gz` */
export function segmentKey(folder: string, runId: string, ordinal: number): string {
  return `${folder}/run_id=${runId}-${ordinal}.ndjson.gz`
}

/** A body that is too large for the record stands beside the segment, named by its content: the same body is one object. */
export function bodyKey(folder: string, runId: string, sha256: string, encoding: 'gzip' | 'identity'): string {
  return `${folder}/run_id=${runId}-${sha256.slice(0, 16)}.body${encoding === 'gzip' ? '.gz' : ''}`
}
