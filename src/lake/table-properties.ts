import type { LoadedTable } from './catalog.js'
import type { Lake } from './lake.js'

/** Whether a table's metadata says these things already. */
export function isTold({ metadata }: LoadedTable, properties: Readonly<Record<string, string>>): boolean {
  return Object.entries(properties).every(([name, value]) => metadata.properties[name] === value)
}

/** Says something of a table without changing its rows. When another writer was first nothing is said: the caller does not depend on it. */
export async function tellTable(
  lake: Lake,
  table: LoadedTable,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  if (isTold(table, properties)) return
  const requirement = { type: 'assert-table-uuid', uuid: table.metadata['table-uuid'] } as const
  await lake.catalog.commit(table, [requirement], [{ action: 'set-properties', updates: properties }])
}
