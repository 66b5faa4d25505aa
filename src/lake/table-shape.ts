import type { ColumnDeclaration } from '../iceberg/schema.js'
import type { TimeGrain } from '../iceberg/transforms.js'
import type { TableName } from './catalog.js'

/** What a table must look like: its columns in order, and the one time column that cuts it into partitions. */
export interface TableShape {
  readonly name: TableName
  readonly columns: readonly ShapeColumn[]
  readonly partition: { readonly column: string; readonly grain: TimeGrain }
  /** Columns that order the rows of a file; together they are unique, so equal rows give equal bytes. */
  readonly order: readonly string[]
  /** The contract's full version, for the table's properties. */
  readonly contractVersion: string
}

export interface ShapeColumn extends ColumnDeclaration {
  /** DuckDB's type of the column. */
  readonly sqlType: string
}

/** SQL for the partition ordinal of a TIMESTAMPTZ or DATE expression: whole hours, days, months or years since 1970, as Iceberg counts them. */
export function ordinalSql(grain: TimeGrain, expression: string): string {
  return `date_diff('${grain}', TIMESTAMPTZ '1970-01-01 00:00:00+00', date_trunc('${grain}', (${expression})::TIMESTAMPTZ))`
}
