import type { Contract } from '../../contract/contract.js'
import { shapesOf } from '../../contract/tables.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { KNOWN_PREFIX } from '../../lake/catalog.js'
import { currentSchema } from '../../lake/open-table.js'
import { tableKey } from '../../lake/table-location.js'

/** Layers whose rows are unique by the columns that order them. */
const UNIQUE: readonly string[] = ['silver', 'gold']

/**
 * The columns that order the rows of a table's files totally: those by which its other writers order them, so that the same rows give the
 * same bytes. All columns follow where those may not tell rows apart, or where no contract of the project describes the table. Pure.
 */
export function rowOrder(table: LoadedTable, contracts: readonly Contract[]): string[] {
  const columns = currentSchema(table).fields.map(field => field.name)
  const layer = table.name.layer.startsWith(KNOWN_PREFIX) ? 'gold' : table.name.layer
  const key = tableKey({ ...table.name, layer })
  const shape = contracts.flatMap(shapesOf).find(candidate => tableKey(candidate.name) === key)
  const order = shape?.order ?? []
  if (shape === undefined || order.some(column => !columns.includes(column))) return columns
  if (UNIQUE.includes(layer)) return [...order]
  return [...order, ...columns.filter(column => !order.includes(column))]
}
