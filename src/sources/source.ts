import type { ZodObject } from 'zod'
import type { Meaning } from './answers/meaning.js'
import type { Dialect } from './pipe.js'

/** Who answers: one host with its terms, limits and ways to say no. A declaration: it neither asks nor computes. */
export interface Provider {
  readonly name: string
  /** Where paths of sources begin: scheme, host and perhaps a path, without query and without a `/` at its end. */
  readonly url: string
  readonly terms: Terms
  readonly key?: KeyUse
  readonly limits: Limits
  /** In order: the first rule that fits an answer says what it means. What none fits is judged by general rules. */
  readonly answers: readonly AnswerRule[]
  readonly sources: Readonly<Record<string, Source>>
}

/** What the provider asks of those who use its answers. */
export interface Terms {
  readonly licence: string
  readonly url: string
  readonly attribution?: string
  readonly redistribution: 'yes' | 'no' | 'ask'
}

/** The secret that goes with each request. */
export interface KeyUse {
  /** Name of the environment variable with the key; the variable with `_FILE` appended may name a file instead. */
  readonly setting: string
  readonly in: KeyPlace
  readonly required: boolean
}

export type KeyPlace = { readonly header: string } | { readonly query: string } | { readonly bearer: true }

/** How often a provider may be asked with one key, by all pipes and processes together. */
export interface Limits {
  /** May be a fraction: 0.4 is one request in 2.5 s. */
  readonly perSecond: number
  /** So many requests may come at once after a pause. Default 1: evenly spaced. */
  readonly burst?: number
  /** Requests under way at once, in one process. */
  readonly concurrency: number
  /** Credits in a calendar month, UTC. */
  readonly perMonth?: number
  /** Credits that an answer of this status costs. Default: 1 whatever the answer. */
  readonly creditsOf?: (status: number) => number
}

/** Fits an answer for which all stated conditions hold. */
export interface AnswerRule {
  readonly status?: number | readonly number[]
  readonly contentType?: RegExp
  /** Looked for in the first 4 kB of the body as text. */
  readonly body?: RegExp
  readonly meaning: Meaning
  /** In words, for people. */
  readonly why: string
}

/** One thing that a provider offers: how to ask for it, and how records come out of the answers. */
export interface Source {
  /** The contract that its records keep unless a pipe names another. */
  readonly contract: string
  readonly params: ZodObject
  /** `interval`: any time in the past. `now`: only the present, so there is nothing to catch up with. */
  readonly asks: 'interval' | 'now'
  /** ISO 8601: the longest interval that one request may ask for. */
  readonly longest?: string
  /** ISO 8601, of days or less: how far back the provider answers. */
  readonly reach?: string
  /** The first day that it has records of, as 2002-01-02; undefined: not known, or another one for each parameter. */
  readonly since?: string
  /** ISO 8601, of days or less: the period that one record covers. Intervals begin and end at its multiples. */
  readonly grain?: string
  /** The calendar of its publication days: an empty answer for several of them is none. */
  readonly calendar?: string
  /** ISO 8601, of days or less: so long a time up to now without a record is not believed. A source with a calendar has no need of it. */
  readonly longestSilence?: string
  /** Path and query values are templates: `{code}`, `{start:date}`, `{end:last-date}`, `{start:s}`, `{end:ms}`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Where the records of an answer stand, so that one with none is known for empty: a JSON path as `$.data`, or `csv`. */
  readonly records?: string
  /** How the rest of an answer is asked for, where one request does not bring all; it needs `records`. */
  readonly paging?: Paging
  readonly body: JsonBody | CsvBody
  /** An answer with data may hold no record of its own interval: that is no fault. */
  readonly mayHoldNone?: true
}

/**
 * `param` is the name of a query parameter, `path` a JSON path in the body such as `$.meta.next`. A page with fewer records than `size`,
 * or none, is the last. `start` and offset 0 stand in the source's own query.
 */
export type Paging = { readonly maxPages: number } & (
  | {
      readonly by: 'page'
      readonly param: string
      readonly start: number
      readonly size?: number
    }
  | { readonly by: 'offset'; readonly param: string; readonly size: number }
  | { readonly by: 'cursor'; readonly param: string; readonly path: string }
  /** The address stands in the header `Link`, or at `path`. `without`: a query parameter that is left out of it, because it is the key. */
  | { readonly by: 'link'; readonly path?: string; readonly without?: string }
)

/** How records come out of a JSON body. All SQL computes; none of it reads. */
export interface JsonBody {
  readonly kind: 'json'
  /**
   * Lists whose elements become rows, each by a name of its own: `{ table: "body->'$[*]'", rate: "\"table\"->'$.rates[*]'" }` is a row
   * per rate of each table. Empty: the body is one record. None of the names is that of a field.
   */
  readonly each: Readonly<Record<string, string>>
  readonly fields: RecordFields
  readonly where?: RecordTest
}

/** How records come out of a CSV body: a row each, its cells as texts. */
export interface CsvBody {
  readonly kind: 'csv'
  readonly dialect: Partial<Dialect>
  /** What the first line must look like. */
  readonly header?: RegExp
  /** Names of the body's columns that `fields` reads; one that a body lacks is NULL. Others go to `_extra`. */
  readonly columns: readonly string[] | 'all'
  /** Every line ends with a line end, the last one too: a body that does not was cut off. */
  readonly endsLines?: true
  readonly fields: RecordFields
  readonly where?: RecordTest
}

/**
 * SQL that sees what `RecordFields` see: false for what is no record, such as a holiday without a rate or a point that belongs to
 * another interval. It stays in the capture alone. What it cannot decide is a record.
 */
export type RecordTest = string

/**
 * Contract field, or any name that a pipe's map or `_extra` may want → SQL. It sees `pipe`, `params` (JSON: `params->>'code'`),
 * `interval_start`, `interval_end`, `received_at`, and the names of `each` with `body`, or the columns of the CSV. Numbers of a JSON
 * body that have more than 15 digits are texts in it, so take values with `->>`. `by name`: each field of the contract is the value of
 * that name in `record`, or the cell of that column.
 */
export type RecordFields = Readonly<Record<string, string>> | 'by name'
