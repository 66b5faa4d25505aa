import { type SqlNode, textOf } from '../../contract/sql-tree.js'
import { asDecision } from './calls.js'
import { type Context, evaluate, newMet } from './expression.js'
import type { From } from './from.js'
import { through, union } from './inputs.js'
import { bothRows, type Column, type Key, resolve, type Scope, type Source } from './relation.js'
import { CONSTANT, decidedBy, merged, unknownValue, type Value } from './value.js'

interface Place {
  readonly context: Context
  readonly outer: Scope | undefined
}

/** As many keys as a join keeps: more are never needed, and each join can double them. */
const MOST_KEYS = 8

/**
 * Two sides of a join. An outer join to a side of which each row finds one at most takes no part in which rows there are: what it joins
 * by is then a matter of the joined columns alone.
 */
export function joined(node: SqlNode, left: From, right: From, place: Place): From {
  const names = usingNames(node, left, right)
  const type = textOf(node['join_type'])
  const isAsOf = node['ref_type'] === 'ASOF'
  const scope: Scope = {
    sources: [...left.scope.sources, ...right.scope.sources],
    shared: new Map(),
    outer: place.outer,
  }
  const both: Scope = { ...scope, shared: sharedOf(left, right) }
  const condition = conditionOf(node, names, left, right, both, place)
  const fixed = fixedColumns(node, names, right, both)
  const isUnique = isAsOf || right.keys.some(key => key.every(column => fixed.has(column)))
  const keys = keysOf(left.keys, right.keys, fixed)
  if (type === 'SEMI' || type === 'ANTI')
    return { scope: left.scope, rows: rowsOf(left, right, condition), keys: left.keys }
  if (type === 'LEFT' && isUnique) {
    const decision = bothRows(condition, { ...right.rows, inputs: through('JOIN', right.rows.inputs) })
    const change = (value: Value): Value => decidedBy(value, decision.inputs, decision.unknown)
    return combined(names, left, changed(right, change), place, left.rows, left.keys, 'left')
  }
  const rows = rowsOf(left, right, condition)
  if (node['ref_type'] === 'POSITIONAL') {
    const why = 'a positional join pairs rows by their order'
    const change = (value: Value): Value => ({ ...unknownValue(why), inputs: value.inputs })
    return combined(names, left, changed(right, change), place, rows, [], 'left')
  }
  const kept = type === 'INNER' || type === 'LEFT' ? keys : []
  return combined(names, left, right, place, rows, kept, type === 'RIGHT' ? 'right' : type === 'FULL' ? 'both' : 'left')
}

function rowsOf(left: From, right: From, condition: Value): Value {
  return bothRows(bothRows(left.rows, right.rows), condition)
}

/** The columns of USING, or those that NATURAL finds, in lower case. */
function usingNames(node: SqlNode, left: From, right: From): string[] {
  if (node['ref_type'] !== 'NATURAL') return ((node['using_columns'] ?? []) as string[]).map(name => name.toLowerCase())
  const own = new Set(columnsOf(right).map(({ name }) => name.toLowerCase()))
  return [...new Set(columnsOf(left).map(({ name }) => name.toLowerCase()))].filter(name => own.has(name))
}

function columnsOf({ scope }: From): Column[] {
  return scope.sources.flatMap(({ columns }) => columns)
}

/** What decides which rows belong together. */
function conditionOf(node: SqlNode, names: string[], left: From, right: From, both: Scope, { context }: Place): Value {
  const pairs = names.flatMap(name => [resolve([name], left.scope).value, resolve([name], right.scope).value])
  const condition = (node['condition'] ?? null) as SqlNode | null
  const site = { context, scope: both, rows: CONSTANT, met: newMet() }
  const on = condition === null ? [] : [evaluate(condition, site)]
  const [inputs, unknown] = asDecision([...pairs, ...on], 'JOIN')
  return { inputs, unknown }
}

/** Columns of the right side that have one value for each row of the left: those that are equal to something of the left. */
function fixedColumns(node: SqlNode, names: string[], right: From, both: Scope): Set<Column> {
  const fixed = new Set<Column>()
  for (const name of names) {
    const { column } = resolve([name], { ...right.scope, outer: undefined })
    if (column !== undefined) fixed.add(column)
  }
  const own = new Set(columnsOf(right))
  for (const [a, b] of equalities(node['condition'] as SqlNode | null | undefined)) {
    for (const [side, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const column = plainColumn(side, both)
      if (column !== undefined && own.has(column) && !namesAny(other, own, both)) fixed.add(column)
    }
  }
  return fixed
}

/** The comparisons with `=` that all must hold. */
function equalities(condition: SqlNode | null | undefined): [SqlNode, SqlNode][] {
  if (condition === null || condition === undefined) return []
  if (condition['type'] === 'CONJUNCTION_AND') return (condition['children'] as SqlNode[]).flatMap(equalities)
  const isEqual = condition['type'] === 'COMPARE_EQUAL' || condition['type'] === 'COMPARE_NOT_DISTINCT_FROM'
  return isEqual ? [[condition['left'] as SqlNode, condition['right'] as SqlNode]] : []
}

function plainColumn(node: SqlNode, scope: Scope): Column | undefined {
  return node['class'] === 'COLUMN_REF' ? resolve(node['column_names'] as string[], scope).column : undefined
}

/** Whether an expression names one of some columns. Where that cannot be seen, it does. */
function namesAny(node: unknown, columns: ReadonlySet<Column>, scope: Scope): boolean {
  if (typeof node !== 'object' || node === null) return false
  if (Array.isArray(node)) return node.some(part => namesAny(part, columns, scope))
  const sqlNode = node as SqlNode
  if (sqlNode['class'] === 'SUBQUERY' || sqlNode['class'] === 'LAMBDA') return true
  if (sqlNode['class'] !== 'COLUMN_REF') return Object.values(sqlNode).some(part => namesAny(part, columns, scope))
  return namedColumns(sqlNode['column_names'] as string[], scope).some(column => columns.has(column))
}

/** The column of a name, also of one whose field is meant. */
function namedColumns(names: readonly string[], scope: Scope): Column[] {
  const found = names.flatMap((_, at) => resolve(names.slice(0, at + 1), scope).column ?? [])
  // A name that is no column, such as that of a table as a whole, may be any.
  return found.length > 0 ? found : scope.sources.flatMap(({ columns }) => columns)
}

/** Rows of a join are told apart by a key of the left, and what a key of the right has beyond the columns that the left fixes. */
function keysOf(left: readonly Key[], right: readonly Key[], fixed: ReadonlySet<Column>): Key[] {
  const pairs = left.flatMap(own => right.map(other => [...own, ...other.filter(column => !fixed.has(column))]))
  return pairs.sort((a, b) => a.length - b.length).slice(0, MOST_KEYS)
}

/** A side with all of its values changed, keys and shared columns too. */
function changed(side: From, change: (value: Value) => Value): From {
  const other = new Map<Column, Column>()
  const of = (column: Column): Column => {
    const known = other.get(column) ?? { name: column.name, value: change(column.value) }
    other.set(column, known)
    return known
  }
  const sources = side.scope.sources.map((source): Source => ({ ...source, columns: source.columns.map(of) }))
  const shared = new Map([...side.scope.shared].map(([name, column]) => [name, of(column)]))
  return { ...side, scope: { ...side.scope, sources, shared }, keys: side.keys.map(key => key.map(of)) }
}

function combined(
  names: readonly string[],
  left: From,
  right: From,
  { outer }: Place,
  rows: Value,
  keys: readonly Key[],
  stands: 'left' | 'right' | 'both',
): From {
  const sources = [...left.scope.sources, ...right.scope.sources]
  const shared = new Map(sharedOf(left, right))
  for (const name of names) {
    const sides = [left, right].map(side => columnNamed(name, side))
    const [own, other] = sides as [Column, Column]
    if (stands !== 'both') shared.set(name, stands === 'left' ? own : other)
    else shared.set(name, { name: own.name, value: merged([own.value, other.value]) })
  }
  return { scope: { sources, shared, outer }, rows, keys }
}

function columnNamed(name: string, { scope }: From): Column {
  const { column, value } = resolve([name], { ...scope, outer: undefined })
  return column ?? { name, value }
}

/** Columns that earlier USINGs share stay shared. */
function sharedOf(left: From, right: From): ReadonlyMap<string, Column> {
  return new Map([...right.scope.shared, ...left.scope.shared])
}

export function allInputs(columns: readonly Column[]): Value['inputs'] {
  return union(...columns.map(({ value }) => value.inputs))
}
