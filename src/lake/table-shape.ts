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
  /** Further properties of the table. */
  readonly properties?: Readonly<Record<string, string>>
}

export interface ShapeColumn extends ColumnDeclaration {
  /** DuckDB's type of the column. */
  readonly sqlType: string
}

const MICROS_PER: Readonly<Record<'hour' | 'day', string>> = { hour: '3600000000', day: '86400000000' }

/**
 * SQL for the partition ordinal of a TIMESTAMPTZ or DATE expression: whole hours, days, months or years since 1970, as Iceberg
 * counts them. In integers: date functions on TIMESTAMPTZ go through the time zone library and cost fifty times as much.
 */
export function ordinalSql(grain: TimeGrain, expression: string): string {
  const micros = `epoch_us(${expression})`
  if (grain === 'hour' || grain === 'day') {
    const unit = MICROS_PER[grain]
    return `((${micros} - ((${micros} % ${unit}) + ${unit}) % ${unit}) // ${unit})`
  }
  const moment = `make_timestamp(${micros})`
  return grain === 'year' ? `(year(${moment}) - 1970)` : `((year(${moment}) - 1970) * 12 + month(${moment}) - 1)`
}
