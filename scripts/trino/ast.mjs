// DuckDB's own syntax tree, as json_serialize_sql gives it and json_deserialize_sql takes it.
import { parseType } from './types.mjs'

const MARK = '#number:'

/** A number that doubles cannot hold keeps its digits as marked text. */
export function parseTree(json) {
  return JSON.parse(
    json
      .replace(/"query_location":\d+/g, '"query_location":0')
      .replace(/("value":)(-?\d{16,})(?=[,}])/g, `$1"${MARK}$2"`),
  )
}

export function treeText(tree) {
  return JSON.stringify(tree)
    .replace(new RegExp(`"${MARK}(-?\\d+)"`, 'g'), '$1')
    .replace(/("id":"DOUBLE","type_info":null},"is_null":false,"value":-?\d+)(?=[,}])/g, '$1.0')
}

export const digitsOf = value => String(value).replace(MARK, '')

/** The one statement of some SQL as a tree. */
export async function parseSql(engine, sql) {
  const [row] = await engine.rows(`SELECT json_serialize_sql(${quoteText(sql)})::VARCHAR AS tree`)
  const tree = parseTree(row.tree)
  if (tree.error) throw new Error(`${tree.error_message}\n${sql.slice(0, 200)}`)
  return tree.statements[0].node
}

/** Names and types of what a query gives, by binding it. */
export async function describe(engine, node) {
  const tree = treeText({ error: false, statements: [{ node: faithful(node), named_param_map: [] }] })
  const [row] = await engine.rows(`SELECT json_deserialize_sql(${quoteText(tree)}::JSON) AS sql`)
  const sql = row.sql.replace(/;\s*$/, '')
  const columns = await engine.rows(`DESCRIBE SELECT * FROM (${sql})`)
  return { sql, names: columns.map(one => one.column_name), types: columns.map(one => parseType(one.column_type)) }
}

/**
 * A tree that DuckDB writes as SQL of the same meaning: it writes a cross join as a comma, which binds less tightly than the joins after it,
 * and the double 20 as 20.0, which is a decimal.
 */
function faithful(tree) {
  return mapTree(tree, node => {
    if (node.class === 'CONSTANT' && node.value.type.id === 'DOUBLE') return castOf(node, 'DOUBLE')
    if (node.type !== 'JOIN' || node.ref_type !== 'CROSS') return undefined
    return { ...node, ref_type: 'REGULAR', condition: TRUE, left: faithful(node.left), right: faithful(node.right) }
  })
}

export const quoteText = value => `'${value.replaceAll("'", "''")}'`

export const isNode = value => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy in which `change` has replaced nodes, the outermost first; undefined goes on into the node. */
export function mapTree(value, change) {
  if (Array.isArray(value)) return value.map(item => mapTree(item, change))
  if (!isNode(value)) return value
  const changed = change(value)
  if (changed !== undefined) return changed
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTree(inner, change)]))
}

/** Calls `see` with every node of an expression, outermost first; false stops there. Subqueries are scopes of their own. */
export function walk(value, see) {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, see)
    return
  }
  if (!isNode(value) || value.class === 'SUBQUERY') {
    if (isNode(value)) walk(value.child, see)
    return
  }
  if (value.class !== undefined && see(value) === false) return
  for (const inner of Object.values(value)) walk(inner, see)
}

/** Whether an expression or a part of it passes a test. */
export function holds(node, test) {
  let found = false
  walk(node, inner => {
    if (test(inner)) found = true
    return !found
  })
  return found
}

/** The same expression, wherever it stands in the text. */
export function printOf(node) {
  return JSON.stringify(node, (key, value) => (key === 'query_location' || key === 'alias' ? undefined : value))
}

export const column = (...names) => ({
  class: 'COLUMN_REF',
  type: 'COLUMN_REF',
  alias: '',
  query_location: 0,
  column_names: names,
})

export const text = value => ({
  class: 'CONSTANT',
  type: 'VALUE_CONSTANT',
  alias: '',
  query_location: 0,
  value: { type: { id: 'VARCHAR', type_info: null }, is_null: false, value },
})

export const field = (struct, name) => ({
  class: 'OPERATOR',
  type: 'STRUCT_EXTRACT',
  alias: '',
  query_location: 0,
  children: [struct, text(name)],
})

const castOf = (child, id) => ({
  class: 'CAST',
  type: 'OPERATOR_CAST',
  alias: child.alias,
  query_location: 0,
  child: { ...child, alias: '' },
  cast_type: { id, type_info: null },
  try_cast: false,
})

const TRUE = castOf(text('t'), 'BOOLEAN')
