import { type Answer, emptyAnswer } from './answer.js'
import type { Body } from './body.js'
import { type Bucket, etagOf, type Stored } from './bucket.js'
import { type Conditions, writeObject } from './conditions.js'
import { notFound, notImplemented, preconditionFailed, S3Error } from './s3-error.js'
import type { S3Request } from './s3-request.js'

const KEPT =
  /^(content-type|cache-control|content-disposition|x-amz-meta-.+|x-amz-storage-class|x-amz-server-side-encryption.*)$/

export interface Write {
  readonly bucket: Bucket
  readonly request: S3Request
  readonly body: Body
  readonly nowMs: number
  readonly conditions: Conditions
}

export async function putObject({ bucket, request, body, nowMs, conditions }: Write): Promise<Answer> {
  if (request.headers['x-amz-copy-source'] !== undefined) throw notImplemented('CopyObject')
  const stored: Stored = { ...body, etag: etagOf(body.bytes), modifiedMs: nowMs, headers: keptHeaders(request) }
  await writeObject(bucket, request.key, stored, request.headers, conditions)
  return emptyAnswer(200, { etag: stored.etag, ...body.checksums, ...encryptionOf(stored) })
}

/** GET and HEAD. */
export function getObject({ objects }: Bucket, { key, method, headers }: S3Request): Answer {
  const stored = objects.get(key)
  if (stored === undefined) throw notFound(key)
  const { bytes, etag, modifiedMs } = stored
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag) throw preconditionFailed()
  const sent: Record<string, string> = {
    'content-type': 'binary/octet-stream',
    ...stored.headers,
    etag,
    'last-modified': new Date(modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
  }
  if (headers['if-none-match'] === etag) return emptyAnswer(304, sent)
  const range = rangeOf(headers.range, bytes.length)
  // The checksum is the whole object's: S3 does not send it with a part.
  if (range === undefined && headers['x-amz-checksum-mode'] === 'ENABLED') Object.assign(sent, stored.checksums)
  const body = range === undefined ? bytes : bytes.subarray(range.start, range.end)
  if (range !== undefined) sent['content-range'] = `bytes ${range.start}-${range.end - 1}/${bytes.length}`
  sent['content-length'] = String(body.length)
  const status = range === undefined ? 200 : 206
  return { status, headers: sent, body: method === 'HEAD' ? Buffer.alloc(0) : body }
}

export function deleteObject({ objects }: Bucket, { key, headers }: S3Request): Answer {
  const present = objects.get(key)
  const match = headers['if-match']
  if (match !== undefined && match !== '*' && match !== present?.etag) throw preconditionFailed()
  objects.delete(key)
  return emptyAnswer(204)
}

export function keptHeaders({ headers }: S3Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => KEPT.test(name))
      .map(([name, value]) => [name, String(value)]),
  )
}

export function encryptionOf({ headers }: Pick<Stored, 'headers'>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-server-side-encryption')))
}

/** The bytes `[start, end)` that a Range header asks for; undefined for all of them, also where the header cannot be read. */
function rangeOf(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const isSuffix = match[1] === ''
  const start = isSuffix ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = isSuffix || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1)
  if (start >= size || (isSuffix && match[2] === '0'))
    throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
      'content-range': `bytes */${size}`,
    })
  // A range that ends before it starts is no range.
  return end <= start ? undefined : { start, end }
}
