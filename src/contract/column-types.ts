import type { PrimitiveType } from '../iceberg/types.js'
import type { ColumnType } from './contract.js'

/** What one kind of column is called by everyone who stores or reads it. */
interface TypeNames {
  readonly duckdb: string
  readonly iceberg: PrimitiveType
  readonly typescript: string
  readonly jsonSchema: Readonly<Record<string, unknown>>
}

const TYPES = {
  string: { duckdb: 'VARCHAR', iceberg: 'string', typescript: 'string', jsonSchema: { type: 'string' } },
  boolean: { duckdb: 'BOOLEAN', iceberg: 'boolean', typescript: 'boolean', jsonSchema: { type: 'boolean' } },
  integer: { duckdb: 'BIGINT', iceberg: 'long', typescript: 'bigint', jsonSchema: { type: 'integer' } },
  double: { duckdb: 'DOUBLE', iceberg: 'double', typescript: 'number', jsonSchema: { type: 'number' } },
  date: { duckdb: 'DATE', iceberg: 'date', typescript: 'string', jsonSchema: { type: 'string', format: 'date' } },
  timestamp: {
    duckdb: 'TIMESTAMPTZ',
    iceberg: 'timestamptz',
    typescript: 'string',
    jsonSchema: { type: 'string', format: 'date-time' },
  },
  json: { duckdb: 'VARCHAR', iceberg: 'string', typescript: 'string', jsonSchema: { type: 'string' } },
} as const satisfies Record<Exclude<ColumnType['kind'], 'decimal'>, TypeNames>

/** DuckDB's name of a column type. JSON is kept as text: its bytes must not change on the way. */
export function duckdbType(type: ColumnType): string {
  return typeNames(type).duckdb
}

/** Iceberg's name of a column type. */
export function icebergType(type: ColumnType): PrimitiveType {
  return typeNames(type).iceberg
}

/** All names of a column type. In TypeScript a decimal is text and an integer a bigint, so that no digit is lost. */
export function typeNames(type: ColumnType): TypeNames {
  if (type.kind !== 'decimal') return TYPES[type.kind]
  const { precision, scale } = type
  const digits = scale === 0 ? '' : `(\\.[0-9]{1,${scale}})?`
  return {
    duckdb: `DECIMAL(${precision}, ${scale})`,
    iceberg: `decimal(${precision}, ${scale})`,
    typescript: 'string',
    jsonSchema: { type: 'string', pattern: `^-?[0-9]+${digits}$` },
  }
}
