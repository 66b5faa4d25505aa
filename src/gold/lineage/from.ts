import { type SqlNode, textOf } from '../../contract/sql-tree.js'
import { scalarValue } from './calls.js'
import { type Context, evaluate, newMet } from './expression.js'
import { inputOf, ROWS, through } from './inputs.js'
import { joined } from './join.js'
import {
  bothRows,
  type Column,
  type Key,
  NO_NAMES,
  ONE_ROW,
  type Relation,
  type Scope,
  unknownRelation,
} from './relation.js'
import { CONSTANT, elementOf, lengthOf, merged, type Value } from './value.js'

/** What FROM gives: names, rows, and what no two rows share. */
export interface From {
  readonly scope: Scope
  readonly rows: Value
  readonly keys: readonly Key[]
}

/** A FROM clause; subqueries see the names to their left and those of `outer`. */
export function evaluateFrom(node: SqlNode, context: Context, outer: Scope | undefined): From {
  switch (node['type']) {
    case 'EMPTY':
      return fromOf([], ONE_ROW, outer)
    case 'BASE_TABLE':
      return tableFrom(node, context, outer)
    case 'SUBQUERY': {
      const { query, ctes } = context
      return aliased(node, query((node['subquery'] as SqlNode)['node'] as SqlNode, ctes, outer), [], outer)
    }
    case 'EXPRESSION_LIST':
      return aliased(node, valuesRelation(node, context, outer), [], outer)
    case 'TABLE_FUNCTION':
      return aliased(node, functionRelation(node, context, outer), [], outer)
    case 'JOIN': {
      const left = evaluateFrom(node['left'] as SqlNode, context, outer)
      const right = evaluateFrom(node['right'] as SqlNode, context, left.scope)
      return joined(node, left, right, { context, outer })
    }
    default: {
      const what = textOf(node['type']).toLowerCase().replaceAll('_', ' ')
      return aliased(node, unknownRelation(`what ${what} gives is not understood`), [], outer)
    }
  }
}

function tableFrom(node: SqlNode, context: Context, outer: Scope | undefined): From {
  const [schema, table] = [textOf(node['schema_name']).toLowerCase(), textOf(node['table_name']).toLowerCase()]
  const cte = schema === '' ? context.ctes.get(table) : undefined
  if (cte !== undefined) return aliased(node, cte, [table], outer)
  const name = schema === '' ? table : `${schema}.${table}`
  return aliased(node, tableRelation(name, context), schema === '' ? [table] : [schema, table], outer)
}

function tableRelation(name: string, { facts }: Context): Relation {
  const found = facts.tables.get(name)
  if (found === undefined) return unknownRelation(`the columns of ${name} are not known`)
  const columns = found.columns.map(column => ({ name: column, value: { inputs: inputOf(name, column) } }))
  const keys = found.keys.map(key => columns.filter(column => key.includes(column.name)))
  return { columns, rows: { inputs: inputOf(name, ROWS) }, keys }
}

/** VALUES: each column is one of its rows' values. */
function valuesRelation(node: SqlNode, context: Context, outer: Scope | undefined): Relation {
  const site = { context, scope: { ...NO_NAMES, outer }, rows: CONSTANT, met: newMet() }
  const rows = (node['values'] as readonly (readonly SqlNode[])[]).map(row => row.map(value => evaluate(value, site)))
  const columns = (rows[0] ?? []).map((_, at) => ({ name: `col${at}`, value: merged(rows.map(row => row[at]!)) }))
  return { columns, rows: CONSTANT, keys: [] }
}

/** Table functions that models may use: `unnest`, `range` and `generate_series`. */
function functionRelation(node: SqlNode, context: Context, outer: Scope | undefined): Relation {
  const call = node['function'] as SqlNode
  const name = textOf(call['function_name']).toLowerCase()
  const site = { context, scope: { ...NO_NAMES, outer }, rows: CONSTANT, met: newMet() }
  const children = (call['children'] ?? []) as readonly SqlNode[]
  const values = children.map(child => evaluate(child, site))
  if (name !== 'unnest' && name !== 'range' && name !== 'generate_series')
    return unknownRelation(`what ${name} gives is not understood`)
  const list =
    name === 'unnest'
      ? (values[0] ?? CONSTANT)
      : scalarValue(
          name,
          values.map(value => ({ value })),
        )
  const element = elementOf(list)
  const isRecursive = children.some(child => textOf(child['alias']).toLowerCase() === 'recursive')
  const columns =
    isRecursive && element.fields !== undefined
      ? [...element.fields].map(([field, value]) => ({ name: field, value }))
      : [{ name, value: element }]
  const counted = node['with_ordinality'] === 'WITH_ORDINALITY' ? [{ name: 'ordinality', value: CONSTANT }] : []
  return {
    columns: [...columns, ...counted],
    rows: { inputs: through('FILTER', lengthOf(list)), unknown: list.unknown },
    keys: [],
  }
}

/** Gives a relation its names in FROM: an alias, other column names. */
function aliased(node: SqlNode, relation: Relation, path: readonly string[], outer: Scope | undefined): From {
  const alias = textOf(node['alias']).toLowerCase()
  const names = (node['column_name_alias'] ?? []) as readonly string[]
  return fromOf(alias === '' ? path : [alias], renamed(relation, names), outer)
}

/**
 * The same relation with its first columns called otherwise, and a second column of one name with `_1` behind it, as the engine has it.
 * Its columns are new ones: a table may stand in FROM twice.
 */
export function renamed(relation: Relation, names: readonly string[]): Relation {
  const taken = new Set<string>()
  const columns = relation.columns.map((column, at): Column => {
    const wanted = names[at] ?? column.name
    let name = wanted
    for (let n = 1; taken.has(name.toLowerCase()); n++) name = `${wanted}_${n}`
    taken.add(name.toLowerCase())
    return { name, value: column.value }
  })
  const other = new Map<Column, Column>(relation.columns.map((column, at) => [column, columns[at]!]))
  return { ...relation, columns, keys: relation.keys.map(key => key.map(column => other.get(column)!)) }
}

function fromOf(path: readonly string[], relation: Relation, outer: Scope | undefined): From {
  const { columns, unknown, rows, keys } = relation
  const sources = columns.length === 0 && unknown === undefined ? [] : [{ path, columns, unknown }]
  return { scope: { sources, shared: new Map(), outer }, rows: bothRows(rows, CONSTANT), keys }
}
