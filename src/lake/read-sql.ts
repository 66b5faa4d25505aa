import { SluiceError } from '../core/errors.js'
import { filesSql } from '../engine/file-sql.js'
import { quoteIdent, quoteText } from '../engine/sql-text.js'
import type { DataFile, IcebergType, NestedField, Schema } from '../iceberg/types.js'
import type { LoadedTable } from './catalog.js'
import type { Lake } from './lake.js'
import { keyOf } from './table-location.js'

/**
 * SQL that reads data files with the columns of a schema, resolved by field id: renamed, added and widened columns of older files come out right.
 * Every file is checked to be there first: a missing one is an error with its name, not fewer rows.
 */
export async function readFilesSql(
  lake: Lake,
  table: LoadedTable,
  schema: Schema,
  files: readonly DataFile[],
): Promise<string> {
  const columns = schema.fields
    .map(field => `NULL::${duckdbTypeOf(field.type)} AS ${quoteIdent(field.name)}`)
    .join(', ')
  if (files.length === 0) return `SELECT ${columns} WHERE false`
  const paths = await Promise.all(files.map(file => localPath(lake, table, file)))
  const byId = schema.fields.map(field => `${field.id}: ${fieldSql(field)}`).join(', ')
  return `SELECT ${schema.fields.map(field => quoteIdent(field.name)).join(', ')} FROM ${filesSql('read_parquet', paths, [`schema = MAP {${byId}}`])}`
}

export async function localPath(lake: Lake, table: LoadedTable, file: DataFile): Promise<string> {
  const key = keyOf(table, file['file-path'])
  return lake.store.localPath(key).catch(cause => {
    if (!(cause instanceof SluiceError && cause.code === 'SLUICE_OBJECT_MISSING')) throw cause
    throw new SluiceError(
      'SLUICE_DATA_FILE_MISSING',
      `The data file ${key} is named by the table but is not there.`,
      { place: { file: key } },
      cause,
    )
  })
}

function fieldSql(field: NestedField): string {
  return `{name: ${quoteText(field.name)}, type: ${quoteText(duckdbTypeOf(field.type))}, default_value: NULL}`
}

/** DuckDB's type of an Iceberg type. */
export function duckdbTypeOf(type: IcebergType): string {
  if (typeof type !== 'string') {
    if (type.type === 'list') return `${duckdbTypeOf(type.element)}[]`
    if (type.type === 'map') return `MAP(${duckdbTypeOf(type.key)}, ${duckdbTypeOf(type.value)})`
    return `STRUCT(${type.fields.map(field => `${quoteIdent(field.name)} ${duckdbTypeOf(field.type)}`).join(', ')})`
  }
  return PRIMITIVES[type] ?? (type.startsWith('decimal') ? type.toUpperCase() : 'BLOB')
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMPTZ',
  string: 'VARCHAR',
  uuid: 'UUID',
  binary: 'BLOB',
}
