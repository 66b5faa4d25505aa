import { didYouMean } from '../../core/nearest-name.js'
import type { PipeEntry } from '../pipes/pipe-schema.js'

/** A table that `for_each` can take values from: texts, in the order of the file. */
export interface ValueTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Tables by what `from` calls them. */
export type ValueTables = ReadonlyMap<string, ValueTable>

export type ForEach = NonNullable<PipeEntry['for_each']>

/** Why an entry gives no pipes; `path` leads to the fault within the entry. */
export class ForEachFault extends Error {
  readonly path: readonly string[]

  constructor(message: string, path: readonly string[]) {
    super(message)
    this.path = path
  }
}

/** More pipes than these are a slip in a product of lists. */
const MOST = 200_000

/** What `for_each` takes values from, beside lists. */
export function tablesOf(forEach: ForEach): string[] {
  return Object.values(forEach).flatMap(values => (Array.isArray(values) ? [] : [values.from]))
}

/** Every combination of the keys' values, the last key changing fastest. Throws ForEachFault. */
export function combinations(forEach: ForEach, tables: ValueTables): Readonly<Record<string, string>>[] {
  const lists = Object.entries(forEach).map(([key, values]) => [key, valuesOf(key, values, tables)] as const)
  const count = lists.reduce((product, [, values]) => product * values.length, 1)
  if (count > MOST)
    throw new ForEachFault(`gives ${count} pipes, and more than ${MOST} are taken for a mistake`, ['for_each'])
  return lists.reduce<Record<string, string>[]>(
    (all, [key, values]) => all.flatMap(before => values.map(value => ({ ...before, [key]: value }))),
    [{}],
  )
}

function valuesOf(key: string, values: ForEach[string], tables: ValueTables): string[] {
  if (Array.isArray(values)) return distinct(values.map(String), key)
  const { from, column = key, where = {} } = values
  const table = tables.get(from)
  if (table === undefined) throw new ForEachFault(`there is no table \`${from}\``, ['for_each', key, 'from'])
  const cell = columnOf(table, from, column, ['for_each', key, 'column'])
  const wanted = Object.entries(where).map(([name, value]) => {
    const at = columnOf(table, from, name, ['for_each', key, 'where', name])
    return (row: readonly string[]) => row[at] === String(value)
  })
  const found = table.rows.filter(row => wanted.every(fits => fits(row))).map(row => row[cell] ?? '')
  // A row without a value is a thing that this provider does not have.
  const given = [...new Set(found.filter(text => text !== ''))]
  if (given.length === 0) throw new ForEachFault(`no row of ${from} gives a value`, ['for_each', key])
  return given
}

function distinct(values: readonly string[], key: string): string[] {
  const twin = values.find((value, at) => values.indexOf(value) !== at)
  if (twin !== undefined) throw new ForEachFault(`the value \`${twin}\` stands twice`, ['for_each', key])
  return [...values]
}

function columnOf({ columns }: ValueTable, from: string, name: string, path: readonly string[]): number {
  const at = columns.indexOf(name)
  if (at !== -1) return at
  throw new ForEachFault(
    `${from} has no column \`${name}\`.${didYouMean(name, columns)} It has ${columns.join(', ')}`,
    path,
  )
}
