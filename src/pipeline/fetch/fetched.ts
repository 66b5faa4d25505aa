import type { CapturedFile } from '../../bronze/capture-file.js'
import type { Meaning } from '../../sources/answers/meaning.js'
import type { Pipe } from '../../sources/pipe.js'

/** An answer of a provider or an input file, captured and not parsed. */
export type Fetched = FetchedFile | FetchedAnswer

interface Capture {
  readonly id: string
  readonly pipe: Pipe
  /** Of the file, or the address that was asked. */
  readonly name: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly receivedAtMs: number
}

/** Copied and hashed, not yet in the lake. */
export interface FetchedFile extends Capture {
  readonly kind: 'file'
  readonly request: { readonly method: string; readonly url: string }
  readonly file: CapturedFile
}

/** In the lake. */
export interface FetchedAnswer extends Capture {
  readonly kind: 'answer'
  readonly meaning: Extract<Meaning, 'data' | 'empty'>
  /** What tells its records apart while they are staged, when it is not the id: the same answer may have come twice. 32 hex digits. */
  readonly staged?: string
}

/** What the records of a capture name as their file while they are staged. */
export function stagedName(capture: Fetched): string {
  return capture.kind === 'file' ? capture.file.readable.path : (capture.staged ?? capture.id)
}
