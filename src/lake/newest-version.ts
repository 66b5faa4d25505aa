import { instant, quoteIdent } from '../engine/sql-text.js'
import type { Schema } from '../iceberg/types.js'
import type { LoadedTable, TableName } from './catalog.js'
import { currentSchema } from './open-table.js'

/** Ends the name of a silver table that keeps every version of a dataset's rows. The dataset itself is a view of the newest ones. */
export const VERSIONS_SUFFIX = '_versions'

/** Table property: the columns that the versions of one row share, as a JSON array of names in the current schema. */
export const VERSION_KEY = 'sluice.version-key'

/** What the world knew at a moment, in milliseconds since the epoch. */
export interface KnownAt {
  readonly atMs: number
}

/** The dataset whose versions a table keeps, or undefined for a table of plain rows. */
export function versionedDataset({ layer, dataset }: TableName): string | undefined {
  return layer === 'silver' && dataset.endsWith(VERSIONS_SUFFIX) ? dataset.slice(0, -VERSIONS_SUFFIX.length) : undefined
}

/**
 * SQL for the newest version of each key among `rows`, which is SQL that reads a table of versions with the columns of `schema`.
 * Without `knownAt` it is the newest of all; with it, of those that were known by then.
 */
export function newestVersionSql(rows: string, key: readonly string[], knownAt?: KnownAt): string {
  const known = knownAt === undefined ? rows : knownAtSql(rows, knownAt)
  const newest = '_known_at DESC, _capture_id DESC, _position DESC'
  return `SELECT * FROM (${known}) QUALIFY row_number() OVER (PARTITION BY ${key.map(quoteIdent).join(', ')} ORDER BY ${newest}) = 1`
}

/** SQL for the rows that were known at a moment, among `rows`, which is SQL. */
export function knownAtSql(rows: string, { atMs }: KnownAt): string {
  return `SELECT * FROM (${rows}) WHERE _known_at <= ${instant(atMs)}`
}

/** The key columns of a table of versions, by the names that they have in one of its schemas. */
export function versionKey(table: LoadedTable, schema: Schema): string[] {
  const names = JSON.parse(table.metadata.properties[VERSION_KEY] ?? '[]') as readonly string[]
  const ids = names.map(name => currentSchema(table).fields.find(field => field.name === name)?.id)
  return schema.fields.filter(field => ids.includes(field.id)).map(field => field.name)
}
