/** A readable text, as capturing left it. */
export interface SourceText {
  readonly path: string
  /** The path that the user named: `filename` in expressions. `path` may be a decoded copy. */
  readonly originalPath: string
  readonly compression: 'none' | 'zstd'
  readonly longestLineBytes: number
  readonly longNumbers: LongNumbers
}

/**
 * Which lines of a text hold a number that a double could not: `lines` lists their texts, without line ends; `anywhere` means that
 * they are too many or too long to list, or that their ends are not certain.
 */
export type LongNumbers =
  | { readonly in: 'none' }
  | { readonly in: 'lines'; readonly lines: readonly string[] }
  | { readonly in: 'anywhere' }

/** SQL that gives the source's columns as text, with `filename`, `_extra` (JSON of columns nobody asked for) and `_raw` (an unreadable line). */
export interface Extraction {
  readonly sql: string
  /** SQL for lines that the reader refused while `sql` ran on the same connection: `filename`, `_raw`. */
  readonly rejects?: string
  /**
   * SQL that counts the records of each file (`filename`, `records`), and fails when one is broken in a way that no single record is
   * to blame for: run it before anything is written.
   */
  readonly check?: { readonly sql: string; readonly paths: readonly string[] }
  /** Bytes of the longest record: a reader copies it many times over. */
  readonly longestRecordBytes?: number
}
