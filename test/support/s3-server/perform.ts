import { type Answer, emptyAnswer } from './answer.js'
import type { Body } from './body.js'
import { type Bucket, newBucket } from './bucket.js'
import type { Conditions } from './conditions.js'
import { listObjects } from './listing.js'
import { deleteObject, getObject, putObject } from './object-calls.js'
import { notImplemented, S3Error } from './s3-error.js'
import type { S3Request } from './s3-request.js'
import { abortUpload, completeUpload, listParts, listUploads, putPart, startUpload } from './upload-calls.js'
import { element, xmlAnswer } from './xml.js'

/** What a server holds and how it takes its requests. */
export interface Holdings {
  readonly buckets: Map<string, Bucket>
  readonly region: string
  /** Most keys of a page of a list. */
  readonly pageKeys: number
  readonly minPartBytes: number
  nextUpload(): string
}

export interface Performed {
  readonly request: S3Request
  readonly body: Body
  readonly nowMs: number
  readonly conditions: Conditions
}

/** Does what a request asks for. Throws the S3Error that S3 answers. */
export async function perform(holdings: Holdings, performed: Performed): Promise<Answer> {
  const { request } = performed
  if (request.class === 'bucket') return performOnBucket(holdings, request)
  const bucket = bucketOf(holdings, request.bucket)
  const write = { ...performed, bucket }
  switch (request.class) {
    case 'get':
    case 'range':
    case 'head':
      return getObject(bucket, request)
    case 'put':
    case 'create':
      return putObject(write)
    case 'delete':
      return deleteObject(bucket, request)
    case 'list':
      return listObjects(bucket, request, holdings.pageKeys)
    case 'upload-start':
      return startUpload(bucket, request, holdings.nextUpload(), performed.nowMs)
    case 'upload-part':
      return putPart(write)
    case 'upload-complete':
      return completeUpload(write, holdings.minPartBytes)
    case 'upload-abort':
      return abortUpload(bucket, request)
    case 'upload-parts':
      return listParts(bucket, request)
  }
}

function performOnBucket(holdings: Holdings, request: S3Request): Answer {
  const { method, bucket: name, query } = request
  if (method === 'PUT' && query.size === 0) {
    if (holdings.buckets.has(name))
      throw new S3Error(409, 'BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.')
    holdings.buckets.set(name, newBucket())
    return emptyAnswer(200, { location: `/${name}` })
  }
  if (method === 'GET' && name === '') {
    const names = [...holdings.buckets.keys()].map(each => `<Bucket>${element('Name', each)}</Bucket>`)
    return xmlAnswer(`<ListAllMyBucketsResult><Buckets>${names.join('')}</Buckets></ListAllMyBucketsResult>`)
  }
  const bucket = bucketOf(holdings, name)
  if (method === 'HEAD') return emptyAnswer(200, { 'x-amz-bucket-region': holdings.region })
  if (method === 'GET' && query.has('location')) return xmlAnswer(element('LocationConstraint', holdings.region))
  if (method === 'GET' && query.has('uploads')) return listUploads(bucket, request, holdings.pageKeys)
  throw notImplemented(`${method} ${request.target}`)
}

function bucketOf({ buckets }: Holdings, name: string): Bucket {
  const bucket = buckets.get(name)
  if (bucket === undefined) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
  return bucket
}
