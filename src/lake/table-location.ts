import { SluiceError } from '../core/errors.js'
import type { TableMetadata } from '../iceberg/types.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { LoadedTable, TableName } from './catalog.js'

/** Table property: the addresses that the table had before, a line each. Older files are named below one of them. */
export const FORMER_LOCATIONS = 'sluice.former-locations'

const MAJOR_PREFIX = 'contract_version=v'

/** The key below which a table keeps everything: `silver/bars/contract_version=v1`. */
export function tableKey(name: TableName): string {
  return `${name.layer}/${name.dataset}/${MAJOR_PREFIX}${name.major}`
}

/** The major that a folder of a dataset holds, or undefined when it holds no table. */
export function majorOf(folder: string): number | undefined {
  const digits = /^contract_version=v([1-9]\d{0,8})$/.exec(folder)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The name of the table that keeps everything below a key: the inverse of `tableKey`. */
export function nameOfKey(key: string): TableName | undefined {
  const [layer, dataset, folder, ...rest] = key.split('/')
  const major = majorOf(folder ?? '')
  if (layer === undefined || dataset === undefined || major === undefined || rest.length > 0) return undefined
  return { layer: layer as TableName['layer'], dataset, major }
}

/** The absolute address that a new table is given for good; a plain path on local disk, as other engines read it. */
export function tableLocation(store: ObjectStore, name: TableName): string {
  return addressOf(store, tableKey(name))
}

/** The absolute address of a key, for metadata of new tables and for messages. */
export function addressOf(store: ObjectStore, key: string): string {
  return `${store.root.replace(/\/+$/, '')}/${key}`
}

/**
 * The key of a file that a table's metadata names. Relative to the table's own location, or one that it had before, so that a
 * lake that was moved still opens. Throws SLUICE_MANIFEST_CORRUPT for a file outside the table.
 */
export function keyOf(table: Pick<LoadedTable, 'name' | 'metadata'>, path: string): string {
  const plain = withoutScheme(path)
  for (const location of [table.metadata.location, ...formerLocations(table.metadata)]) {
    const below = `${withoutScheme(location)}/`
    if (plain.startsWith(below)) return `${tableKey(table.name)}/${plain.slice(below.length)}`
  }
  const message = `${path} lies outside its table at ${table.metadata.location}. Nothing was changed.`
  throw new SluiceError('SLUICE_MANIFEST_CORRUPT', message, { path, table: tableKey(table.name) })
}

/** The addresses that a table had before the one that it has now. */
export function formerLocations({ properties }: Pick<TableMetadata, 'properties'>): string[] {
  const text = properties[FORMER_LOCATIONS] ?? ''
  return text === '' ? [] : text.split('\n')
}

/** The path under which a table's metadata names a key below it: the inverse of `keyOf`. */
export function pathOf(table: Pick<LoadedTable, 'name' | 'metadata'>, key: string): string {
  return `${table.metadata.location}${key.slice(tableKey(table.name).length)}`
}

/** Other engines write `file:///lake` or `file:/lake` where we write `/lake`, and s3a for s3. */
export function withoutScheme(path: string): string {
  return path
    .replace(/^file:(?:\/\/)?(?=\/)/, '')
    .replace(/^s3[an]:/, 's3:')
    .replace(/\/+$/, '')
}
