import type { ErrorCode } from '../../core/error-codes.js'

/** The result of one examination by `validate` or `doctor`. */
export interface Finding {
  /** What was looked at: a file, a table, a property of the machine. */
  readonly subject: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** `file:line:column`, when the fault stands in a text. */
  readonly place?: string
  readonly next?: string
  /** Of a failure that the command line ends with. */
  readonly code?: ErrorCode
}
