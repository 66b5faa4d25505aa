import type { Requirement } from '../iceberg/requirements.js'
import type { TableMetadata } from '../iceberg/types.js'
import type { Update } from '../iceberg/update.js'

export const LAYERS = ['bronze', 'silver', 'gold', 'quarantine'] as const

/** Begins the name of a layer that keeps gold as it was known at a time: `gold_<name>`. */
export const KNOWN_PREFIX = 'gold_'

export type Layer = (typeof LAYERS)[number] | `gold_${string}`

/** One table: a dataset in a layer, in one contract major. */
export interface TableName {
  readonly layer: Layer
  readonly dataset: string
  readonly major: number
}

/** A table as it was at one moment. */
export interface LoadedTable {
  readonly name: TableName
  readonly metadata: TableMetadata
  readonly metadataKey: string
  /** Of the bytes of the metadata file; undefined where a catalog does not say. */
  readonly metadataSha256?: string
  /** Counts the commits from 1. */
  readonly version: number
}

/**
 * `conflict`: another commit was first, or a requirement does not hold; nothing was changed, load again and decide anew.
 * `unknown`: the answer was lost and could not be found out. Delete nothing that the commit names.
 */
export type CommitOutcome =
  | { readonly outcome: 'committed'; readonly table: LoadedTable }
  | { readonly outcome: 'conflict'; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly cause: unknown }

/**
 * Which tables there are, and the one place where a table changes. Implementations pass `test/behaviour/catalog.ts`.
 * All calls throw SLUICE_METADATA_CORRUPT, with the file, when a table cannot be read, and what the store throws.
 */
export interface Catalog {
  /** The table's newest version, or undefined when there is no such table. */
  load(name: TableName): Promise<LoadedTable | undefined>
  /** The table as it was loaded or committed here last, which costs nothing; else as `load`. Others may have changed it since. */
  seen(name: TableName): Promise<LoadedTable | undefined>
  /** Makes a table; a conflict when there is one. `metadata.location` is its `tableLocation`. */
  create(name: TableName, metadata: TableMetadata): Promise<CommitOutcome>
  /** Applies all updates to `base` in one step, if `base` is still the newest version and the requirements hold for it. */
  commit(base: LoadedTable, requirements: readonly Requirement[], updates: readonly Update[]): Promise<CommitOutcome>
  /** All tables, by layer in the order of `LAYERS` and then of their names, dataset and major. */
  list(): Promise<TableName[]>
  /** All tables that there are, in the same order, and maybe some that are not there yet: costs less than `list`. */
  names(): Promise<TableName[]>
}
