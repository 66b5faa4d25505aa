import { homedir } from 'node:os'
import { join } from 'node:path'
import { type ObjectLife, readCache } from './cache/read-cache.js'
import { localStore } from './local-store.js'
import type { ObjectStore } from './object-store.js'
import { type BucketSettings, parseBucketAddress } from './s3/bucket.js'
import { s3Store } from './s3/s3-store.js'
import { isBucket } from './store-address.js'

export interface StoreAddress {
  /** An absolute folder, or `s3://bucket/prefix`. */
  readonly address: string
  /** How buckets are reached. */
  readonly bucket?: BucketSettings | undefined
  readonly cache?: CacheSettings | undefined
  /** How long what was read of a key holds. */
  readonly lifeOf: (key: string) => ObjectLife
}

/** Where objects of a remote store are kept on this machine. */
export interface CacheSettings {
  readonly folder?: string
  readonly maxBytes?: number
}

const CACHE_BYTES = 10e9

/** The store at an address. Nothing is read or asked yet. Throws SLUICE_CONFIG_INVALID for an address that is none. */
export function openStore({ address, bucket = {}, cache = {}, lifeOf }: StoreAddress): ObjectStore {
  if (!isBucket(address)) return localStore(address)
  const { bucket: name, prefix } = parseBucketAddress(address)
  const folder = cache.folder ?? defaultCacheFolder()
  const scope = `${bucket.endpoint ?? 'aws'} ${name}/${prefix}`
  const kept = readCache({ folder, scope, lifeOf, maxBytes: cache.maxBytes ?? CACHE_BYTES })
  return s3Store({ bucket: name, prefix, settings: bucket, cache: kept, workFolder: join(kept.folder, 'work') })
}

function defaultCacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice')
}
