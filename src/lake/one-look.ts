import type { LoadedTable, TableName } from './catalog.js'
import type { Lake } from './lake.js'
import { tableKey } from './table-location.js'

/** The lake as one question sees it: which tables there are, and each of them, is asked once. Whoever writes needs to ask again. */
export function oneLook(lake: Lake): Lake {
  const { catalog } = lake
  const loaded = new Map<string, Promise<LoadedTable | undefined>>()
  let named: Promise<TableName[]> | undefined
  let listed: Promise<TableName[]> | undefined
  const load = (name: TableName): Promise<LoadedTable | undefined> => {
    const key = tableKey(name)
    const table = loaded.get(key) ?? catalog.load(name)
    loaded.set(key, table)
    return table
  }
  return {
    ...lake,
    catalog: {
      ...catalog,
      load,
      seen: load,
      names: () => (named ??= catalog.names()),
      list: () => (listed ??= catalog.list()),
    },
  }
}

/** The lake as this process saw each table last: for what may be of a moment ago. */
export function asSeen(lake: Lake): Lake {
  return { ...lake, catalog: { ...lake.catalog, load: name => lake.catalog.seen(name) } }
}
