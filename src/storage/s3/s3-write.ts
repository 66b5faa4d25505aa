import { sha256Hex } from '../../core/ids.js'
import type { CreateOutcome } from '../object-store.js'
import type { BucketSettings } from './bucket.js'
import { SHA256, WRITE_ID } from './object-marks.js'
import type { BucketClient } from './s3-client.js'
import { classOf, faultOf } from './s3-fault.js'

/** Writes or replaces an object. Safe to send again: it is one write, by its id. */
export async function putRemote(bucket: BucketClient, key: string, body: Buffer, writeId: string): Promise<void> {
  await bucket.send('put', (client, sdk) =>
    client.send(
      new sdk.PutObjectCommand({
        Bucket: bucket.bucket,
        Key: bucket.prefix + key,
        Body: body,
        Metadata: { [WRITE_ID]: writeId, [SHA256]: sha256Hex(body) },
        ...encryptionOf(bucket.settings),
      }),
    ),
  )
  bucket.book({ written: body.length })
}

/**
 * Writes an object if there is none, in one request that is sent once: who loses its answer gets `unknown`. A conflict with another write of the
 * same moment is an answer, that this one did not happen; it comes as that error. `stamp` is the server's name of a body that was created.
 */
export async function createRemote(
  bucket: BucketClient,
  key: string,
  body: Buffer,
): Promise<CreateOutcome & { readonly stamp?: string | undefined }> {
  let stamp: string | undefined
  const created = await settled(async () => {
    const answer = await bucket.send('create', (client, sdk) =>
      client.send(
        new sdk.PutObjectCommand({
          Bucket: bucket.bucket,
          Key: bucket.prefix + key,
          Body: body,
          Metadata: { [SHA256]: sha256Hex(body) },
          IfNoneMatch: '*',
          ...encryptionOf(bucket.settings),
        }),
      ),
    )
    bucket.book({ written: body.length })
    stamp = answer.ETag
  })
  return { ...created, ...(stamp !== undefined && { stamp }) }
}

/** What a conditional write came to. Rejects with what is no outcome. */
export async function settled(write: () => Promise<void>): Promise<CreateOutcome> {
  try {
    await write()
    return { outcome: 'created' }
  } catch (cause) {
    const kind = classOf(faultOf(cause))
    if (kind === 'exists') return { outcome: 'exists' }
    if (kind === 'unsettled') return { outcome: 'unknown', cause }
    throw cause
  }
}

/** What a write asks of the server about keys. */
export function encryptionOf({ encryption, kmsKey }: BucketSettings) {
  if (encryption === undefined) return {}
  if (encryption === 'sse-s3') return { ServerSideEncryption: 'AES256' as const }
  return { ServerSideEncryption: 'aws:kms' as const, ...(kmsKey !== undefined && { SSEKMSKeyId: kmsKey }) }
}
