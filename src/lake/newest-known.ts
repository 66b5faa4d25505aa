import { decodeValue } from '../iceberg/bounds.js'
import type { DataFile } from '../iceberg/types.js'
import type { LoadedTable } from './catalog.js'
import { currentSchema } from './open-table.js'

/**
 * When the newest row of some files of a table came to be known, in milliseconds since the epoch, from the bounds of the files; -Infinity where
 * there is no row.
 */
export function newestKnown(table: LoadedTable, files: readonly DataFile[]): number {
  const id = currentSchema(table).fields.find(({ name }) => name === '_known_at')?.id
  if (id === undefined) return Number.NEGATIVE_INFINITY
  const newest = files.map(file => {
    const bound = file['upper-bounds']?.get(id)
    const value = bound === undefined ? undefined : decodeValue('timestamptz', bound)
    return typeof value === 'bigint' ? Number(value) / 1000 : Number.NEGATIVE_INFINITY
  })
  return newest.reduce((latest, own) => Math.max(latest, own), Number.NEGATIVE_INFINITY)
}
