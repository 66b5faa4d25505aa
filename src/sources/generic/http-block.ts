import type { KeyPlace, Limits, Paging, Terms } from '../source.js'

/** What a pipe of source `http` says of its provider: the same that a built-in provider declares. Texts are templates, see `urlTemplate`. */
export interface HttpBlock {
  /** Scheme, host and perhaps a path. */
  readonly url: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly format: 'json' | 'csv'
  /** Where the records are: `$`, `$.data`, `$.data[*]`. */
  readonly records: string
  readonly delimiter?: string
  readonly encoding?: string
  readonly auth?: { readonly in: KeyPlace; readonly setting: string }
  readonly paging?: Paging
  /** Undefined: the source knows only the present. ISO 8601. */
  readonly interval?: { readonly longest?: string; readonly grain?: string }
  readonly limits: Limits
  readonly terms?: Terms
}
