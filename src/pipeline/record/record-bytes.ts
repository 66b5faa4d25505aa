import { sha256Hex } from '../../core/ids.js'
import type { RunRecord } from './run-record.js'

/** A run record as the lake holds it. What was read prints as the same bytes again. */
export function printRecord(record: RunRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`)
}

/** What the list of runs notes of a record's bytes: 16 hex digits of their sha256. */
export function recordHash(bytes: Buffer): string {
  return sha256Hex(bytes).slice(0, 16)
}
