import { field, isNode, mapTree, parseSql } from './ast.mjs'

const HEADER = /^CREATE\s+OR\s+REPLACE\s+MACRO\s+[a-z_][a-z0-9_]*\s*\(([^()]*)\)\s+AS\s+/i

/** Formulas that are written for DuckDB's memory, and what they mean. */
const MEANINGS = { ordered_list: 'list(x ORDER BY k)' }

/** The macros' bodies as trees, by name. `macros` are those of loadMacros. */
export async function macroTrees(engine, macros) {
  if (macros.length === 0) return new Map()
  const bodies = await parseSql(
    engine,
    `SELECT ${macros.map(({ name, sql }) => `(${MEANINGS[name] ?? sql}\n)`).join(', ')}`,
  )
  return new Map(
    macros.map(({ name, statement }, at) => {
      const [, parameters] = HEADER.exec(statement)
      const names = parameters.split(',').map(part => part.trim().toLowerCase())
      return [name, { parameters: names.filter(Boolean), body: bodies.select_list[at] }]
    }),
  )
}

/** A tree in which every call of a macro is its body. */
export function expandMacros(tree, macros) {
  return mapTree(tree, node => {
    if (node.class !== 'FUNCTION' || node.is_operator) return undefined
    const macro = macros.get(node.function_name.toLowerCase())
    if (macro === undefined) return undefined
    const given = node.children.map(child => expandMacros(child, macros))
    if (given.length !== macro.parameters.length)
      throw new Error(`${node.function_name} takes ${macro.parameters.length} values`)
    const values = new Map(macro.parameters.map((name, at) => [name, given[at]]))
    return { ...expandMacros(fill(macro.body, values), macros), alias: node.alias }
  })
}

function fill(body, values) {
  return mapTree(body, node => {
    if (node.class === 'LAMBDA') {
      const own = lambdaParameters(node)
      const outer = new Map([...values].filter(([name]) => !own.includes(name)))
      return { ...node, expr: fill(node.expr, outer) }
    }
    if (node.class !== 'COLUMN_REF') return undefined
    const [name, ...fields] = node.column_names
    const value = values.get(name.toLowerCase())
    if (value === undefined) return undefined
    return fields.reduce(field, { ...value, alias: node.alias })
  })
}

export function lambdaParameters({ lhs }) {
  const sides = isNode(lhs) && lhs.class === 'COLUMN_REF' ? [lhs] : (lhs.children ?? [])
  return sides.map(side => side.column_names[0].toLowerCase())
}
