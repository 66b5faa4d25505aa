import { column, describe, holds, printOf } from './ast.mjs'
import { expressionPrinter, quote } from './print-expression.mjs'
import { printFrom } from './print-from.mjs'
import { columnScope, inlineAliases, same } from './scope.mjs'
import { indent } from './text.mjs'
import { typesOf } from './typed.mjs'
import { isComputed, printItem, unnestLater, unnestSql, unnestsOf } from './unnest.mjs'

/**
 * Prints a query for Trino. `given` has a `engine` on which every table that the query reads is there, `aggregates`, the names of
 * DuckDB's aggregate functions, and `created`, to which the names of the tables go that stand for CTEs.
 */
export async function printQuery(node, given, outer) {
  const ctes = []
  for (const { key, value } of node.cte_map?.map ?? []) {
    const inner = value.query.node
    const sql = await printQuery(inner, { ...given, unnamed: false })
    const { sql: ours } = await describe(given.engine, withoutCtes(inner))
    await given.engine.run(`CREATE OR REPLACE TEMP TABLE "${key}" AS SELECT * FROM (${ours}) LIMIT 0`)
    given.created.push(key)
    ctes.push(`${quote(key)} AS (\n${indent(sql)}\n)`)
  }
  const body = await printBody(withoutCtes(node), given, outer)
  return ctes.length === 0 ? body : `WITH ${ctes.join(',\n')}\n${body}`
}

const withoutCtes = node => ({ ...node, cte_map: { map: [] } })

async function printBody(node, given, outer) {
  if (node.type === 'SET_OPERATION_NODE') return `${await printSet(node, given, outer)}${modifiersSql(node)}`
  if (node.type !== 'SELECT_NODE') throw new Error(`Trino has no rule for ${node.type}`)
  return printSelect(node, given, outer)
}

/** All of a chain of UNION ALL as one list: how its parts are nested makes no difference. The first side names the columns. */
async function printSet(node, given, outer) {
  const word = `${node.setop_type}${node.setop_all ? ' ALL' : ''}`
  const printed = []
  for (const [at, side] of sidesOf(node).entries()) {
    const sql = await printQuery(side, { ...given, unnamed: at > 0 }, outer)
    const isPlain = side.type === 'SELECT_NODE' && (side.modifiers ?? []).every(one => one.type === 'DISTINCT_MODIFIER')
    printed.push(isPlain ? sql : `(\n${indent(sql)}\n)`)
  }
  return printed.join(`\n${word}\n`)
}

function sidesOf(node) {
  const isSame = side =>
    side.type === node.type &&
    side.setop_type === node.setop_type &&
    side.setop_all &&
    node.setop_all &&
    (side.modifiers ?? []).length === 0 &&
    (side.cte_map?.map ?? []).length === 0
  return (node.children ?? [node.left, node.right]).flatMap(side => (isSame(side) ? sidesOf(side) : [side]))
}

async function printSelect(node, given, outer) {
  if (node.sample || node.group_sets.length > 1) throw new Error('Samples and several groupings have no rule for Trino')
  const { names } = await describe(given.engine, node)
  const inside = { ...given, unnamed: false }
  const from = await printFrom(node.from_table, inside, inner => printQuery(inner, inside, outer))
  const unnests = unnestsOf(node.select_list, names)
  const scope = columnScope(
    from.relations.map(relation => ({ ...relation, qualify: unnests.size > 0 })),
    from.using,
    outer,
  )
  const items = starItems(node.select_list, scope)
  const aliases = new Map(items.filter(item => item.node.alias).map(item => [item.node.alias.toLowerCase(), item.node]))
  const inline = tree => inlineAliases(tree, scope, aliases)
  const own = items.map(item => inline(item.node))
  const [where, having, qualify] = [inline(node.where_clause), inline(node.having), inline(node.qualify)]
  const groups = inline(node.group_expressions).map(group => ordinalOf(group, own))
  const conditions = from.conditions
  const types = await typesOf(
    given.engine,
    node,
    [own, where, having, qualify, groups, conditions, [...unnests.values()].map(one => one.list)].filter(Boolean),
    given.aggregates,
  )
  const subqueries = await printSubqueries([own, where, having, qualify, conditions], inside, scope)
  const printer = expressionPrinter({
    typeOf: tree => types.get(printOf(tree)),
    unnested: tree => unnests.get(printOf(tree)).column,
    subquery: tree => indent(subqueries.get(printOf(tree))),
    column: tree => {
      const found = scope.resolve(tree.column_names)
      if (found === undefined) throw new Error(`No column ${tree.column_names.join('.')} in ${names.join(', ')}`)
      return found
    },
  })
  const { print } = printer
  const printedItems = own.flatMap(item => printItem(item, unnests, print))
  if (printedItems.length !== names.length)
    throw new Error(`${printedItems.length} items for ${names.length} columns: ${names.join(', ')}`)
  const isUnnamed = given.unnamed && !qualify
  const listed = printedItems.map((sql, at) =>
    isUnnamed || endsAs(sql, names[at]) ? sql : `${sql} AS ${quote(names[at])}`,
  )
  const isDistinct = (node.modifiers ?? []).some(one => one.type === 'DISTINCT_MODIFIER')
  const select = columns => `SELECT${isDistinct ? ' DISTINCT' : ''}\n${indent(columns.join(',\n'))}`
  const isLater = unnests.size > 0 && isComputed([own, having, qualify], node, inner => isAggregateCall(inner, given))
  const fromSql = [from.print(print), ...(isLater ? [] : unnestSql(unnests, print))].filter(Boolean)
  const rest = [
    fromSql.length > 0 ? `FROM ${fromSql.join('\nCROSS JOIN ')}` : '',
    where ? `WHERE ${print(where)}` : '',
    groupSql(node, groups, own, given, print),
    having ? `HAVING ${print(having)}` : '',
  ].filter(Boolean)
  const order = modifiersSql(node, printer, inline, names)
  if (isLater) return unnestLater({ own, names, unnests, rest, qualify }, select, print) + order
  if (!qualify) return [select(listed), ...rest].join('\n') + order
  return `${select(names.map(quote))}\n${filtered([...listed, `${print(qualify)} AS _qualified`], rest)}${order}`
}

/** QUALIFY as a column of a subquery. */
const filtered = (listed, rest) =>
  `FROM (\n${indent([`SELECT\n${indent(listed.join(',\n'))}`, ...rest].join('\n'))}\n)\nWHERE _qualified`

const endsAs = (sql, name) =>
  sql === quote(name) || (/^[a-z_][\w]*(\.[a-z_][\w]*)$/.test(sql) && sql.endsWith(`.${name}`))

function ordinalOf(group, items) {
  return group.class === 'CONSTANT' ? items[group.value.value - 1] : group
}

function groupSql(node, groups, items, given, print) {
  const isAggregate = tree => holds(tree, inner => isAggregateCall(inner, given))
  const all = node.aggregate_handling === 'FORCE_AGGREGATES' ? items.filter(item => !isAggregate(item)) : groups
  return all.length === 0 ? '' : `GROUP BY ${all.map(group => print({ ...group, alias: '' })).join(', ')}`
}

const isAggregateCall = (node, given) =>
  node.class === 'FUNCTION' && given.aggregates.has(node.function_name.toLowerCase())

function modifiersSql(node, printer, inline, names) {
  let sql = ''
  for (const modifier of node.modifiers ?? []) {
    if (modifier.type === 'DISTINCT_MODIFIER') {
      if (modifier.distinct_on_targets?.length > 0) throw new Error('DISTINCT ON has no rule for Trino')
    } else if (modifier.type === 'ORDER_MODIFIER') {
      const plain = expressionPrinter({
        column: tree => tree.column_names.map(quote).join('.'),
        typeOf: () => undefined,
      })
      const isOutput = tree =>
        tree.class === 'CONSTANT' ||
        names === undefined ||
        (tree.class === 'COLUMN_REF' && names.some(name => same(name, tree.column_names[0])))
      const printed = modifier.orders.map(order => {
        if (order.expression.class === 'STAR') throw new Error('ORDER BY ALL has no rule for Trino')
        return isOutput(order.expression)
          ? plain.ordersOf([order])
          : printer.ordersOf([{ ...order, expression: inline(order.expression) }])
      })
      sql += `\nORDER BY ${printed.join(', ')}`
    } else if (modifier.type === 'LIMIT_MODIFIER') {
      const plain = expressionPrinter({ column: () => '', typeOf: () => undefined })
      if (modifier.offset) sql += `\nOFFSET ${plain.print(modifier.offset)}`
      if (modifier.limit) sql += `\nLIMIT ${plain.print(modifier.limit)}`
    } else throw new Error(`Trino has no rule for ${modifier.type}`)
  }
  return sql
}

/** Stars as the columns that they stand for; everything else as it is. */
function starItems(list, scope) {
  return list.flatMap(item => {
    if (item.class !== 'STAR') return [{ node: item }]
    if (item.columns || item.rename_list?.length > 0) throw new Error('COLUMNS and RENAME have no rule for Trino')
    const excluded = (item.exclude_list ?? []).map(nameOf)
    const replaced = new Map(
      (item.replace_list ?? []).map(entry => [nameOf(entry.key ?? entry.first), entry.value ?? entry.second]),
    )
    const relations = item.relation_name
      ? scope.relations.filter(one => same(one.alias, item.relation_name))
      : scope.relations
    const seen = new Set()
    return relations.flatMap(relation =>
      relation.names.flatMap(name => {
        const key = name.toLowerCase()
        if (excluded.includes(key)) return []
        if (!item.relation_name && scope.using.has(key)) {
          if (seen.has(key)) return []
          seen.add(key)
        }
        const replacement = replaced.get(key)
        return [{ node: { ...(replacement ?? column(relation.alias, name)), alias: name } }]
      }),
    )
  })
}

function nameOf(entry) {
  const name = typeof entry === 'string' ? entry : (entry.column ?? entry.name ?? entry.column_names?.at(-1))
  return name.toLowerCase()
}

async function printSubqueries(trees, given, scope) {
  const found = []
  const look = value => {
    if (Array.isArray(value)) value.forEach(look)
    else if (value !== null && typeof value === 'object') {
      if (value.class === 'SUBQUERY') found.push(value.subquery.node)
      for (const [key, inner] of Object.entries(value)) if (key !== 'subquery') look(inner)
    }
  }
  look(trees)
  const printed = new Map()
  for (const node of found) printed.set(printOf(node), await printQuery(node, given, scope))
  return printed
}
