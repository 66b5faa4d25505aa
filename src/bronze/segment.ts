import { gzipSync } from 'node:zlib'
import type { CaptureRecord } from './capture-record.js'

/** A capture as one line of a segment: one gzip member, so that a segment can be appended to and read by offset. */
export function segmentMember(record: CaptureRecord): Buffer {
  return gzipSync(Buffer.from(`${JSON.stringify(record)}\n`, 'utf8'), { level: 1 })
}

/** `bronze/captures/provider=nbp/date=2026-11-22/run_id=<run>-<n>.ndjson.gz` */
export function segmentKey(provider: string, receivedAt: string, runId: string, ordinal: number): string {
  return `${captureFolder(provider, receivedAt)}/run_id=${runId}-${ordinal}.ndjson.gz`
}

/** A body that is too large for the record stands beside the segment under its own name. */
export function bodyKey(
  provider: string,
  receivedAt: string,
  runId: string,
  ordinal: number,
  encoding: 'gzip' | 'identity',
): string {
  return `${captureFolder(provider, receivedAt)}/run_id=${runId}-${ordinal}.body${encoding === 'gzip' ? '.gz' : ''}`
}

function captureFolder(provider: string, receivedAt: string): string {
  return `bronze/captures/provider=${provider}/date=${receivedAt.slice(0, 10)}`
}
