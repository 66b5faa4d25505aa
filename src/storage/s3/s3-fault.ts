import { errnoOf } from '../disk-error.js'

/**
 * What a failed request came to. `absent`, `exists` and `conflict` are answers; `refused` did not happen and would not if it was sent again;
 * of `unsettled` nobody knows whether it took effect.
 */
export type FaultClass = 'absent' | 'exists' | 'conflict' | 'refused' | 'unsettled'

/** What the SDK says of a failed request. */
export interface S3Fault {
  /** The server's code (`NoSuchBucket`), or the name of an error on the way. */
  readonly code: string
  /** Undefined when no answer came. */
  readonly status: number | undefined
  readonly message: string
  /** Where the bucket lies, when the server says so. */
  readonly region: string | undefined
}

/** Reads the parts that exist out of whatever was thrown. */
export function faultOf(cause: unknown): S3Fault {
  const thrown = (typeof cause === 'object' && cause !== null ? cause : {}) as ThrownBySdk
  const status = thrown.$metadata?.httpStatusCode
  const code = [thrown.Code, thrown.name, errnoOf(cause)].find(name => name !== undefined && !DULL.has(name))
  return {
    code: status === undefined ? (errnoOf(cause) ?? code ?? 'Error') : (code ?? String(status)),
    status,
    message: oneLine(thrown.message ?? String(cause)),
    region: thrown.Region ?? thrown.$response?.headers?.['x-amz-bucket-region'],
  }
}

/** Sorts a fault by what may be done about it. */
export function classOf({ code, status }: S3Fault): FaultClass {
  if (NO_CREDENTIALS.has(code)) return 'refused'
  if (status === undefined) return 'unsettled'
  if (code === 'NoSuchBucket') return 'refused'
  if (status === 404) return 'absent'
  if (status === 412) return 'exists'
  if (status === 409 && (code === 'ConditionalRequestConflict' || code === 'OperationAborted')) return 'conflict'
  if (TRANSIENT.has(code)) return 'unsettled'
  // Not implemented: it would not be if it was sent again.
  if (status === 501) return 'refused'
  // S3 may begin to answer 200 and put the error into the body.
  return status >= 500 || status < 300 || status === 408 || status === 429 ? 'unsettled' : 'refused'
}

/** Names of the SDK that say that nothing can be signed. */
export const NO_CREDENTIALS: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'ProviderError',
  'TokenProviderError',
])

/** Refusals with a status below 500 that pass when the same is sent again: the SDK has set its clock by the answer. */
const TRANSIENT: ReadonlySet<string> = new Set(['RequestTimeTooSkewed', 'RequestTimeout', 'SlowDown'])

/** Names that say less than the status. */
const DULL: ReadonlySet<string> = new Set(['Error', 'UnknownError', 'Unknown', '[object Object]'])

interface ThrownBySdk {
  readonly name?: string
  readonly Code?: string
  readonly Region?: string
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300)
}
