import type { ObjectStore } from '../../storage/object-store.js'
import type { RunRecord } from '../run-record.js'

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

/** The last moment at which each capture was let go, ISO 8601: what took it before then cannot have it again. */
export async function expiredCaptures(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const gone = new Map<string, string>()
  for await (const { key } of store.list(EXPIRED_FOLDER)) {
    const body = key.endsWith('.json') ? await store.get(key) : undefined
    if (body === undefined) continue
    const { captures, expired_at } = JSON.parse(body.toString('utf8')) as ExpiredRecord
    for (const id of captures) if (expired_at > (gone.get(id) ?? '')) gone.set(id, expired_at)
  }
  return gone
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
