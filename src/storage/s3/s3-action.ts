import type { RequestClass } from '../store-counts.js'

/** What a policy has to allow for a request. */
export type S3Action =
  | 's3:GetObject'
  | 's3:PutObject'
  | 's3:DeleteObject'
  | 's3:AbortMultipartUpload'
  | 's3:ListBucket'
  | 's3:ListBucketMultipartUploads'

/** Of the requests of a class, but for those that say another. */
export const ACTION_OF: Readonly<Record<RequestClass, S3Action>> = {
  get: 's3:GetObject',
  range: 's3:GetObject',
  open: 's3:GetObject',
  head: 's3:GetObject',
  put: 's3:PutObject',
  create: 's3:PutObject',
  adopt: 's3:PutObject',
  delete: 's3:DeleteObject',
  list: 's3:ListBucket',
}

/** Errors of the SDK do not say what was asked. */
const asked = new WeakMap<object, S3Action>()

export function noteAction(cause: unknown, action: S3Action): void {
  if (typeof cause === 'object' && cause !== null) asked.set(cause, action)
}

/** The action of the request that ended in an error, where it was a request. */
export function actionOf(cause: unknown): S3Action | undefined {
  return typeof cause === 'object' && cause !== null ? asked.get(cause) : undefined
}

/** What the action was asked of: an object, all of a lake where no key is known, or a bucket. `root` is `s3://bucket/prefix`. */
export function resourceOf(action: S3Action, root: string, key: string | undefined): string {
  const lake = root.replace(/^s3:\/\//, '')
  if (action === 's3:ListBucket' || action === 's3:ListBucketMultipartUploads') return lake.split('/')[0]!
  return `${lake}/${key ?? '*'}`
}
