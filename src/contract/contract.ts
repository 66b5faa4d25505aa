import type { TextPlace } from '../core/yaml-document.js'

/** A contract as the engine uses it: compiled from an ODCS v3.1 file, nothing in it is specific to a dataset. */
export interface Contract {
  readonly id: string
  readonly dataset: string
  readonly layer: 'silver' | 'gold'
  readonly version: ContractVersion
  readonly status: string
  readonly description: string
  /** In declared order. */
  readonly columns: readonly Column[]
  /** Column names in `primaryKeyPosition` order. */
  readonly primaryKey: readonly string[]
  /** The column that says when a row happened in the market (TIMESTAMPTZ or DATE). */
  readonly eventTime: string
  readonly partition: Grain
  readonly merge: MergePolicy
  /** The date or timestamp column that says since when the provider has said so. */
  readonly vintage?: string | undefined
  /** SQL expression over the contract's columns: when the world could know a row that is seen for the first time. */
  readonly publication: string | undefined
  /** SQL expression over the contract's columns and `_known_at`: true for rows that are still open (partial bars). */
  readonly notFinal: string | undefined
  readonly rules: readonly Rule[]
  readonly checks: readonly Check[]
  readonly thresholds: readonly Threshold[]
  /** Columns whose values make a series of rows in time: by default the key without the event time. */
  readonly series: readonly string[]
  /** Undefined: the defaults of `quality/pipe-breaker.ts`. */
  readonly breaker?: BreakerTerms | undefined
  /** ISO 8601 duration after its event in which a row is still expected to arrive. */
  readonly allowedLateness?: string | undefined
  /** Hours after the end of its partition from which on `sluice expire` takes a row out; undefined: it stays. */
  readonly retentionHours?: number | undefined
  /** Exchange calendar that says which sessions are expected. */
  readonly calendar?: string | undefined
  /** Lower-case hex sha256 of the canonical form: equal contracts have equal hashes whatever their layout on disk. */
  readonly hash: string
  readonly file: string
  /** Where the contract's own SQL stands in the file, by `publication`, `notFinal`, `rule:<id>`, `check:<id>`. */
  readonly sqlPlaces?: Readonly<Record<string, TextPlace>>
}

export interface ContractVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

export type Grain = 'hour' | 'day' | 'month' | 'year'

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly required: boolean
  readonly description: string
  readonly unit: string | undefined
  readonly renamedFrom: string | undefined
  /** Date or time format (strptime) when not ISO 8601. */
  readonly format: string | undefined
  readonly examples: readonly string[]
}

/** The types a silver or gold column may have. Silver has no binary float. */
export type ColumnType =
  | { readonly kind: 'string' | 'boolean' | 'integer' | 'double' | 'date' | 'timestamp' | 'json' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }

/**
 * `first`: the first row of a key stays, a differing later one is a conflict in quarantine.
 * `latest`: the newest row of a key replaces the others. `versions`: every differing row is kept by knowledge time.
 */
export interface MergePolicy {
  readonly policy: 'first' | 'latest' | 'versions'
  /** Column that orders rows of one key before `_known_at`. */
  readonly orderBy: string | undefined
}

/**
 * What follows when a test fails. `warn`: it is told. `error`: a row is quarantined; a batch is held, and the breaker counts it.
 * `hold`: the batch of the pipe is held, the breaker does not count it. `breaker`: it is held, and the pipe's breaker opens at once.
 */
export type Severity = 'warn' | 'error' | 'hold' | 'breaker'

/** A test of one row. */
export interface Rule {
  readonly id: string
  readonly severity: 'error' | 'warn'
  readonly description: string
  readonly test: { readonly kind: 'expression'; readonly sql: string } | ReferenceTest | DetectorTest
}

/** A detector that Sluice brings, with its parameters. */
export interface DetectorTest {
  readonly kind: 'detector'
  readonly name: string
  readonly arguments: DetectorArguments
}

export type DetectorArguments = Readonly<Record<string, string | number | readonly string[] | readonly number[]>>

/** The value must be in a column of a reference table, as `instruments.instrument_id`. */
export interface ReferenceTest {
  readonly kind: 'reference'
  readonly column: string
  readonly table: string
  readonly target: string
  /** A value that is not there may be a symbol of the source that this column names: then it becomes what instrument_aliases says for the event time. */
  readonly aliasSource?: string | undefined
}

/** A test of one batch: a figure that must satisfy an operator. */
export interface Check {
  readonly id: string
  /** `hold` and `breaker` look at the rows of each pipe by themselves, as detectors do; the others at the whole batch of the dataset. */
  readonly severity: Severity
  readonly description: string
  /** SQL expression with one aggregate result over the batch's accepted rows, or a SELECT with `{object}`; empty for a detector. */
  readonly sql: string
  /** A detector that gives the figure, one for each pipe. */
  readonly detector?: DetectorTest | undefined
  readonly unit: 'rows' | 'percent'
  readonly must: Operator
}

export type Operator =
  | {
      readonly op: 'be' | 'notBe' | 'beGreaterThan' | 'beGreaterOrEqualTo' | 'beLessThan' | 'beLessOrEqualTo'
      readonly value: number
    }
  | { readonly op: 'beBetween' | 'notBeBetween'; readonly low: number; readonly high: number }

/** How much of a batch may break rules before the gate fails. */
export interface Threshold {
  /** A rule id, `*` for any error rule together, or `restated` and `restated:<kind>` for rows that say something else than was known. */
  readonly rule: string
  /** Largest share of the batch, 0..1. */
  readonly maxShare: number | undefined
  readonly maxRows: number | undefined
  /** Undefined: `error`. `hold` and `breaker` look at each pipe by itself. */
  readonly severity?: Severity | undefined
}

/** When the data breakers of the dataset's pipes open, and for how long. */
export interface BreakerTerms {
  /** So many failed batches in a row open one, however few rows broke a rule. */
  readonly failures: number
  readonly coolDownMs: number
  /** The cool-down doubles each time that a probe fails, up to this. */
  readonly longestMs: number
}
