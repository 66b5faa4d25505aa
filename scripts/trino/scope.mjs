import { field, isNode } from './ast.mjs'
import { quote } from './print-expression.mjs'

/**
 * The columns that a SELECT sees. `relations` are {alias, names}; of columns that USING made one, the leftmost stands for all.
 * Names are qualified wherever there is more than one relation. `aliases` are the SELECT's own expressions by name.
 */
export function columnScope(relations, using, outer) {
  const owners = name => relations.filter(relation => relation.names.some(own => same(own, name)))

  function ownerOf(name) {
    const found = owners(name)
    if (found.length > 1 && !using.has(name.toLowerCase()))
      throw new Error(`The column ${name} is in ${found.map(one => one.alias).join(', ')}`)
    return found[0]
  }

  function relationOf(alias) {
    return relations.find(relation => same(relation.alias, alias))
  }

  /** The column as Trino names it, or undefined when no relation has it. */
  function resolve([first, ...others]) {
    const relation = relationOf(first)
    if (relation !== undefined && others.length > 0 && relation.names.some(own => same(own, others[0]))) {
      return qualified(relation, others[0], others.slice(1))
    }
    const owner = ownerOf(first)
    if (owner !== undefined) return qualified(owner, first, others)
    return outer?.resolve([first, ...others])
  }

  function qualified(relation, name, fields) {
    const path = [...(relations.length > 1 || relation.qualify ? [relation.alias] : []), name, ...fields]
    return path.map(quote).join('.')
  }

  return { resolve, relations, using }
}

/** Every node of an expression that is a name of the SELECT's own list and of no relation, in place: DuckDB lets later items use earlier ones. */
export function inlineAliases(node, scope, aliases, busy = new Set()) {
  if (Array.isArray(node)) return node.map(item => inlineAliases(item, scope, aliases, busy))
  if (!isNode(node) || node.class === 'SUBQUERY' || node.class === 'LAMBDA') return node
  if (node.class === 'COLUMN_REF') {
    const [first, ...fields] = node.column_names
    const own = aliases.get(first.toLowerCase())
    if (own === undefined || busy.has(first) || scope.resolve(node.column_names) !== undefined) return node
    const inlined = inlineAliases(own, scope, aliases, new Set([...busy, first]))
    return fields.reduce(field, { ...inlined, alias: node.alias })
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, inlineAliases(value, scope, aliases, busy)]),
  )
}

export const same = (a, b) => a.toLowerCase() === b.toLowerCase()
