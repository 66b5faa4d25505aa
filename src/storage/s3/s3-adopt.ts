import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type * as Sdk from '@aws-sdk/client-s3'
import type { CreateOutcome } from '../object-store.js'
import type { LocalFile } from './local-file.js'
import { SHA256, WRITE_ID } from './object-marks.js'
import { type Resending, resending } from './resend.js'
import type { BucketClient } from './s3-client.js'
import { headRemote } from './s3-read.js'
import { encryptionOf, settled } from './s3-write.js'

/** How large files are cut. S3 takes parts of 5 MiB and more, 10,000 of them. */
export interface PartSizes {
  /** A file up to this size is one request. */
  readonly wholeBytes: number
  readonly partBytes: number
}

export const PART_SIZES: PartSizes = { wholeBytes: 64 * 2 ** 20, partBytes: 16 * 2 ** 20 }
const MOST_PARTS = 10_000
const PARTS_AT_ONCE = 3

export interface Adoption {
  readonly file: LocalFile
  readonly key: string
  /** Stands in the object's metadata: by it a write whose answer was lost is found again. */
  readonly writeId: string
  readonly sizes: PartSizes
}

/**
 * Writes a file as an object, if there is none, streaming. A file is no commit: when an answer is lost the object's own metadata says whether it was
 * this write, and if there is none yet it is sent again, under the same condition and with the same bytes.
 */
export async function adoptRemote(bucket: BucketClient, adoption: Adoption, again: Resending): Promise<CreateOutcome> {
  const { sizeBytes: size } = adoption.file
  const upload = size <= adoption.sizes.wholeBytes ? uploadWhole : uploadParts
  let unsettled: CreateOutcome = { outcome: 'exists' }
  for (let attempt = 1; attempt <= again.attempts; attempt++) {
    const outcome = await resending(() => settled(() => upload(bucket, adoption, again)), again)
    if (outcome.outcome === 'created') bucket.book({ written: size })
    if (outcome.outcome === 'created') return outcome
    unsettled = outcome
    // Something on the way may have repeated the request, so that it met its own object.
    const found = await resending(() => headRemote(bucket, adoption.key), again)
    if (found !== undefined) return found.writeId === adoption.writeId ? { outcome: 'created' } : { outcome: 'exists' }
    await again.wait(again.random() * 100 * 2 ** attempt)
  }
  return unsettled
}

function targetOf(bucket: BucketClient, key: string) {
  return { Bucket: bucket.bucket, Key: bucket.prefix + key }
}

function traitsOf({ settings }: BucketClient, { writeId, file }: Adoption) {
  return {
    Metadata: { [WRITE_ID]: writeId, [SHA256]: file.sha256 },
    ...encryptionOf(settings),
    ...(settings.storageClass !== undefined && { StorageClass: settings.storageClass }),
  }
}

async function uploadWhole(bucket: BucketClient, adoption: Adoption): Promise<void> {
  const { file, key } = adoption
  const { sizeBytes: ContentLength, sha256 } = file
  await bucket.send('adopt', async (client, sdk) => {
    const body = file.body()
    const input = { ...targetOf(bucket, key), ...traitsOf(bucket, adoption), IfNoneMatch: '*', ContentLength }
    const command = new sdk.PutObjectCommand({ ...input, Body: body })
    // The SDK would hash the bytes again to sign them, and read a file into memory for it.
    command.middlewareStack.add(
      next => args => {
        Object.assign((args.request as { headers: object }).headers, { 'x-amz-content-sha256': sha256 })
        return next(args)
      },
      { step: 'build', name: 'bodyHash' },
    )
    try {
      return await client.send(command)
    } finally {
      if (body instanceof Readable) body.destroy()
    }
  })
}

/** The parts are invisible until the last request, which has the condition. Whatever fails, the parts are given up. */
async function uploadParts(bucket: BucketClient, adoption: Adoption, again: Resending): Promise<void> {
  const { file, key, sizes } = adoption
  const target = targetOf(bucket, key)
  const { UploadId } = await resending(
    () =>
      bucket.send('adopt', (client, sdk) =>
        client.send(new sdk.CreateMultipartUploadCommand({ ...target, ...traitsOf(bucket, adoption) })),
      ),
    again,
  )
  try {
    const partBytes = Math.max(sizes.partBytes, Math.ceil(file.sizeBytes / MOST_PARTS))
    const Parts = await sendParts(bucket, { target, UploadId, file, partBytes }, again)
    await bucket.send('adopt', (client, sdk) =>
      client.send(
        new sdk.CompleteMultipartUploadCommand({ ...target, UploadId, IfNoneMatch: '*', MultipartUpload: { Parts } }),
      ),
    )
  } catch (cause) {
    await bucket
      .send('delete', (client, sdk) => client.send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId })))
      .catch(() => undefined)
    throw cause
  }
}

interface Parts {
  readonly target: { readonly Bucket: string; readonly Key: string }
  readonly UploadId: string | undefined
  readonly file: LocalFile
  readonly partBytes: number
}

async function sendParts(bucket: BucketClient, parts: Parts, again: Resending): Promise<Sdk.CompletedPart[]> {
  const { target, UploadId, file: local, partBytes } = parts
  const { path: localPath, sizeBytes: size } = local
  const count = Math.ceil(size / partBytes)
  const done: Sdk.CompletedPart[] = new Array(count)
  const file = await open(localPath, 'r')
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const at = next++
      const body = Buffer.alloc(Math.min(partBytes, size - at * partBytes))
      const { bytesRead } = await file.read(body, 0, body.length, at * partBytes)
      if (bytesRead < body.length) throw new Error(`${localPath} became shorter while it was read`)
      const send = () =>
        bucket.send('adopt', (client, sdk) =>
          client.send(new sdk.UploadPartCommand({ ...target, UploadId, PartNumber: at + 1, Body: body })),
        )
      done[at] = { PartNumber: at + 1, ETag: (await resending(send, again)).ETag }
    }
  }
  try {
    const workers = Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, worker)
    // Parts that are still under way when the upload is given up would stay, and cost.
    const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
    return done
  } finally {
    await file.close()
  }
}
