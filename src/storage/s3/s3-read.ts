import type { Readable } from 'node:stream'
import { sha256Hex } from '../../core/ids.js'
import type { ObjectHead } from '../object-store.js'
import type { Digest } from '../read-content.js'
import { SHA256, WRITE_ID } from './object-marks.js'
import type { BucketClient } from './s3-client.js'
import { classOf, faultOf } from './s3-fault.js'

/** The whole object, or undefined when there is none. */
export async function fetchObject(
  bucket: BucketClient,
  key: string,
): Promise<{ readonly body: Buffer; readonly stamp: string } | undefined> {
  return whenPresent(() =>
    bucket.send('get', async (client, sdk) => {
      const answer = await client.send(new sdk.GetObjectCommand({ Bucket: bucket.bucket, Key: bucket.prefix + key }))
      const body = await bodyOf(bucket, answer.Body, answer.ContentLength)
      checkHash(() => sha256Hex(body), answer.Metadata)
      return { body, stamp: answer.ETag ?? '' }
    }),
  )
}

/** Bytes `[start, end)` of an object, fewer where it ends before, or undefined when there is none. `end` is beyond `start`. */
export async function fetchRange(
  bucket: BucketClient,
  key: string,
  start: number,
  end: number,
): Promise<Buffer | undefined> {
  const Range = `bytes=${start}-${end - 1}`
  try {
    return await whenPresent(() =>
      bucket.send('range', async (client, sdk) => {
        const command = new sdk.GetObjectCommand({ Bucket: bucket.bucket, Key: bucket.prefix + key, Range })
        const answer = await client.send(command)
        const body = await bodyOf(bucket, answer.Body, answer.ContentLength)
        // A server may leave the range out of account.
        return answer.ContentRange === undefined ? body.subarray(start, end) : body
      }),
    )
  } catch (cause) {
    // It begins beyond the object's end.
    if (faultOf(cause).status === 416) return Buffer.alloc(0)
    throw cause
  }
}

export interface RemoteHead extends ObjectHead {
  /** The server's name of this body. */
  readonly stamp: string
  readonly modifiedMs: number
  /** Which write made the object, when that write said so. */
  readonly writeId: string | undefined
}

export async function headRemote(bucket: BucketClient, key: string): Promise<RemoteHead | undefined> {
  return whenPresent(() =>
    explained(bucket, key, async (client, sdk) => {
      const answer = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket.bucket, Key: bucket.prefix + key }))
      return {
        sizeBytes: answer.ContentLength ?? 0,
        stamp: answer.ETag ?? '',
        modifiedMs: answer.LastModified?.getTime() ?? 0,
        writeId: answer.Metadata?.[WRITE_ID],
      }
    }),
  )
}

/** Why HEAD was refused stands in no body: a request of the same right, for a byte, is told. */
async function explained<T>(bucket: BucketClient, key: string, head: Parameters<typeof bucket.send<T>>[1]): Promise<T> {
  try {
    return await bucket.send('head', head)
  } catch (cause) {
    const { status } = faultOf(cause)
    if (status !== 400 && status !== 403) throw cause
    await fetchRange(bucket, key, 0, 1)
    throw cause
  }
}

/** Gives an object's bytes to `take` as they come; undefined when there is no object. */
export async function streamObject(
  bucket: BucketClient,
  key: string,
  take: (body: Readable) => Promise<Digest>,
): Promise<Digest | undefined> {
  return whenPresent(() =>
    bucket.send('open', async (client, sdk) => {
      const answer = await client.send(new sdk.GetObjectCommand({ Bucket: bucket.bucket, Key: bucket.prefix + key }))
      const taken = await take(answer.Body as Readable)
      checkLength(taken.sizeBytes, answer.ContentLength)
      checkHash(() => taken.sha256, answer.Metadata)
      bucket.book({ read: taken.sizeBytes })
      return taken
    }),
  )
}

async function bodyOf(
  bucket: BucketClient,
  body: { transformToByteArray(): Promise<Uint8Array> } | undefined,
  length: number | undefined,
): Promise<Buffer> {
  const bytes = await (body?.transformToByteArray() ?? new Uint8Array(0))
  checkLength(bytes.length, length)
  bucket.book({ read: bytes.length })
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** An answer that was cut off is one that did not come: it is asked for again. */
function checkLength(sizeBytes: number, length: number | undefined): void {
  if (length === undefined || sizeBytes === length) return
  throw Object.assign(new Error(`the answer ended after ${sizeBytes} of ${length} bytes`), { code: 'ECUT' })
}

/** Bytes that are not those that were written are asked for again: the object may be whole. */
function checkHash(hash: () => string, marks: Readonly<Record<string, string>> = {}): void {
  const written = marks[SHA256]
  if (written === undefined || hash() === written) return
  throw Object.assign(new Error('the bytes are not those that were written'), { code: 'EHASH' })
}

async function whenPresent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (cause) {
    if (classOf(faultOf(cause)) === 'absent') return undefined
    throw cause
  }
}
