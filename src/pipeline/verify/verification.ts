import type { ChangedRow, RowCounts } from '../diff/compare-rows.js'

/**
 * `damaged`: bytes are others than were written. `missing`: what something names is not there. `lost`: evidence that the lake does not hold is
 * gone. `odd`: nothing is damaged, but it cannot be as it says, such as a clock that went back.
 */
export type FaultKind = 'damaged' | 'missing' | 'lost' | 'odd'

/** One thing that is wrong, and where. */
export interface Fault {
  readonly kind: FaultKind
  /** Stable, for programs: `capture_hash`, `data_file_missing`. */
  readonly code: string
  /** `captures`, `ledger`, or a table: `silver.bars`. */
  readonly subject: string
  /** Key of the object in the lake, or path of a file outside of it. */
  readonly file: string
  /** Where in it: `byte 812`, `column close`. Empty: all of it. */
  readonly place: string
  readonly what: string
}

/**
 * Of a table or one of its partitions, derived again: `exact`: the bytes. `equal_rows`: the rows, in other bytes. `differs`: rows. `not_replayable`:
 * it cannot be derived again.
 */
export type DerivedVerdict = 'exact' | 'equal_rows' | 'differs' | 'not_replayable'

export interface PartitionVerdict {
  /** `year=2026/month=01` */
  readonly partition: string
  readonly verdict: DerivedVerdict
  /** Rows in the table, and rows that were derived. */
  readonly rows: number
  readonly derived_rows: number
}

export interface TableVerdict {
  readonly table: string
  readonly verdict: DerivedVerdict
  /** Why it cannot be derived again, or not all of it; why it may differ. */
  readonly why?: string
  /** Nobody has replayed the table since its contract, model, formulas or reference tables changed, or went: that it differs, or cannot be derived, is no damage. */
  readonly outdated?: string
  /** How many partitions have each verdict. */
  readonly partitions: Readonly<Partial<Record<DerivedVerdict, number>>>
  /** Those that are not exact, in order. */
  readonly inexact: readonly PartitionVerdict[]
  /** From what the table holds (before) to what was derived (after). */
  readonly counts?: RowCounts
  readonly first_difference?: ChangedRow
}

export interface CheckedCounts {
  readonly segments: number
  readonly captures: number
  readonly capture_bytes: number
  readonly records: number
  readonly tables: number
  readonly metadata_files: number
  readonly snapshots: number
  readonly manifests: number
  readonly data_files: number
  readonly data_bytes: number
  /** Columns of data files whose bounds and counts were compared with their values. */
  readonly columns: number
}

export interface Verification {
  /** `ok`: nothing is wrong. `outdated`: nothing is damaged, and tables are not what today's contracts and models give. `damaged`. */
  readonly verdict: 'ok' | 'outdated' | 'damaged'
  readonly scope: string
  readonly level: VerifyLevel
  readonly checked: CheckedCounts
  readonly faults: readonly Fault[]
  /** Empty unless tables were derived again. */
  readonly tables: readonly TableVerdict[]
}

/** `files`: hashes, metadata and names. `values`: also the bounds and counts of all columns. `derived`: also silver and gold derived again. */
export type VerifyLevel = 'files' | 'values' | 'derived'
