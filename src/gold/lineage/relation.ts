import { union } from './inputs.js'
import { CONSTANT, fieldOf, structOf, unknownValue, type Value } from './value.js'

export interface Column {
  readonly name: string
  readonly value: Value
}

/** The result of a SELECT, or a table. */
export interface Relation {
  readonly columns: readonly Column[]
  /** What decides which rows there are. */
  readonly rows: Value
  /** Sets of its columns of which no two rows share the values. */
  readonly keys: readonly Key[]
  /** Why there may be more columns than these. */
  readonly unknown?: string | undefined
}

export type Key = readonly Column[]

/** Something that FROM names. */
export interface Source {
  /** Lower-case names by which columns are qualified: `silver.bars` is two, an alias one, a subquery without one none. */
  readonly path: readonly string[]
  readonly columns: readonly Column[]
  readonly unknown?: string | undefined
}

/** The names that an expression sees. */
export interface Scope {
  readonly sources: readonly Source[]
  /** Columns of USING by lower-case name: they stand for those of both sides. */
  readonly shared: ReadonlyMap<string, Column>
  /** Columns of the SELECT itself that have a name already. */
  readonly aliases?: ReadonlyMap<string, Value> | undefined
  /** Parameters of a macro or a lambda. */
  readonly parameters?: ReadonlyMap<string, Value> | undefined
  readonly outer?: Scope | undefined
}

export const NO_NAMES: Scope = { sources: [], shared: new Map() }

export const ONE_ROW: Relation = { columns: [], rows: CONSTANT, keys: [[]] }

export function unknownRelation(why: string): Relation {
  return { columns: [], rows: unknownValue(why), keys: [], unknown: why }
}

/** A value by its names in SQL, as `close`, `bars.close`, `m.value` of a struct; and the column that it is, when it is one as a whole. */
export interface Resolved {
  readonly value: Value
  readonly column?: Column | undefined
}

/** Columns stand before the aliases of the same SELECT; names that are nowhere give a value that says so. */
export function resolve(names: readonly string[], scope: Scope): Resolved {
  const lower = names.map(name => name.toLowerCase())
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const found = inLevel(lower, level)
    if (found !== undefined) return found
  }
  return { value: unknownValue(`nothing is called ${names.join('.')}`) }
}

/** The columns that `*` stands for, those of USING once. `of` keeps the source of that name. */
export function starColumns(
  scope: Scope,
  of?: string,
): { columns: { column: Column; source: Source }[]; unknown?: string | undefined } {
  const wanted = of?.toLowerCase()
  const sources = wanted === undefined ? scope.sources : scope.sources.filter(({ path }) => path.at(-1) === wanted)
  const seen = new Set<string>()
  const columns = sources.flatMap(source =>
    source.columns.flatMap(column => {
      const name = column.name.toLowerCase()
      const shared = wanted === undefined ? scope.shared.get(name) : undefined
      if (shared === undefined) return [{ column, source }]
      if (seen.has(name)) return []
      seen.add(name)
      return [{ column: shared, source }]
    }),
  )
  return { columns, unknown: sources.find(({ unknown }) => unknown !== undefined)?.unknown }
}

function inLevel(names: readonly string[], scope: Scope): Resolved | undefined {
  const parameter = scope.parameters?.get(names[0]!)
  if (parameter !== undefined) return withFields({ value: parameter }, names.slice(1))
  return qualified(names, scope) ?? unqualified(names, scope) ?? wholeRow(names, scope) ?? openSource(scope)
}

/** `table.column`, `schema.table.column`. */
function qualified(names: readonly string[], { sources }: Scope): Resolved | undefined {
  for (const depth of [2, 1]) {
    if (names.length <= depth) continue
    const source = sources.find(({ path }) => isEnd(names.slice(0, depth), path))
    const column = source?.columns.find(({ name }) => name.toLowerCase() === names[depth])
    if (column !== undefined) return withFields({ value: column.value, column }, names.slice(depth + 1))
    if (source?.unknown !== undefined) return { value: unknownValue(source.unknown) }
  }
  return undefined
}

function unqualified(names: readonly string[], { sources, shared, aliases }: Scope): Resolved | undefined {
  const [name, ...fields] = names as [string, ...string[]]
  const column = shared.get(name)
  if (column !== undefined) return withFields({ value: column.value, column }, fields)
  const found = sources.flatMap(source => source.columns.filter(own => own.name.toLowerCase() === name))
  if (found.length > 1) {
    const inputs = union(...found.map(({ value }) => value.inputs))
    return { value: unknownValue(`${name} can be one of several columns`, inputs) }
  }
  if (found[0] !== undefined) return withFields({ value: found[0].value, column: found[0] }, fields)
  if (sources.some(({ unknown }) => unknown !== undefined)) return undefined
  const alias = aliases?.get(name)
  return alias === undefined ? undefined : withFields({ value: alias }, fields)
}

/** The name of a table where a value belongs: its row as a struct. */
function wholeRow(names: readonly string[], { sources }: Scope): Resolved | undefined {
  if (names.length !== 1) return undefined
  const source = sources.find(({ path }) => path.at(-1) === names[0])
  if (source === undefined) return undefined
  if (source.unknown !== undefined) return { value: unknownValue(source.unknown) }
  return { value: structOf(new Map(source.columns.map(({ name, value }) => [name.toLowerCase(), value]))) }
}

function openSource({ sources }: Scope): Resolved | undefined {
  const why = sources.find(({ unknown }) => unknown !== undefined)?.unknown
  return why === undefined ? undefined : { value: unknownValue(why) }
}

function withFields(found: Resolved, fields: readonly string[]): Resolved {
  if (fields.length === 0) return found
  let { value } = found
  for (const name of fields) {
    const field = fieldOf(value, name)
    if (field === undefined) return { value: unknownValue(`the struct has no field ${name}`, value.inputs) }
    value = field
  }
  return { value }
}

function isEnd(names: readonly string[], path: readonly string[]): boolean {
  return names.length <= path.length && names.every((name, at) => path[path.length - names.length + at] === name)
}

/** Both decide which rows there are. */
export function bothRows(a: Value, b: Value): Value {
  return { inputs: union(a.inputs, b.inputs), unknown: a.unknown ?? b.unknown }
}
