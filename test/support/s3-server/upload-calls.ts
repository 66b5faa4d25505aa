import { createHash } from 'node:crypto'
import { type Answer, emptyAnswer } from './answer.js'
import { type Bucket, etagOf, type Stored, type Upload } from './bucket.js'
import { writeObject } from './conditions.js'
import { encryptionOf, keptHeaders, type Write } from './object-calls.js'
import { invalid, S3Error } from './s3-error.js'
import type { S3Request } from './s3-request.js'
import { element, textsOf, xmlAnswer } from './xml.js'

const MAX_PARTS = 10_000

export function startUpload({ uploads }: Bucket, request: S3Request, id: string, nowMs: number): Answer {
  const upload: Upload = { key: request.key, begunMs: nowMs, headers: keptHeaders(request), parts: new Map() }
  uploads.set(id, upload)
  const names = `${element('Bucket', request.bucket)}${element('Key', request.key)}${element('UploadId', id)}`
  const answer = xmlAnswer(`<InitiateMultipartUploadResult>${names}</InitiateMultipartUploadResult>`)
  return { ...answer, headers: { ...answer.headers, ...encryptionOf(upload) } }
}

export function putPart({ bucket, request, body, nowMs }: Omit<Write, 'conditions'>): Answer {
  const number = Number(request.query.get('partNumber'))
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS)
    throw invalid(`Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`)
  const etag = etagOf(body.bytes)
  uploadOf(bucket, request).parts.set(number, { ...body, etag, modifiedMs: nowMs, headers: {} })
  return emptyAnswer(200, { etag, ...body.checksums })
}

/** `minPartBytes`: what every part but the last must have. */
export async function completeUpload(write: Write, minPartBytes: number): Promise<Answer> {
  const { bucket, request, body, nowMs, conditions } = write
  const upload = uploadOf(bucket, request)
  const document = body.bytes.toString()
  const numbers = textsOf(document, 'PartNumber').map(Number)
  const etags = textsOf(document, 'ETag')
  const parts = numbers.map((number, at) => partOf(upload, number, etags[at]))
  if (parts.length === 0) throw new S3Error(400, 'MalformedXML', 'The XML you provided was not well-formed')
  if (numbers.some((number, at) => at > 0 && number <= numbers[at - 1]!))
    throw new S3Error(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
  if (parts.slice(0, -1).some(part => part.bytes.length < minPartBytes))
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
  const bytes = Buffer.concat(parts.map(part => part.bytes))
  // Its ETag is not the hash of the bytes: the hash of the parts' hashes, and their number.
  const hashes = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex')))
  const etag = `"${createHash('md5').update(hashes).digest('hex')}-${parts.length}"`
  const stored: Stored = { bytes, checksums: {}, etag, modifiedMs: nowMs, headers: upload.headers }
  await writeObject(bucket, request.key, stored, request.headers, conditions)
  bucket.uploads.delete(request.query.get('uploadId')!)
  const names = `${element('Bucket', request.bucket)}${element('Key', request.key)}${element('ETag', etag)}`
  return xmlAnswer(`<CompleteMultipartUploadResult>${names}</CompleteMultipartUploadResult>`)
}

export function abortUpload(bucket: Bucket, request: S3Request): Answer {
  uploadOf(bucket, request)
  bucket.uploads.delete(request.query.get('uploadId')!)
  return emptyAnswer(204)
}

export function listParts(bucket: Bucket, request: S3Request): Answer {
  const { parts } = uploadOf(bucket, request)
  const listed = [...parts]
    .sort(([a], [b]) => a - b)
    .map(([number, { etag, bytes, modifiedMs }]) => {
      const times = element('LastModified', new Date(modifiedMs).toISOString())
      return `<Part>${element('PartNumber', number)}${element('ETag', etag)}${element('Size', bytes.length)}${times}</Part>`
    })
  const names = `${element('Bucket', request.bucket)}${element('Key', request.key)}${element('IsTruncated', false)}`
  return xmlAnswer(`<ListPartsResult>${names}${listed.join('')}</ListPartsResult>`)
}

/** The uploads that were begun and never ended, in order of their keys, at most `pageKeys` a page. */
export function listUploads({ uploads }: Bucket, { bucket, query }: S3Request, pageKeys: number): Answer {
  const prefix = query.get('prefix') ?? ''
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? '']
  const rank = (key: string, id: string): Buffer => Buffer.from(`${key}\0${id.padStart(40)}`)
  const found = [...uploads]
    .filter(([, { key }]) => key.startsWith(prefix))
    .sort(([a, one], [b, other]) => Buffer.compare(rank(one.key, a), rank(other.key, b)))
    .filter(([id, { key }]) => keyMarker === '' || Buffer.compare(rank(key, id), rank(keyMarker, idMarker)) > 0)
  const page = found.slice(0, pageKeys)
  const listed = page.map(([id, { key, begunMs }]) => {
    const begun = element('Initiated', new Date(begunMs).toISOString())
    return `<Upload>${element('Key', key)}${element('UploadId', id)}${begun}</Upload>`
  })
  const last = found.length > page.length ? page.at(-1) : undefined
  const next = last && `${element('NextKeyMarker', last[1].key)}${element('NextUploadIdMarker', last[0])}`
  const names = `${element('Bucket', bucket)}${element('IsTruncated', last !== undefined)}${next ?? ''}`
  return xmlAnswer(`<ListMultipartUploadsResult>${names}${listed.join('')}</ListMultipartUploadsResult>`)
}

function uploadOf({ uploads }: Bucket, { key, query }: S3Request): Upload {
  const upload = uploads.get(query.get('uploadId') ?? '')
  if (upload !== undefined && upload.key === key) return upload
  throw new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
}

function partOf({ parts }: Upload, number: number, etag: string | undefined): Stored {
  const part = parts.get(number)
  if (part === undefined || part.etag.replaceAll('"', '') !== etag?.replaceAll('"', ''))
    throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
  return part
}
