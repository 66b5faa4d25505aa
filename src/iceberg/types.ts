/** Iceberg v2 in the spec's own words and keys (format/spec.md), so that code and spec read side by side. Ids are bigint: 63 bits. */

export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'string'
  | 'uuid'
  | 'binary'
  | `decimal(${number},${number})`
  | `decimal(${number}, ${number})`
  | `fixed[${number}]`

export type IcebergType = PrimitiveType | StructType | ListType | MapType

export interface StructType {
  readonly type: 'struct'
  readonly fields: readonly NestedField[]
}
export interface ListType {
  readonly type: 'list'
  readonly 'element-id': number
  readonly element: IcebergType
  readonly 'element-required': boolean
}
export interface MapType {
  readonly type: 'map'
  readonly 'key-id': number
  readonly key: IcebergType
  readonly 'value-id': number
  readonly value: IcebergType
  readonly 'value-required': boolean
}

export interface NestedField {
  readonly id: number
  readonly name: string
  readonly required: boolean
  readonly type: IcebergType
  readonly doc?: string
}

export interface Schema extends StructType {
  readonly 'schema-id': number
  readonly 'identifier-field-ids'?: readonly number[]
}

export type Transform =
  | 'identity'
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'void'
  | `bucket[${number}]`
  | `truncate[${number}]`

export interface PartitionField {
  readonly 'source-id': number
  readonly 'field-id': number
  readonly name: string
  readonly transform: Transform
}

export interface PartitionSpec {
  readonly 'spec-id': number
  readonly fields: readonly PartitionField[]
}

export interface SortField {
  readonly transform: string
  readonly 'source-id': number
  readonly direction: 'asc' | 'desc'
  readonly 'null-order': 'nulls-first' | 'nulls-last'
}
export interface SortOrder {
  readonly 'order-id': number
  readonly fields: readonly SortField[]
}

export type SnapshotOperation = 'append' | 'replace' | 'overwrite' | 'delete'

export interface Snapshot {
  readonly 'snapshot-id': bigint
  readonly 'parent-snapshot-id'?: bigint
  readonly 'sequence-number': bigint
  readonly 'timestamp-ms': number
  readonly 'manifest-list': string
  readonly summary: Readonly<Record<string, string>> & { readonly operation: SnapshotOperation }
  readonly 'schema-id': number
}

export interface SnapshotRef {
  readonly 'snapshot-id': bigint
  readonly type: 'branch' | 'tag'
  readonly 'min-snapshots-to-keep'?: number
  readonly 'max-snapshot-age-ms'?: number
  readonly 'max-ref-age-ms'?: number
}

export interface TableMetadata {
  readonly 'format-version': 2
  readonly 'table-uuid': string
  readonly location: string
  readonly 'last-sequence-number': bigint
  readonly 'last-updated-ms': number
  readonly 'last-column-id': number
  readonly schemas: readonly Schema[]
  readonly 'current-schema-id': number
  readonly 'partition-specs': readonly PartitionSpec[]
  readonly 'default-spec-id': number
  readonly 'last-partition-id': number
  readonly 'sort-orders': readonly SortOrder[]
  readonly 'default-sort-order-id': number
  readonly properties: Readonly<Record<string, string>>
  /** -1 when the table has no snapshot yet. */
  readonly 'current-snapshot-id': bigint
  readonly refs: Readonly<Record<string, SnapshotRef>>
  readonly snapshots: readonly Snapshot[]
  readonly 'snapshot-log': readonly { readonly 'timestamp-ms': number; readonly 'snapshot-id': bigint }[]
  readonly 'metadata-log': readonly { readonly 'timestamp-ms': number; readonly 'metadata-file': string }[]
  readonly statistics: readonly unknown[]
  readonly 'partition-statistics': readonly unknown[]
}

/** A partition value by partition field id: the transform's result (hours since 1970 for `hour`), or null. */
export type PartitionValue = number | bigint | string | boolean | Buffer | null
export type PartitionTuple = Readonly<Record<number, PartitionValue>>

/** A live file of a table, as its manifest entry describes it. Maps are keyed by field id. */
export interface DataFile {
  readonly content: 0 | 1 | 2
  readonly 'file-path': string
  readonly 'file-format': string
  readonly partition: PartitionTuple
  readonly 'record-count': bigint
  readonly 'file-size-in-bytes': bigint
  readonly 'column-sizes'?: ReadonlyMap<number, bigint>
  readonly 'value-counts'?: ReadonlyMap<number, bigint>
  readonly 'null-value-counts'?: ReadonlyMap<number, bigint>
  readonly 'nan-value-counts'?: ReadonlyMap<number, bigint>
  /** Single-value serialised (spec appendix D). */
  readonly 'lower-bounds'?: ReadonlyMap<number, Buffer>
  readonly 'upper-bounds'?: ReadonlyMap<number, Buffer>
  readonly 'split-offsets'?: readonly bigint[]
  readonly 'sort-order-id'?: number
  /** Columns that an equality-delete file compares. */
  readonly 'equality-ids'?: readonly number[]
  /** The one data file whose rows a position-delete file deletes. */
  readonly 'referenced-data-file'?: string
  readonly 'key-metadata'?: Buffer
}

export type EntryStatus = 'existing' | 'added' | 'deleted'

export interface ManifestEntry {
  readonly status: EntryStatus
  readonly 'snapshot-id': bigint | null
  readonly 'sequence-number': bigint | null
  readonly 'file-sequence-number': bigint | null
  readonly 'data-file': DataFile
}

export interface FieldSummary {
  readonly 'contains-null': boolean
  readonly 'contains-nan': boolean
  readonly 'lower-bound'?: Buffer
  readonly 'upper-bound'?: Buffer
}

/** One row of a manifest list. */
export interface ManifestFile {
  readonly 'manifest-path': string
  readonly 'manifest-length': bigint
  readonly 'partition-spec-id': number
  readonly content: 'data' | 'deletes'
  readonly 'sequence-number': bigint
  readonly 'min-sequence-number': bigint
  readonly 'added-snapshot-id': bigint
  readonly 'added-files-count': number
  readonly 'existing-files-count': number
  readonly 'deleted-files-count': number
  readonly 'added-rows-count': bigint
  readonly 'existing-rows-count': bigint
  readonly 'deleted-rows-count': bigint
  /** One summary per field of the partition spec; empty when the writer left them out. */
  readonly partitions: readonly FieldSummary[]
  readonly 'key-metadata'?: Buffer
}
