import type { UnfinishedWrite } from '../object-store.js'
import { type Resending, resending } from './resend.js'
import type { BucketClient } from './s3-client.js'
import { classOf, faultOf } from './s3-fault.js'

/** An upload in parts that was begun and neither completed nor given up. */
export interface OpenUpload extends UnfinishedWrite {
  readonly uploadId: string
}

/** Answers of servers that cannot list uploads. */
const NO_LIST: ReadonlySet<string> = new Set(['NotImplemented', 'MethodNotAllowed'])

/** The uploads below the bucket's prefix that were begun before a time; none where the server cannot list them. */
export async function openUploads(bucket: BucketClient, beforeMs: number, again: Resending): Promise<OpenUpload[]> {
  const found: OpenUpload[] = []
  let after: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {}
  while (after !== undefined) {
    const marker: object = after
    const page = await resending(
      () =>
        bucket.send(
          'list',
          (client, sdk) =>
            client.send(
              new sdk.ListMultipartUploadsCommand({ Bucket: bucket.bucket, Prefix: bucket.prefix, ...marker }),
            ),
          's3:ListBucketMultipartUploads',
        ),
      again,
    ).catch((cause: unknown) => {
      if (NO_LIST.has(faultOf(cause).code)) return undefined
      throw cause
    })
    for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
      const begunMs = Initiated?.getTime() ?? Number.POSITIVE_INFINITY
      if (Key?.startsWith(bucket.prefix) && UploadId !== undefined && begunMs < beforeMs)
        found.push({ key: Key.slice(bucket.prefix.length), uploadId: UploadId, begunMs, sizeBytes: undefined })
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page ?? {}
    after =
      page?.IsTruncated === true && KeyMarker !== undefined
        ? { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) }
        : undefined
  }
  return found
}

/** Gives uploads up, with the parts that had come; one that is gone is no error. */
export async function abortUploads(
  bucket: BucketClient,
  uploads: readonly OpenUpload[],
  again: Resending,
): Promise<void> {
  for (const { key, uploadId: UploadId } of uploads) {
    const input = { Bucket: bucket.bucket, Key: bucket.prefix + key, UploadId }
    await resending(
      () =>
        bucket.send(
          'delete',
          (client, sdk) => client.send(new sdk.AbortMultipartUploadCommand(input)),
          's3:AbortMultipartUpload',
        ),
      again,
    ).catch((cause: unknown) => {
      if (classOf(faultOf(cause)) !== 'absent') throw cause
    })
  }
}
