import { type LineageInput, ROWS, type Transformation, throughAll, unionWays } from './inputs.js'
import type { Origin, TableLineage } from './model-lineage.js'

/** A column that an input has a part in, at whatever distance. */
export interface Dependent {
  readonly table: string
  /** `*`: which rows the table has, and so every column of it. */
  readonly column: string
  readonly transformations: readonly Transformation[]
  /** Models on the shortest way: 1 for a table that reads the input itself. */
  readonly depth: number
}

/**
 * Follows inputs to what they are made of themselves, through at most `depth` models; `Infinity` goes to tables that no model makes.
 * 1 leaves them as they are. Pure; the function that it gives keeps what it has found.
 */
export function follower(tables: readonly TableLineage[]): (origin: Origin, depth: number) => Origin {
  const byName = new Map(tables.map(table => [table.table, table]))
  const found = new Map<string, Origin>()
  const follow = (origin: Origin, depth: number): Origin => {
    const origins = origin.inputs.map(input => through(input, depth))
    const inputs = sumOf(origins.flatMap(({ inputs: own }) => own))
    const unknown = origin.unknown ?? origins.find(own => own.unknown !== undefined)?.unknown
    return { inputs, ...(unknown !== undefined && { unknown }) }
  }
  const through = (input: LineageInput, depth: number): Origin => {
    const table = byName.get(input.table)
    if (depth <= 1 || table === undefined) return { inputs: [input] }
    const key = `${input.table}\n${input.column}\n${depth}`
    const inner = found.get(key) ?? named(follow(originOf(table, input.column), depth - 1), input)
    found.set(key, inner)
    const inputs = inner.inputs.map(own => ({
      ...own,
      transformations: throughAll(input.transformations, own.transformations),
    }))
    return { ...inner, inputs }
  }
  return follow
}

/** What a column of a table that a model makes comes from. */
export function originOf(table: TableLineage, column: string): Origin {
  if (column === ROWS) return table.rows
  return table.columns.find(own => own.column === column) ?? { inputs: [], unknown: 'its contract has no such column' }
}

/**
 * The columns that a column has a part in, or with ROWS which rows a table has, or without either any of both. `tables` are in the order
 * in which they are derived.
 */
export function dependentsOf(
  of: { readonly table: string; readonly columns: readonly string[] },
  tables: readonly TableLineage[],
  depth: number,
): Dependent[] {
  const identity: Transformation[] = [{ type: 'DIRECT', subtype: 'IDENTITY' }]
  const touched = new Map(
    of.columns.map(column => [keyOf(of.table, column), { ways: identity as readonly Transformation[], depth: 0 }]),
  )
  const dependents: Dependent[] = []
  for (const { table, columns, rows } of tables) {
    for (const { column, inputs } of [...columns, { column: ROWS, inputs: rows.inputs }]) {
      const reached = inputs.flatMap(input => {
        const before = touched.get(keyOf(input.table, input.column))
        if (before === undefined || before.depth >= depth) return []
        return [{ ways: throughAll(input.transformations, before.ways), depth: before.depth + 1 }]
      })
      if (reached.length === 0) continue
      const ways = reached.reduce<readonly Transformation[]>((sum, own) => unionWays(sum, own.ways), [])
      const nearest = Math.min(...reached.map(own => own.depth))
      touched.set(keyOf(table, column), { ways, depth: nearest })
      dependents.push({ table, column, transformations: ways, depth: nearest })
    }
  }
  return dependents
}

function named(origin: Origin, { table, column }: LineageInput): Origin {
  return origin.unknown === undefined ? origin : { ...origin, unknown: `${table}.${column}: ${origin.unknown}` }
}

function sumOf(inputs: readonly LineageInput[]): LineageInput[] {
  const sum = new Map<string, LineageInput>()
  for (const input of inputs) {
    const key = keyOf(input.table, input.column)
    const other = sum.get(key)
    const ways = other === undefined ? input.transformations : unionWays(other.transformations, input.transformations)
    sum.set(key, { ...input, transformations: ways })
  }
  return [...sum].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, input]) => input)
}

function keyOf(table: string, column: string): string {
  return `${table}\n${column}`
}
