import type { IncomingHttpHeaders } from 'node:http'
import type { Bucket, Stored } from './bucket.js'
import { notFound, notImplemented, preconditionFailed } from './s3-error.js'

/**
 * How a server takes the conditions of writes. `atomic`: as S3 does. `raced`: it looks first and writes later, so that several writers may
 * find a key free. `ignored`: not at all.
 */
export type Conditions = 'atomic' | 'raced' | 'ignored'

/** Long enough that requests of one moment have all looked before the first of them writes. */
const RACED_MS = 20

/** Writes an object under the conditions of the request's headers. Throws what S3 answers when they do not hold. */
export async function writeObject(
  { objects }: Bucket,
  key: string,
  stored: Stored,
  headers: IncomingHttpHeaders,
  conditions: Conditions,
): Promise<void> {
  if (conditions !== 'ignored') check(objects.get(key), key, headers)
  if (conditions === 'raced') await new Promise(resolve => setTimeout(resolve, RACED_MS))
  objects.set(key, stored)
}

function check(present: Stored | undefined, key: string, headers: IncomingHttpHeaders): void {
  const [noneMatch, match] = [headers['if-none-match'], headers['if-match']]
  if (noneMatch !== undefined && noneMatch !== '*') throw notImplemented('If-None-Match with an ETag on a write')
  if (noneMatch === '*' && present !== undefined) throw preconditionFailed()
  if (match === undefined) return
  if (present === undefined) throw notFound(key)
  if (match !== '*' && match !== present.etag) throw preconditionFailed()
}
