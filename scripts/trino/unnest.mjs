import { holds, printOf, walk } from './ast.mjs'
import { quote } from './print-expression.mjs'
import { indent } from './text.mjs'

/** The `unnest` of a select list, which Trino has in FROM: what each reads, and the column that holds one element. */
export function unnestsOf(list, names) {
  const found = new Map()
  walk(list, node => {
    if (node.class !== 'FUNCTION' || node.function_name !== 'unnest') return true
    const key = printOf(node)
    if (!found.has(key)) {
      const name = node.alias || `element_${found.size + 1}`
      found.set(key, {
        list: node.children[0],
        recursive: node.children.length > 1,
        name,
        column: `unnested.${quote(name)}`,
        names,
      })
    }
    return false
  })
  return found
}

/** Lists of one SELECT are unnested side by side, as DuckDB does. A struct is wrapped, or its fields would be columns. */
export function unnestSql(unnests, print) {
  if (unnests.size === 0) return []
  const all = [...unnests.values()]
  const lists = all.map(one => unnestedList(one, print))
  const columns = all.flatMap(one => (one.recursive ? fieldsOf(one) : [one.name]))
  return [`UNNEST(${lists.join(', ')}) AS unnested (${columns.map(quote).join(', ')})`]
}

function unnestedList({ list, recursive }, print) {
  const isStruct = list.function_name === 'list_value' && list.children[0]?.function_name === 'struct_pack'
  return isStruct && !recursive ? `transform(${print(list)}, s -> ROW(s))` : print(list)
}

const fieldsOf = ({ list }) => list.children[0].children.map(child => child.alias)

export function printItem(item, unnests, print) {
  const found = item.class === 'FUNCTION' && item.function_name === 'unnest' ? unnests.get(printOf(item)) : undefined
  if (found?.recursive) return fieldsOf(found).map(name => `unnested.${quote(name)}`)
  return [print(item)]
}

/** Whether a SELECT groups or has windows: what it unnests beside them is unnested after them, of each row of theirs. */
export function isComputed(trees, node, isAggregate) {
  if (node.group_expressions.length > 0 || node.aggregate_handling === 'FORCE_AGGREGATES') return true
  return holds(trees, inner => inner.class === 'WINDOW' || isAggregate(inner))
}

export function unnestLater({ own, names, unnests, rest, qualify }, select, print) {
  if (qualify) throw new Error('unnest beside QUALIFY has no rule for Trino')
  const isUnnest = item => item.class === 'FUNCTION' && item.function_name === 'unnest'
  if (own.some(item => !isUnnest(item) && holds(item, isUnnest)))
    throw new Error('unnest within an expression beside groups or windows has no rule for Trino')
  const plain = own.flatMap((item, at) => (isUnnest(item) ? [] : [`${print(item)} AS ${quote(names[at])}`]))
  const all = [...unnests.values()]
  if (all.some(one => one.recursive)) throw new Error('recursive unnest beside groups or windows has no rule for Trino')
  const lists = all.map((one, at) => `${unnestedList(one, print)} AS _list_${at + 1}`)
  const outer = own.map((item, at) =>
    isUnnest(item) ? `${unnests.get(printOf(item)).column} AS ${quote(names[at])}` : `computed.${quote(names[at])}`,
  )
  const inner = [`SELECT\n${indent([...plain, ...lists].join(',\n'))}`, ...rest].join('\n')
  const columns = all.map(one => quote(one.name)).join(', ')
  return `${select(outer)}\nFROM (\n${indent(inner)}\n) AS computed\nCROSS JOIN UNNEST(${all.map((_, at) => `computed._list_${at + 1}`).join(', ')}) AS unnested (${columns})`
}
