import { SluiceError } from '../../core/errors.js'
import { randomIds } from '../../core/ids.js'
import { type Random, systemRandom } from '../../core/random.js'
import { systemWait, type Wait } from '../../core/wait.js'
import type { ReadCache } from '../cache/read-cache.js'
import { type DiskAction, diskError } from '../disk-error.js'
import { checkFolder, checkKey, checkPrefix } from '../object-key.js'
import type { ObjectStore } from '../object-store.js'
import type { BucketAddress, BucketSettings } from './bucket.js'
import { localFile } from './local-file.js'
import type { Resending } from './resend.js'
import { resending } from './resend.js'
import { adoptRemote, PART_SIZES, type PartSizes } from './s3-adopt.js'
import { bucketClient } from './s3-client.js'
import { s3Error } from './s3-error.js'
import { foldersRemote, listRemote } from './s3-list.js'
import { fetchObject, fetchRange, headRemote, streamObject } from './s3-read.js'
import { abortUploads, openUploads } from './s3-unfinished.js'
import { createRemote, putRemote } from './s3-write.js'

export interface S3StoreOptions extends BucketAddress {
  readonly settings: BucketSettings
  /** Where objects are kept that were fetched. */
  readonly cache: ReadCache
  /** Where runs of this machine put unfinished files. */
  readonly workFolder: string
  /** How often a request that may be repeated is sent at most. */
  readonly attempts?: number
  readonly wait?: Wait
  readonly random?: Random
  readonly sizes?: PartSizes
}

const ATTEMPTS = 6

/**
 * A lake in a bucket of AWS or of a server that speaks the same. `create` is sent once, with `If-None-Match: *`; all else is sent again when its
 * outcome is not known. Throws SLUICE_STORE_CREDENTIALS, SLUICE_STORE_DENIED, SLUICE_BUCKET_MISSING, SLUICE_STORE_UNAVAILABLE, SLUICE_STORE_FULL,
 * SLUICE_STORE_KEY_INVALID and, for a bucket of another region, SLUICE_CONFIG_INVALID.
 */
export function s3Store(options: S3StoreOptions): ObjectStore {
  const { settings, cache, workFolder, wait = systemWait, random = systemRandom } = options
  const bucket = bucketClient(options, settings)
  const again: Resending = { attempts: options.attempts ?? ATTEMPTS, wait, random }
  const { root } = bucket

  function failure(cause: unknown, verb: DiskAction['verb'], key: string): SluiceError {
    return s3Error(cause, { verb, key, root }, settings.endpoint)
  }

  async function act<T>(verb: DiskAction['verb'], key: string, work: () => Promise<T>): Promise<T> {
    checkKey(key)
    try {
      return await work()
    } catch (cause) {
      throw failure(cause, verb, key)
    }
  }

  async function get(key: string): Promise<Buffer | undefined> {
    const kept = await cache.get(key)
    if (kept !== undefined && cache.lifeOf(key) === 'fixed') return kept.body
    if (kept !== undefined) {
      const head = await resending(() => headRemote(bucket, key), again)
      if (head === undefined || kept.isOf(head.stamp)) return head && kept.body
    }
    const fetched = await resending(() => fetchObject(bucket, key), again)
    if (fetched !== undefined) await cache.keep(key, fetched.body, fetched.stamp)
    return fetched?.body
  }

  async function localPath(key: string): Promise<string> {
    const isFixed = cache.lifeOf(key) === 'fixed'
    const stamp = isFixed ? '' : (await resending(() => headRemote(bucket, key), again))?.stamp
    const path =
      stamp === undefined
        ? undefined
        : await cache.pathOf(key, stamp, take => resending(() => streamObject(bucket, key, take), again))
    if (path !== undefined) return path
    throw new SluiceError('SLUICE_OBJECT_MISSING', `${key} is not in ${root}. Nothing was changed.`, { key, root })
  }

  return {
    capabilities: {
      reach: 'remote',
      exclusiveCreate: true,
      keySpace: 'as the server',
      workFolder,
      workFolderOf: 'cache',
      workers: 'of this machine',
    },
    root,
    sent: bucket.counts,
    memory: { ...cache.notes, body: async key => (await cache.get(key))?.body },
    get: key => act('read', key, () => get(key)),
    getRange: (key, start, end) =>
      act('read', key, async () => {
        if (end > start) return resending(() => fetchRange(bucket, key, start, end), again)
        return (await resending(() => headRemote(bucket, key), again)) && Buffer.alloc(0)
      }),
    head: key =>
      act('read', key, async () => {
        const head = await resending(() => headRemote(bucket, key), again)
        // Equal bytes have one name on the server, and other programs give their writes no id.
        return head && { sizeBytes: head.sizeBytes, stamp: `${head.stamp} ${head.modifiedMs} ${head.writeId ?? ''}` }
      }),
    put: (key, body) =>
      act('write', key, async () => {
        const writeId = randomIds.uuid()
        await resending(() => putRemote(bucket, key, body, writeId), again)
        if (cache.lifeOf(key) === 'fixed') await cache.keep(key, body)
      }),
    // Sent again only after a conflict, which says that it did not happen.
    create: (key, body) =>
      act('write', key, async () => {
        const { stamp, ...created } = await resending(() => createRemote(bucket, key, body), again)
        if (stamp !== undefined) await cache.keep(key, body, stamp)
        return created
      }),
    adopt: (path, key, content) =>
      act('write', key, async () => {
        const file = await localFile(path, content).catch(cause => {
          throw diskError(cause, { verb: 'write', key, root })
        })
        const adoption = { file, key, writeId: randomIds.uuid(), sizes: options.sizes ?? PART_SIZES }
        const outcome = await adoptRemote(bucket, adoption, again)
        if (outcome.outcome === 'created') await cache.take(key, path, file)
        return outcome
      }),
    delete: key =>
      act('delete', key, async () => {
        const target = { Bucket: bucket.bucket, Key: bucket.prefix + key }
        await resending(
          () => bucket.send('delete', (client, sdk) => client.send(new sdk.DeleteObjectCommand(target))),
          again,
        )
        await cache.forget(key)
      }),
    async outer(key) {
      for (const prefix of prefixesAbove(bucket.prefix)) {
        const above = { ...bucket, prefix }
        const head = await resending(() => headRemote(above, key), again).catch(() => undefined)
        if (head !== undefined) return `s3://${bucket.bucket}/${prefix}`.replace(/\/$/, '')
      }
      return undefined
    },
    async unfinished(beforeMs, then) {
      try {
        const uploads = await openUploads(bucket, beforeMs, again)
        if (then === 'discard') await abortUploads(bucket, uploads, again)
        return uploads.map(({ uploadId: _, ...upload }) => upload)
      } catch (cause) {
        throw failure(cause, then === 'discard' ? 'delete' : 'list', 'unfinished uploads')
      }
    },
    localPath: key => act('read', key, () => localPath(key)),
    async listFolders(prefix) {
      checkFolder(prefix)
      try {
        return await foldersRemote(bucket, prefix, again)
      } catch (cause) {
        throw failure(cause, 'list', prefix)
      }
    },
    async *list(prefix) {
      checkPrefix(prefix)
      try {
        yield* listRemote(bucket, prefix, again)
      } catch (cause) {
        throw failure(cause, 'list', prefix)
      }
    },
  }
}

/** The longest first, and at last that of all of the bucket. */
function prefixesAbove(prefix: string): string[] {
  const parts = prefix.split('/').slice(0, -1)
  return parts
    .map((_, at) =>
      parts
        .slice(0, at)
        .map(part => `${part}/`)
        .join(''),
    )
    .reverse()
}
