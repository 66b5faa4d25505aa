import type { KeyPlace, Limits, Paging, Terms } from '../source.js'

/**
 * What a pipe of source `http` says of its provider: the same that a built-in provider declares, checked. `path` and the values of
 * `query` are templates, see `urlTemplate`.
 */
export interface HttpBlock {
  /** Scheme, host and perhaps a path. */
  readonly url: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly format: 'json' | 'csv'
  /** Where the records of a JSON body are, as a JSON path: `$`, `$.data`, `$.data[*]`, `$.rates.*`. A list there is its elements. */
  readonly records: string
  /** Name → where its value is: a JSON path in a record such as `$.c` or `$[1]`, or the column of a CSV. Maps and contract see the names. */
  readonly columns: Readonly<Record<string, string>>
  readonly delimiter?: string
  readonly encoding?: string
  readonly auth?: { readonly in: KeyPlace; readonly setting: string }
  readonly paging?: Paging
  /** Undefined: the source knows only the present. ISO 8601. */
  readonly interval?: { readonly longest?: string; readonly grain?: string }
  /** Statuses that mean: asked rightly, and there is nothing. */
  readonly emptyStatus: readonly number[]
  readonly limits: Limits
  readonly terms?: Terms
  readonly contract: string
}
