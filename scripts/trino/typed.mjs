import { describe, holds, printOf, walk } from './ast.mjs'

const TYPED = new Set(['COLUMN_REF', 'FUNCTION', 'OPERATOR', 'CAST', 'CASE', 'CONSTANT', 'WINDOW'])

/**
 * The types that DuckDB gives the expressions of a SELECT and all parts of them, by `printOf`. DuckDB binds them over the SELECT's own FROM;
 * what holds an aggregate is bound with its GROUP BY. Parts that DuckDB cannot bind alone are left out.
 */
export async function typesOf(engine, select, expressions, aggregates) {
  const parts = new Map()
  walk(expressions, node => {
    if (node.class === 'LAMBDA') return false
    if (TYPED.has(node.class) && !isRecursiveUnnest(node)) parts.set(printOf(node), { ...node, alias: '' })
    return true
  })
  const isGrouped = node =>
    holds(node, inner => inner.class === 'FUNCTION' && aggregates.has(inner.function_name.toLowerCase()))
  const all = [...parts].map(([key, node]) => ({ key, node }))
  const types = new Map()
  const plain = { ...select, group_expressions: [], group_sets: [], aggregate_handling: 'STANDARD_HANDLING' }
  await bind(
    engine,
    plain,
    all.filter(({ node }) => !isGrouped(node)),
    types,
  )
  await bind(
    engine,
    select,
    all.filter(({ node }) => isGrouped(node)),
    types,
  )
  return types
}

async function bind(engine, select, parts, types) {
  if (parts.length === 0) return
  const list = parts.map(({ node }) => node)
  const query = {
    ...select,
    select_list: list,
    cte_map: { map: [] },
    modifiers: [],
    where_clause: null,
    having: null,
    qualify: null,
  }
  try {
    const found = await describe(engine, query)
    if (found.types.length !== parts.length) throw new Error('an expression of several columns')
    for (const [at, { key }] of parts.entries()) types.set(key, found.types[at])
  } catch {
    if (parts.length === 1) return
    const middle = parts.length >> 1
    await bind(engine, select, parts.slice(0, middle), types)
    await bind(engine, select, parts.slice(middle), types)
  }
}

const isRecursiveUnnest = node =>
  node.class === 'FUNCTION' && node.function_name === 'unnest' && node.children.length > 1
