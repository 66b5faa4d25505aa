import { SluiceError } from '../../core/errors.js'
import { nearestName } from '../../core/nearest-name.js'
import type { Catalog, TableName } from '../../lake/catalog.js'
import { tableKey } from '../../lake/table-location.js'
import { sqlNames } from '../read/lake-views.js'

/** The tables that a person names, as `sluice tables` does, each once; all of the lake when none is named. Throws SLUICE_TABLE_UNKNOWN. */
export async function namedTables(catalog: Catalog, named: readonly string[]): Promise<TableName[]> {
  const all = await catalog.list()
  if (named.length === 0) return all
  const names = sqlNames(all)
  const found = named.map(name => {
    const table = names.get(name) ?? names.get(`silver.${name}`) ?? names.get(`gold.${name}`)
    if (table !== undefined) return table.name
    const near = nearestName(name, [...names.keys()])
    const next = near === undefined ? {} : { next: `Did you mean ${near}? List the tables with \`sluice tables\`.` }
    throw new SluiceError('SLUICE_TABLE_UNKNOWN', `There is no table ${name} in this lake. Nothing was changed.`, next)
  })
  return [...new Map(found.map(name => [tableKey(name), name])).values()]
}

/** `silver.bars`; with its major where a lake may hold several: `silver.bars_v2`. */
export function shownName({ layer, dataset, major }: TableName): string {
  return `${layer}.${dataset}${major === 1 ? '' : `_v${major}`}`
}
