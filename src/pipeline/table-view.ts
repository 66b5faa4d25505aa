/** A table in a list of tables. Keys are those of `--output json`. */
export interface TableSummary {
  /** `silver.market_events` */
  readonly table: string
  /** `v1` */
  readonly contract_version: string
  readonly rows: number
  readonly files: number
  readonly bytes: number
  readonly snapshots: number
  /** Null for a table without a snapshot. */
  readonly current_snapshot_id: string | null
  readonly updated_at: string | null
}

/** One table in full. */
export interface TableDescription extends TableSummary {
  /** Where the table is in the lake, as `silver/market_events/contract_version=v1`. */
  readonly location: string
  readonly columns: readonly {
    readonly id: number
    readonly name: string
    readonly type: string
    readonly required: boolean
    readonly description: string
  }[]
  /** Partition fields in words, as `hour(event_time)`. */
  readonly partition: readonly string[]
  /** Newest first. */
  readonly snapshot_log: readonly {
    readonly snapshot_id: string
    readonly committed_at: string
    readonly operation: string
    readonly run_id: string | null
    readonly rows_added: number
    readonly rows_total: number
  }[]
  /** Data files of the current snapshot, when asked for. */
  readonly data_files?: readonly {
    readonly path: string
    readonly partition: string
    readonly rows: number
    readonly bytes: number
  }[]
}
