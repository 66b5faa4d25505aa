import { S3Error } from './s3-error.js'
import type { RequestClass } from './s3-request.js'

const WRITES = ['put', 'create', 'upload-part', 'upload-complete'] as const
const CONDITIONAL = ['create', 'upload-complete'] as const
const CHANGES = [...WRITES, 'upload-start', 'upload-abort', 'delete'] as const
const READS = ['get', 'range', 'list'] as const
const ALL = [...CHANGES, ...READS, 'head', 'upload-parts', 'bucket'] as const

/** What goes wrong, and the classes of requests that it can happen to. */
export const FAULTS = {
  /** The connection is reset before anything happens. */
  reset: ALL,
  /** All is done, and the connection is reset instead of an answer. */
  'lost answer': CHANGES,
  /** InternalError, and nothing was done. */
  'error 500': ALL,
  /** InternalError, and all was done. */
  'error 500 after': CHANGES,
  /** A gateway gives up: 503 without a body. All was done. */
  'gateway 503 after': CHANGES,
  /** SlowDown, and nothing was done. */
  'slow down': ALL,
  /** ConditionalRequestConflict, and nothing was done: another request of the same key was under way. */
  conflict: CONDITIONAL,
  /** PreconditionFailed because the object is there, and it is there because of this very request, which something on the way repeated. */
  'refused after effect': CONDITIONAL,
  /** A lie: the condition is not looked at. */
  'ignored condition': CONDITIONAL,
  /** The request stays on the way for `slowMs`: what is done is done late. */
  late: ALL,
  /** The answer is late by `slowMs`. */
  slow: ALL,
  /** Half of the body, then a reset. */
  truncated: READS,
  /** A lie: half of the body, with a length that fits. */
  short: ['get', 'range'],
  /** A lie: one bit of the body is another. */
  'flipped bit': ['get', 'range'],
  /** PermanentRedirect to another region, and nothing was done. */
  'other region': ALL,
  /** RequestTimeTooSkewed, with the Date of a server whose clock is an hour ahead. Nothing was done. */
  'skewed clock': ALL,
  /** The error is in the body of a 200, as S3 does when it fails after it began to answer. Nothing was done. */
  'error in 200': ['upload-complete'],
} as const satisfies Readonly<Record<string, readonly RequestClass[]>>

export type Fault = keyof typeof FAULTS

/** Some requests that go wrong. Where several plans fit a request, the first counts it and decides. */
export interface PlannedFault {
  readonly fault: Fault
  /** All classes that the fault can happen to, when it is not said. */
  readonly on?: RequestClass
  /** A regular expression that keys must match. */
  readonly keys?: string
  /** Which endpoint it happens at, from 0: all of them when it is not said. */
  readonly endpoint?: number
  /** The first request that it happens to, from 1 among those that fit. */
  readonly from?: number
  /** How many in a row; 1 when it is not said. */
  readonly times?: number
  readonly slowMs?: number
}

export interface FaultPlan {
  /** What happens to this request. */
  next(kind: RequestClass, key: string, at: number): PlannedFault | undefined
}

export function faultPlan(planned: readonly PlannedFault[]): FaultPlan {
  const seen = planned.map(() => 0)
  return {
    next(kind, key, where) {
      const at = planned.findIndex(({ fault, on, keys, endpoint = where }) => {
        const kinds: readonly RequestClass[] = on === undefined ? FAULTS[fault] : [on]
        return endpoint === where && kinds.includes(kind) && (keys === undefined || new RegExp(keys).test(key))
      })
      const plan = planned[at]
      if (plan === undefined) return undefined
      seen[at]! += 1
      const { from = 1, times = 1 } = plan
      return seen[at]! >= from && seen[at]! < from + times ? plan : undefined
    },
  }
}

/** What is answered instead of doing anything. */
export function refusalOf(fault: Fault | undefined, nowMs: number): S3Error | undefined {
  switch (fault) {
    case 'error 500':
      return internalError()
    case 'slow down':
      return new S3Error(503, 'SlowDown', 'Please reduce your request rate.')
    case 'conflict':
      return new S3Error(
        409,
        'ConditionalRequestConflict',
        'A conflicting conditional operation is in progress against this resource.',
      )
    case 'other region':
      return new S3Error(
        301,
        'PermanentRedirect',
        'The bucket you are attempting to access must be addressed using the specified endpoint.',
        { 'x-amz-bucket-region': 'eu-other-1' },
        '<Endpoint>s3.eu-other-1.amazonaws.com</Endpoint>',
      )
    case 'skewed clock': {
      const headers = { date: new Date(nowMs + 3_600_000).toUTCString() }
      const message = 'The difference between the request time and the current time is too large.'
      return new S3Error(403, 'RequestTimeTooSkewed', message, headers)
    }
    case 'error in 200':
      return new S3Error(200, 'InternalError', 'We encountered an internal error. Please try again.')
    default:
      return undefined
  }
}

export const internalError = (): S3Error =>
  new S3Error(500, 'InternalError', 'We encountered an internal error. Please try again.')
