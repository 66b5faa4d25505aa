import { ERROR_CODES, type ErrorCode } from './error-codes.js'

/** What the caller can do about a failure. A new kind needs an ADR: it exists only if callers would act differently. */
export type ErrorKind =
  | 'invalid'
  | 'source'
  | 'unavailable'
  | 'contract'
  | 'conflict'
  | 'corrupt'
  | 'cancelled'
  | 'internal'

/** The exit code of the command line for each kind of error. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  internal: 1,
  invalid: 2,
  source: 3,
  unavailable: 4,
  contract: 5,
  conflict: 6,
  corrupt: 7,
  cancelled: 130,
}

/** Where in a text the fault stands. `line` and `column` count from 1. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

export interface ErrorDetails {
  readonly place?: Place
  readonly next?: string
  readonly [name: string]: unknown
}

/**
 * The one error class. `code` is stable, `message` says what was and was not changed, `next` what to do.
 * Expected outcomes (a lost commit race, a failed gate) are values, not errors.
 */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.kind = ERROR_CODES[code].kind
    this.details = details
  }

  /** What the user can do next: the one given at the throw, else the code's own. */
  get next(): string {
    return this.details.next ?? ERROR_CODES[this.code].next
  }

  /** `file:line:column`, or undefined when the fault has no place in a text. */
  get place(): string | undefined {
    return this.details.place === undefined ? undefined : formatPlace(this.details.place)
  }

  toJSON(): Record<string, unknown> {
    const { place: _place, next: _next, ...rest } = this.details
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      place: this.place,
      next: this.next,
      details: rest,
    }
  }
}

export function formatPlace(place: Place): string {
  return [place.file, place.line, place.column].filter(part => part !== undefined).join(':')
}

/** Any thrown value as a SluiceError: a failed system call is the machine's; whatever else is not one already is a bug of ours. */
export function asSluiceError(thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const code = codeOfErrno((thrown as NodeJS.ErrnoException | undefined)?.code)
  if (code === undefined) return new SluiceError('SLUICE_INTERNAL', message, {}, thrown)
  return new SluiceError(code, `${message.replace(/,.*$/s, '')}. Nothing was published by halves.`, {}, thrown)
}

/** What a failed write means by its errno; undefined for what says nothing of the machine. */
export function codeOfErrno(errno: unknown): ErrorCode | undefined {
  return typeof errno === 'string' ? ERRNO_CODES[errno] : undefined
}

const ERRNO_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'SLUICE_STORE_FULL',
  EDQUOT: 'SLUICE_STORE_FULL',
  EFBIG: 'SLUICE_STORE_FULL',
  EACCES: 'SLUICE_STORE_READ_ONLY',
  EROFS: 'SLUICE_STORE_READ_ONLY',
  EPERM: 'SLUICE_STORE_READ_ONLY',
  EIO: 'SLUICE_STORE_UNAVAILABLE',
  EMFILE: 'SLUICE_STORE_UNAVAILABLE',
  ENFILE: 'SLUICE_STORE_UNAVAILABLE',
}
