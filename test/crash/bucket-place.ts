import { rm } from 'node:fs/promises'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { BucketPlace } from '../support/s3-server/s3-server.js'
import type { LakePlace } from './lake-place.js'

export interface LakeInBucket extends LakePlace {
  /** Every object of the lake. */
  objects(): Promise<ReadonlyMap<string, Buffer>>
}

/** A lake below `prefix`, which ends with a `/`, in a bucket, past any fault; `cache` is where commands keep what they have read. */
export function bucketPlace(store: BucketPlace, prefix: string, cache: string): LakeInBucket {
  const { url: endpoint, region, credentials, bucket: Bucket } = store
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  let kept: ReadonlyMap<string, Buffer> = new Map()

  async function read(Key: string): Promise<Buffer> {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
    return Buffer.from(await Body!.transformToByteArray())
  }

  async function objects(): Promise<ReadonlyMap<string, Buffer>> {
    const keys: string[] = []
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken }))
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key!))
      ContinuationToken = page.NextContinuationToken
      if (ContinuationToken === undefined) break
    }
    return new Map(await Promise.all(keys.map(async key => [key, await read(key)] as const)))
  }

  return {
    root: `s3://${Bucket}/${prefix}`,
    objects,
    read: path => read(prefix + path),
    keep: async () => {
      kept = await objects()
    },
    restore: async () => {
      await rm(cache, { recursive: true, force: true })
      const present = await objects()
      const gone = [...present.keys()].filter(Key => !kept.has(Key))
      const changed = [...kept].filter(([Key, body]) => present.get(Key)?.equals(body) !== true)
      await Promise.all([
        ...gone.map(Key => client.send(new DeleteObjectCommand({ Bucket, Key }))),
        ...changed.map(([Key, Body]) => client.send(new PutObjectCommand({ Bucket, Key, Body }))),
      ])
    },
    forget: async () => client.destroy(),
  }
}
