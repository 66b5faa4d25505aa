import type { HttpBlock } from './generic/http-block.js'

/** A pipe, after parameters are filled in: where records come from, how they are read, which contract they must keep. */
export interface Pipe {
  readonly name: string
  /** Name of a source: `file`, `sample.bars`, `sample.events`. */
  readonly source: string
  readonly contract: string
  /** The file stem of the declaring file: `--select` takes it as a group. */
  readonly group: string
  readonly tags: readonly string[]
  readonly params: Readonly<Record<string, string>>
  /** Files to read, absolute; only for source `file`. */
  readonly input: readonly string[]
  readonly dialect: Dialect
  /** Contract field → SQL expression over the source's columns and `filename`. Fields without one are taken by their own name. */
  readonly map: Readonly<Record<string, string>>
  /** `closed`: instrument ids must be in instruments.csv. `open`: the source is the authority for its own instruments. */
  readonly universe: 'closed' | 'open'
  readonly empty: 'refuse' | 'allow'
  /** `copy` keeps the bytes of an input file in the lake, `reference` its path, size and hash. */
  readonly capture: 'copy' | 'reference'
  /** When the pipe is due; undefined: at every run. */
  readonly schedule?: Schedule
  /** A calendar of `market/calendar`: the schedule fires on its days only. */
  readonly calendar?: string
  /** Done intervals are asked again: the last `lastMs` of them, every `everyMs`. */
  readonly revisit?: { readonly lastMs: number; readonly everyMs: number }
  /** Where the history begins, in milliseconds; undefined: a year before now. */
  readonly sinceMs?: number
  /** The first day that the provider has records of, as 2004-05-03, where that depends on what is asked for. */
  readonly firstDay?: string
  /** Environment variable with the key, in place of the provider's own. */
  readonly key?: string
  /** What a pipe of source `http` declares of its provider. */
  readonly http?: HttpBlock
  /** Where the pipe is declared, for messages. */
  readonly declaredIn: { readonly file: string; readonly line: number; readonly column: number }
}

/** A cron text in a time zone, or a fixed length of time counted from the epoch. */
export type Schedule = { readonly cron: string; readonly timezone: string } | { readonly everyMs: number }

/** How a file is written. Undefined: found out from the content (format, compression) or the default (the rest). */
export interface Dialect {
  readonly format: 'ndjson' | 'json' | 'csv' | 'parquet' | undefined
  /** A WHATWG encoding label such as `windows-1250`. */
  readonly encoding: string | undefined
  readonly delimiter: string | undefined
  readonly quote: string | undefined
  readonly decimalComma: boolean
  readonly header: boolean
  /** Column names of a CSV without header. */
  readonly columns: readonly string[] | undefined
  readonly skipLines: number
  /** Texts that mean "no value". */
  readonly missing: readonly string[]
  /** strptime format of dates and times, as `%d.%m.%Y`. */
  readonly dateFormat: string | undefined
}

/** A file's own properties decide everything that can be found out from its content. */
export const PLAIN_DIALECT: Dialect = {
  format: undefined,
  encoding: undefined,
  delimiter: undefined,
  quote: undefined,
  decimalComma: false,
  header: true,
  columns: undefined,
  skipLines: 0,
  missing: [],
  dateFormat: undefined,
}
