import { readBody } from './body.js'
import { newBucket } from './bucket.js'
import type { Conditions } from './conditions.js'
import { type FaultyServer, type ListenOptions, startFaultyServer } from './faulty-server.js'
import { type Holdings, perform } from './perform.js'
import { type Credentials, verifySignature } from './signature.js'

export interface S3ServerOptions extends ListenOptions {
  readonly conditions?: Conditions
  /** Most keys of a page of a list: few make a client turn pages. */
  readonly pageKeys?: number
  /** What every part of an upload but the last must have: 5 MiB on S3. */
  readonly minPartBytes?: number
}

/** Where a bucket is, and who may use it. */
export interface BucketPlace {
  readonly urls: readonly string[]
  readonly url: string
  readonly bucket: string
  readonly region: string
  readonly credentials: Credentials
}

/** An S3-compatible store in memory, with a bucket, for tests. */
export interface S3Server extends FaultyServer, BucketPlace {}

export const S3_PLACE = {
  bucket: 'lake',
  region: 'eu-test-1',
  credentials: { accessKeyId: 'TESTACCESSKEY', secretAccessKey: 'test/secret+key' },
} as const

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { conditions = 'atomic', pageKeys = 1000, minPartBytes = 5 << 20 } = options
  const { bucket, region, credentials } = S3_PLACE
  let uploads = 0
  const holdings: Holdings = {
    buckets: new Map([[bucket, newBucket()]]),
    region,
    pageKeys,
    minPartBytes,
    nextUpload: () => `upload-${++uploads}`,
  }
  const server = await startFaultyServer(async ({ request, sent, nowMs, fault }, check) => {
    const body = readBody(sent, request.headers, verifySignature(request, { credentials, region, nowMs }))
    check()
    return perform(holdings, {
      request,
      body,
      nowMs,
      conditions: fault === 'ignored condition' ? 'ignored' : conditions,
    })
  }, options)
  return { ...server, ...S3_PLACE }
}
