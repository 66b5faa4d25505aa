import { NO_SNAPSHOT } from '../iceberg/create-metadata.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { LoadedTable } from './catalog.js'
import { sealed } from './metadata-chain.js'
import { metadataKey, writeHint } from './metadata-version.js'
import { nameTables } from './table-names.js'

/**
 * Puts a table with the columns, field ids and address of another into a store, without its rows: what is written to it is what would be
 * written to that one. `without`: properties that say something of the rows.
 */
export async function putEmptyCopy(
  { name, metadata }: LoadedTable,
  store: ObjectStore,
  without: ReadonlySet<string>,
): Promise<void> {
  const properties = Object.fromEntries(Object.entries(metadata.properties).filter(([key]) => !without.has(key)))
  const empty = { ...metadata, ...NO_SNAPSHOT, properties }
  await nameTables(store, [name])
  await store.put(metadataKey(name, 1), sealed(empty, 1).body)
  await writeHint(store, name, 1)
}
