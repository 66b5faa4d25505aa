import { createRequire } from 'node:module'
import type * as Sdk from '@aws-sdk/client-s3'
import { SluiceError } from '../../core/errors.js'
import type { RequestClass, StoreCounts } from '../store-counts.js'
import { newCounts } from '../store-counts.js'
import type { BucketAddress, BucketSettings } from './bucket.js'
import { ACTION_OF, noteAction, type S3Action } from './s3-action.js'

/** One bucket, and the requests that were sent to it. */
export interface BucketClient extends BucketAddress {
  readonly settings: BucketSettings
  /** `s3://bucket/prefix` without a `/` at its end. */
  readonly root: string
  /** Sends once: whoever may send again does so. The SDK is loaded with the first request. An error knows the `action`, by default that of the class. */
  send<T>(
    kind: RequestClass,
    call: (client: Sdk.S3Client, sdk: typeof Sdk) => Promise<T>,
    action?: S3Action,
  ): Promise<T>
  /** Books bytes of bodies that went through. */
  book(bytes: { readonly read?: number; readonly written?: number }): void
  counts(): StoreCounts
}

const require = createRequire(import.meta.url)

const CONNECT_MS = 5_000
const IDLE_MS = 30_000
const SOCKETS = 64

export function bucketClient(address: BucketAddress, settings: BucketSettings): BucketClient {
  const { requests, bytes, counts } = newCounts()
  let opened: Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.S3Client }> | undefined
  return {
    ...address,
    settings,
    root: `s3://${address.bucket}/${address.prefix}`.replace(/\/$/, ''),
    async send(kind, call, action = ACTION_OF[kind]) {
      opened ??= openClient(settings)
      const { client, sdk } = await opened
      requests[kind]++
      try {
        return await call(client, sdk)
      } catch (cause) {
        noteAction(cause, action)
        throw cause
      }
    },
    book({ read = 0, written = 0 }) {
      bytes.read += read
      bytes.written += written
    },
    counts,
  }
}

const say = (): void => undefined
const SILENT = { trace: say, debug: say, info: say, warn: say, error: say }

async function openClient({ endpoint, region, pathStyle }: BucketSettings) {
  // This release of the SDK runs on every Node that we support; what it says of later ones is for us, not for users.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  // By `import` its CommonJS would be read twice: once for the names that it exports, half of all the time that loading takes.
  const sdk = require('@aws-sdk/client-s3') as typeof Sdk
  const own = endpoint !== undefined
  const asked = region ?? (own ? (process.env['AWS_REGION'] ?? 'us-east-1') : undefined)
  const client = new sdk.S3Client({
    ...(own && { endpoint }),
    ...(asked !== undefined && { region: asked }),
    forcePathStyle: pathStyle ?? own,
    maxAttempts: 1,
    // Servers that are not AWS fail on the checksums that the SDK would add by itself; bodies are signed with their hash.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    // What it would say on the console is in the errors.
    logger: SILENT,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: IDLE_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
  })
  await client.config.region().catch((cause: unknown) => {
    const message = 'No region of AWS is named, and no endpoint of another server. Nothing was changed.'
    const next = 'Set store.region in sluice.yaml, or AWS_REGION; for a server of your own set store.endpoint.'
    throw new SluiceError('SLUICE_CONFIG_INVALID', message, { next }, cause)
  })
  return { sdk, client }
}
