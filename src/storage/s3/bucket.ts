import { SluiceError } from '../../core/errors.js'

/** How a bucket is reached and what is asked of it. Without an endpoint it is one of AWS. */
export interface BucketSettings {
  readonly endpoint?: string
  /** Undefined: as AWS_REGION or the profile says; for an endpoint of one's own `us-east-1`. */
  readonly region?: string
  /** Whether the bucket stands in the path of a URL, not in its host. Undefined: with an endpoint of one's own. */
  readonly pathStyle?: boolean
  /** Undefined: as the bucket does by itself. */
  readonly encryption?: 'sse-s3' | 'sse-kms'
  /** Of `sse-kms`; undefined: the account's own. */
  readonly kmsKey?: string
  /** Of data files and captures; undefined: STANDARD. */
  readonly storageClass?: StorageClass
}

/** Classes whose objects can be read at once. */
export const STORAGE_CLASSES = ['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'] as const
export type StorageClass = (typeof STORAGE_CLASSES)[number]

/** A bucket and the prefix below which a lake lies in it: empty, or with a `/` at its end. */
export interface BucketAddress {
  readonly bucket: string
  readonly prefix: string
}

/** Takes `s3://bucket` or `s3://bucket/prefix` apart. Throws SLUICE_CONFIG_INVALID. */
export function parseBucketAddress(address: string): BucketAddress {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(address) ?? []
  const prefix = rest.replace(/\/+$/, '')
  const parts = prefix === '' ? [] : prefix.split('/')
  const isPlain = parts.every(part => /^[A-Za-z0-9!_.*'()=-]+$/.test(part) && part !== '.' && part !== '..')
  if (bucket !== undefined && isPlain && prefix.length <= 400) return { bucket, prefix: prefix && `${prefix}/` }
  const message = `The lake ${JSON.stringify(address)} is not the address of a bucket: s3://bucket, or s3://bucket/prefix of letters, digits and ! _ . * ' ( ) = - between slashes. Nothing was changed.`
  throw new SluiceError('SLUICE_CONFIG_INVALID', message)
}
