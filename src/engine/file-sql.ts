import { sep } from 'node:path'
import { SluiceError } from '../core/errors.js'
import { quoteText } from './sql-text.js'

export type FileReader = 'read_csv' | 'read_json' | 'read_json_auto' | 'read_json_objects' | 'read_parquet'

/**
 * The call of a table function that reads exactly these local files: no character of a path is a pattern, and no folder named
 * `key=value` adds a column or takes the place of one. Its column `filename` gives the paths as they are here.
 * Throws SLUICE_ARGUMENT_INVALID for a path that is not `isReadablePath`.
 */
export function filesSql(reader: FileReader, paths: readonly string[], options: readonly string[] = []): string {
  return `${reader}(${[pathList(paths), ...options, 'hive_partitioning = false'].join(', ')})`
}

/** The call of a table function that gives the ends of these Parquet files, a row each: `file_name`, `num_rows`. */
export function footersSql(paths: readonly string[]): string {
  return `parquet_file_metadata(${pathList(paths)})`
}

/** A query for what these Parquet files say of themselves under a key: `file_name`, `note`. Files that say nothing give no row. */
export function footerNotesSql(paths: readonly string[], key: string): string {
  return `SELECT file_name, decode(value) AS note FROM parquet_kv_metadata(${pathList(paths)}) WHERE decode(key) = ${quoteText(key)}`
}

/**
 * Whether DuckDB can be told a path at all. It takes a backslash for the end of a folder's name as soon as anything in the path
 * looks like a pattern, and has no way to write it otherwise. On Windows that is what a backslash is.
 */
export function isReadablePath(path: string): boolean {
  return sep === '\\' || !path.includes('\\') || path.search(PATTERN) === -1
}

function pathList(paths: readonly string[]): string {
  return `[${paths.map(literalPath).join(', ')}]`
}

const PATTERN = /[*?[]/g

/** A path without the marks of a pattern stays as it is: to look for a match, DuckDB lists folders. */
function literalPath(path: string): string {
  if (isReadablePath(path)) return quoteText(path.replace(PATTERN, '[$&]'))
  throw new SluiceError(
    'SLUICE_ARGUMENT_INVALID',
    `DuckDB cannot be told the path ${path}: it holds a backslash and one of * ? [. Nothing was changed.`,
    { place: { file: path }, next: 'Rename the file or the folder.' },
  )
}
