import { SluiceError } from '../core/errors.js'
import type { Engine } from '../engine/engine.js'
import { footersSql } from '../engine/file-sql.js'
import type { DataFile } from '../iceberg/types.js'
import type { LoadedTable } from './catalog.js'
import type { Lake } from './lake.js'
import { localPath } from './read-sql.js'
import { keyOf } from './table-location.js'

/**
 * Compares data files with what the manifests say of them: bytes and rows. Reads the end of each file, not its rows.
 * Throws SLUICE_DATA_FILE_MISSING or SLUICE_DATA_FILE_CORRUPT for the first that differs.
 */
export async function checkDataFiles(
  lake: Lake,
  table: LoadedTable,
  files: readonly DataFile[],
  engine: Engine,
): Promise<void> {
  const byPath = new Map<string, DataFile>()
  for (const file of files) {
    byPath.set(await localPath(lake, table, file), file)
    const stored = await lake.store.head(keyOf(table, file['file-path']))
    if (stored?.sizeBytes !== Number(file['file-size-in-bytes']))
      throw corrupt(
        keyOf(table, file['file-path']),
        `has ${stored?.sizeBytes} bytes, not ${file['file-size-in-bytes']}`,
      )
  }
  if (byPath.size === 0) return
  const footers = `SELECT file_name, num_rows FROM ${footersSql([...byPath.keys()])}`
  const rows = await engine.rows(footers).catch(cause => {
    throw damagedFile(cause) ?? cause
  })
  for (const row of rows) {
    const file = byPath.get(String(row['file_name']))
    if (file !== undefined && String(row['num_rows']) !== String(file['record-count']))
      throw corrupt(keyOf(table, file['file-path']), `has ${row['num_rows']} rows, not ${file['record-count']}`)
  }
}

/** The error for a failure of the engine that a damaged data file caused; undefined for any other failure. */
export function damagedFile(cause: unknown): SluiceError | undefined {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (
    !/no magic bytes|too small to be a parquet|parquet.*(corrupt|invalid)|(corrupt|invalid).*parquet|thrift|zstd|snappy|unexpected end of file/i.test(
      message,
    )
  ) {
    return undefined
  }
  const file = /['"]([^'"]+\.parquet)\b/.exec(message)?.[1]
  if (file === undefined) return undefined
  return corrupt(file, `cannot be read: ${message.split('\n')[0]}`, cause)
}

function corrupt(file: string, what: string, cause?: unknown): SluiceError {
  const message = `The data file ${file} ${what}. Nothing was changed.`
  return new SluiceError('SLUICE_DATA_FILE_CORRUPT', message, { place: { file } }, cause)
}
