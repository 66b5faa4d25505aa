import type { S3Fault } from './s3-fault.js'

/** What servers say in words of their own, where S3 has none or another: the one place that knows products. */

/** MinIO and Ceph: there is no room, or no more is allowed. */
export const FULL: ReadonlySet<string> = new Set([
  'XMinioStorageFull',
  'QuotaExceeded',
  'InsufficientStorage',
  'XMinioAdminBucketQuotaExceeded',
])

/** Servers that keep objects in folders: an object cannot be below another. */
export const MISPLACED: ReadonlySet<string> = new Set([
  'XMinioParentIsObject',
  'XMinioObjectExistsAsDirectory',
  'ObjectParentIsFile',
  'ExistingObjectIsDirectory',
  'DirectoryNotEmpty',
])

/** Whether the console of a server answered, in the form of an error of S3: MinIO's does. */
export function isOfConsole({ message }: Pick<S3Fault, 'message'>): boolean {
  return /must be made to API port/.test(message)
}
