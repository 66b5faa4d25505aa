import { type SqlNode, textOf } from '../../contract/sql-tree.js'
import { asDecision } from './calls.js'
import { type Context, evaluate, type Met, newMet, ordersOf, type Site } from './expression.js'
import { evaluateFrom, type From } from './from.js'
import { type Inputs, NO_INPUTS, type Subtype, through, union } from './inputs.js'
import { allInputs } from './join.js'
import { bothRows, type Column, type Key, type Relation, resolve, type Scope } from './relation.js'
import { starOf } from './star.js'
import { CONSTANT, unknownValue, type Value } from './value.js'

/** A column of the SELECT list with what it was made by. */
interface Item {
  readonly column: Column
  /** The column of FROM that it is, when it is one. */
  readonly of?: Column | undefined
  /** Undefined for columns of `*`. */
  readonly node?: SqlNode | undefined
  readonly isAggregate: boolean
}

/** One SELECT without its CTEs. */
export function evaluateSelect(node: SqlNode, context: Context, outer: Scope | undefined): Relation {
  const from = evaluateFrom(node['from_table'] as SqlNode, context, outer)
  const aliases = new Map<string, Value>()
  const site: Site = { context, scope: { ...from.scope, aliases }, rows: from.rows, met: newMet() }
  const { items, lengths, unknown } = itemsOf(node, site, aliases)
  const grouping = groupsOf(node, items, site)
  const decisions = [
    deciding([node['where_clause']], 'FILTER', site),
    decisionOf(grouping.values, 'GROUP_BY'),
    decidingEither([node['having'], node['qualify']], 'FILTER', site, aliases),
    { inputs: through('FILTER', lengths ?? NO_INPUTS), unknown: undefined },
  ]
  const isGrouped = grouping.values.length > 0 || grouping.isForced || items.some(item => item.isAggregate)
  const given = isGrouped ? { ...from.rows, inputs: through('AGGREGATION', from.rows.inputs) } : from.rows
  const rows = decisions.reduce(bothRows, given)
  const keys = lengths !== undefined ? [] : keysOf(node, items, from, { grouping, isGrouped, site })
  const relation = { columns: items.map(({ column }) => column), rows, keys, unknown }
  return modified(node['modifiers'], relation, { ...site.scope, outer: site.scope.outer }, context)
}

/** The columns in order. Each one sees the aliases of those before it. */
function itemsOf(
  node: SqlNode,
  site: Site,
  aliases: Map<string, Value>,
): { items: Item[]; lengths: Inputs | undefined; unknown: string | undefined } {
  const items: Item[] = []
  let lengths: Inputs | undefined
  let unknown: string | undefined
  for (const part of node['select_list'] as readonly SqlNode[]) {
    const met: Met = newMet()
    const own = { ...site, met }
    if (part['class'] === 'STAR') {
      const star = starOf(part, own)
      items.push(...star.columns.map(({ column, of }) => ({ column, of, isAggregate: met.aggregate })))
      unknown ??= star.unknown
      continue
    }
    if (holdsStar(part)) {
      unknown ??= 'an expression of COLUMNS(…) or * is not understood'
      continue
    }
    const made = columnsOf(part, own, items.length)
    for (const { column, of } of made) {
      items.push({ column, of, node: part, isAggregate: met.aggregate })
      if (!aliases.has(column.name.toLowerCase())) aliases.set(column.name.toLowerCase(), column.value)
    }
    if (met.unnests) lengths = union(lengths ?? NO_INPUTS, met.lengths)
  }
  return { items, lengths, unknown }
}

interface Made {
  readonly column: Column
  readonly of?: Column | undefined
}

/** What one expression of the SELECT list gives: `unnest` of structs gives a column for each of their fields. */
function columnsOf(node: SqlNode, site: Site, at: number): Made[] {
  const alias = textOf(node['alias'])
  if (node['class'] === 'COLUMN_REF') {
    const names = node['column_names'] as string[]
    const { value, column } = resolve(names, site.scope)
    return [{ column: { name: alias || names.at(-1)!, value }, of: column }]
  }
  const value = evaluate(node, site)
  const isUnnest = /^(unnest|unlist)$/i.test(textOf(node['function_name']))
  if (isUnnest && value.fields !== undefined && spreads(node, site))
    return [...value.fields].map(([name, field]) => ({ column: { name, value: field } }))
  // Columns without a name are called by their text, which nobody writes: by their place they cannot be taken for others.
  return [{ column: { name: alias || `column ${at + 1}`, value } }]
}

/** `unnest(list, recursive := true)`, and `unnest` of a struct itself. */
function spreads(node: SqlNode, site: Site): boolean {
  const children = node['children'] as readonly SqlNode[]
  if (children.some(child => textOf(child['alias']).toLowerCase() === 'recursive')) return true
  return evaluate(children[0]!, { ...site, met: newMet() }).element === undefined
}

function holdsStar(node: unknown): boolean {
  return some(node, part => part['class'] === 'STAR')
}

/** Whether a node or one inside of it fits, subqueries aside. */
function some(node: unknown, fits: (node: SqlNode) => boolean): boolean {
  if (typeof node !== 'object' || node === null) return false
  if (Array.isArray(node)) return node.some(part => some(part, fits))
  const sqlNode = node as SqlNode
  if (sqlNode['class'] === 'SUBQUERY') return false
  return fits(sqlNode) || Object.values(sqlNode).some(part => some(part, fits))
}

function deciding(nodes: readonly unknown[], subtype: Subtype, site: Site): Value {
  const present = nodes.filter(node => node !== null && node !== undefined) as SqlNode[]
  return decisionOf(
    present.map(node => evaluate(node, site)),
    subtype,
  )
}

function decisionOf(values: readonly Value[], subtype: Subtype): Value {
  const [inputs, unknown] = asDecision(values, subtype)
  return { inputs, unknown }
}

/** HAVING and QUALIFY may mean a column or an alias of the same name: both count. */
function decidingEither(
  nodes: readonly unknown[],
  subtype: Subtype,
  site: Site,
  aliases: ReadonlyMap<string, Value>,
): Value {
  const first: Site = { ...site, scope: { sources: [], shared: new Map(), parameters: aliases, outer: site.scope } }
  const columns = deciding(nodes, subtype, site)
  const named = deciding(nodes, subtype, first)
  return { inputs: union(columns.inputs, named.inputs), unknown: columns.unknown && named.unknown }
}

interface Grouping {
  /** What rows are grouped by. */
  readonly values: readonly Value[]
  /** The columns of the SELECT list that they are; fewer where some are none. */
  readonly items: ReadonlySet<Item>
  /** GROUP BY ALL. */
  readonly isForced: boolean
}

/** What GROUP BY names: expressions, aliases, places in the SELECT list, or all that is no aggregate. */
function groupsOf(node: SqlNode, items: readonly Item[], site: Site): Grouping {
  const isForced = node['aggregate_handling'] === 'FORCE_AGGREGATES'
  const written = (node['group_expressions'] ?? []) as readonly SqlNode[]
  const plain = isForced ? items.filter(item => !item.isAggregate) : []
  const chosen = new Set<Item>(plain)
  const values = written.map(expression => {
    const place = placeOf(expression)
    const item = place === undefined ? itemOf(expression, items, site.scope) : items[place - 1]
    if (item !== undefined) chosen.add(item)
    return item?.column.value ?? evaluate(expression, site)
  })
  return { isForced, items: chosen, values: [...plain.map(({ column }) => column.value), ...values] }
}

function placeOf(node: SqlNode): number | undefined {
  const value = node['class'] === 'CONSTANT' ? (node['value'] as SqlNode)['value'] : undefined
  return typeof value === 'number' ? value : undefined
}

/** The column of the SELECT list that an expression of GROUP BY is. */
function itemOf(expression: SqlNode, items: readonly Item[], scope: Scope): Item | undefined {
  if (expression['class'] === 'COLUMN_REF') {
    const names = expression['column_names'] as string[]
    const { column } = resolve(names, scope)
    if (column !== undefined) return items.find(({ of }) => of === column)
    if (names.length === 1) return items.find(item => item.column.name.toLowerCase() === names[0]!.toLowerCase())
  }
  const text = plainText(expression)
  return items.find(({ node }) => node !== undefined && plainText(node) === text)
}

/** Two expressions that read the same have the same text, wherever they stand and whatever they are called. */
function plainText(node: SqlNode): string {
  const { alias: _alias, ...rest } = node
  return JSON.stringify(rest, (key, value) => (key === 'query_location' ? undefined : value))
}

interface Grouped {
  readonly grouping: Grouping
  readonly isGrouped: boolean
  readonly site: Site
}

/** Sets of the SELECT's columns of which no two rows share the values. */
function keysOf(node: SqlNode, items: readonly Item[], from: From, { grouping, isGrouped, site }: Grouped): Key[] {
  const isPlain = ((node['group_sets'] ?? []) as readonly unknown[]).length <= 1
  if (isGrouped) {
    const isWhole = isPlain && (grouping.isForced || grouping.items.size === grouping.values.length)
    return isWhole ? [[...grouping.items].map(({ column }) => column)] : []
  }
  const chosen = firstOf(node['qualify'], site)
  const keys = chosen === undefined ? from.keys : [...from.keys, chosen]
  return keys.flatMap(key => {
    const shown = key.map(column => items.find(({ of }) => of === column)?.column)
    return shown.every(column => column !== undefined) ? [shown] : []
  })
}

/** `QUALIFY row_number() OVER (PARTITION BY a, b …) = 1` leaves one row for each a and b. */
function firstOf(qualify: unknown, { scope }: Site): Key | undefined {
  const node = (qualify ?? undefined) as SqlNode | undefined
  if (node?.['type'] !== 'COMPARE_EQUAL') return undefined
  const [window, one] = [node['left'] as SqlNode, node['right'] as SqlNode]
  if (window['type'] !== 'WINDOW_ROW_NUMBER' || placeOf(one) !== 1) return undefined
  const columns = (window['partitions'] as SqlNode[]).map(part =>
    part['class'] === 'COLUMN_REF' ? resolve(part['column_names'] as string[], scope).column : undefined,
  )
  return columns.every(column => column !== undefined) ? columns : undefined
}

/** DISTINCT and LIMIT. An ORDER BY alone changes no table. */
export function modified(modifiers: unknown, relation: Relation, scope: Scope, context: Context): Relation {
  const all = (modifiers ?? []) as readonly SqlNode[]
  const own: ReadonlyMap<string, Value> = new Map(
    relation.columns.map(column => [column.name.toLowerCase(), column.value]),
  )
  const site: Site = { context, scope, rows: relation.rows, met: newMet() }
  const orders = all.filter(({ type }) => type === 'ORDER_MODIFIER').flatMap(order => ordersOf(order['orders']))
  let result = relation
  for (const modifier of all) result = modifiedBy(modifier, result)
  return result

  function modifiedBy(modifier: SqlNode, before: Relation): Relation {
    switch (modifier['type']) {
      case 'ORDER_MODIFIER':
        return before
      case 'DISTINCT_MODIFIER': {
        const targets = (modifier['distinct_on_targets'] ?? []) as readonly SqlNode[]
        if (targets.length === 0) return distinct(before)
        const decision = bothRows(ordering(targets, 'GROUP_BY'), ordering(orders, 'SORT'))
        return { ...before, rows: bothRows(before.rows, decision), keys: [] }
      }
      case 'LIMIT_MODIFIER':
      case 'LIMIT_PERCENT_MODIFIER': {
        const limits = deciding([modifier['limit'], modifier['offset']], 'FILTER', site)
        return { ...before, rows: bothRows(bothRows(before.rows, limits), ordering(orders, 'SORT')) }
      }
      default: {
        const why = `${textOf(modifier['type']).toLowerCase().replaceAll('_', ' ')} is not understood`
        return { ...before, rows: bothRows(before.rows, unknownValue(why)) }
      }
    }
  }

  /** Expressions over the columns of the result, by name, by place or by ALL, and over those of FROM. */
  function ordering(nodes: readonly SqlNode[], subtype: Subtype): Value {
    const values = nodes.map(node => {
      const place = placeOf(node)
      if (place !== undefined) return relation.columns[place - 1]?.value ?? CONSTANT
      if (node['class'] === 'STAR') return { inputs: allInputs(relation.columns) }
      return decidingEither([node], 'TRANSFORMATION', site, own)
    })
    return decisionOf(values, subtype)
  }
}

/** Each row once: all of its columns decide. */
export function distinct(relation: Relation): Relation {
  const decision: Value = {
    inputs: through('GROUP_BY', allInputs(relation.columns)),
    unknown: relation.columns.find(({ value }) => value.unknown !== undefined)?.value.unknown,
  }
  const keys = [...relation.keys, relation.columns]
  return { ...relation, rows: bothRows(relation.rows, decision), keys: relation.unknown === undefined ? keys : [] }
}
