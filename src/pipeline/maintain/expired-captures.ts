import { SluiceError } from '../../core/errors.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { RunRecord } from '../record/run-record.js'

/** Which captures a person let go, and when. */
export const EXPIRED_FOLDER = '_expired/'

/** `_expired/<expire-id>.json`: written before the first of them is deleted, so that what is gone is never unexplained. */
export interface ExpiredRecord {
  readonly record_version: 1
  readonly expire: string
  readonly expired_at: string
  readonly segments: readonly { readonly key: string; readonly bytes: number; readonly captures: number }[]
  /** Their ids, each once. */
  readonly captures: readonly string[]
}

/**
 * The last moment at which each capture was let go, ISO 8601: what took it before then cannot have it again. Throws SLUICE_METADATA_CORRUPT: whoever
 * went on without one of the records would miss what a person let go.
 */
export async function expiredCaptures(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const records: ExpiredRecord[] = []
  for await (const { key } of store.list(EXPIRED_FOLDER)) {
    const body = key.endsWith('.json') ? await store.get(key) : undefined
    if (body === undefined) continue
    const record = parsed(body)
    if (!isExpiredRecord(record)) {
      const message = `${key} is no record of captures that were let go. Nothing was changed.`
      throw new SluiceError('SLUICE_METADATA_CORRUPT', message, { place: { file: key } })
    }
    records.push(record)
  }
  return lastExpired(records)
}

/** The last moment at which each capture was let go, as these records have it. */
export function lastExpired(records: readonly ExpiredRecord[]): ReadonlyMap<string, string> {
  const gone = new Map<string, string>()
  for (const { captures, expired_at } of records)
    for (const id of captures) if (expired_at > (gone.get(id) ?? '')) gone.set(id, expired_at)
  return gone
}

/** Whether a document says what was let go, and when: one that was edited may say anything. */
export function isExpiredRecord(document: unknown): document is ExpiredRecord {
  if (typeof document !== 'object' || document === null) return false
  const { expired_at, captures } = document as Partial<ExpiredRecord>
  const isTime = typeof expired_at === 'string' && !Number.isNaN(Date.parse(expired_at))
  return isTime && Array.isArray(captures) && captures.every(id => typeof id === 'string')
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Whether a capture was let go after a run took it. */
export function isExpired(
  expired: ReadonlyMap<string, string>,
  captureId: string,
  { finished_at }: Pick<RunRecord, 'finished_at'>,
): boolean {
  const goneAt = expired.get(captureId)
  return goneAt !== undefined && finished_at <= goneAt
}
