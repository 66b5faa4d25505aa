import { createHash } from 'node:crypto'
import type { Meaning } from '../sources/answers/meaning.js'

/** One immutable answer of a source, or one input file: what was asked, what came, when, and the hash of the exact bytes. */
export interface CaptureRecord {
  readonly id: string
  readonly pipe: string
  readonly params: Readonly<Record<string, string>>
  /** Of an answer: names what the pipe asks beside its parameters, see `questionOf`. */
  readonly question?: string
  /** Of an answer to a source that was asked for an interval. */
  readonly asked?: AskedInterval
  readonly request: {
    readonly method: string
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
  }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: CaptureBody
  }
  readonly requestedAt: string
  readonly receivedAt: string
  /** Of the exact body bytes. */
  readonly sha256: string
  readonly sizeBytes: number
  /** What the answer means, whatever its status. */
  readonly classification: Meaning
  /** Why, in words. */
  readonly why?: string
}

/** A capture without its body. */
export type CaptureFacts = Omit<CaptureRecord, 'response'> & {
  readonly response: Omit<CaptureRecord['response'], 'body'>
}

/** ISO 8601, half-open. */
export interface AskedInterval {
  readonly interval: readonly [start: string, end: string]
  /** The part that nobody needs to ask again; the rest was not over yet when the answer came. */
  readonly settled?: readonly [start: string, end: string]
}

/**
 * Where the body is: in the record itself (as text when it is UTF-8), in an object of its own (a large file;
 * `gzip` means that the object holds the body compressed by us), or only referred to by its path.
 */
export type CaptureBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'base64'; readonly base64: string }
  | { readonly kind: 'object'; readonly key: string; readonly encoding: 'gzip' | 'identity' }
  | { readonly kind: 'reference'; readonly path: string }

/** The id of a capture: a hash of request and body, so the same answer has the same id in any lake. */
export function captureId(request: { method: string; url: string }, sha256: string): string {
  return createHash('sha256').update(`${request.method} ${request.url}\n${sha256}`).digest('hex').slice(0, 32)
}
