import { asofJoin } from './asof.mjs'
import { describe } from './ast.mjs'
import { quote } from './print-expression.mjs'
import { same } from './scope.mjs'
import { indent } from './text.mjs'

/**
 * The FROM of a SELECT: its `relations` in order, the names that USING made one, expressions of it whose types are wanted, and `print`, which
 * takes a printer of expressions. `subquery` prints a query. USING becomes ON, because Trino then knows such a column by one name only.
 */
export async function printFrom(table, given, subquery) {
  const relations = []
  const using = new Set()
  const conditions = []
  const print = await fromPart(table)
  return { relations, using, conditions, print }

  async function fromPart(part) {
    switch (part.type) {
      case 'EMPTY':
        return () => ''
      case 'BASE_TABLE':
        return basePart(part)
      case 'SUBQUERY':
        return subqueryPart(part)
      case 'TABLE_FUNCTION':
        return functionPart(part)
      case 'EXPRESSION_LIST':
        return valuesPart(part)
      case 'JOIN':
        return joinPart(part)
      default:
        throw new Error(`Trino has no rule for ${part.type} in FROM`)
    }
  }

  async function columnsOf(part) {
    const star = {
      class: 'STAR',
      type: 'STAR',
      alias: '',
      query_location: 0,
      relation_name: '',
      exclude_list: [],
      replace_list: [],
      columns: false,
      expr: null,
      unpacked: false,
      qualified_exclude_list: [],
      rename_list: [],
    }
    const found = await describe(given.engine, selectFrom(part, [star]))
    return found
  }

  async function add(part, alias) {
    const { names, types } = await columnsOf(part)
    if (relations.some(one => same(one.alias, alias))) throw new Error(`FROM has ${alias} twice`)
    relations.push({ alias, names, types })
    return names
  }

  async function basePart(part) {
    const alias = part.alias || part.table_name
    await add(part, alias)
    const name = [part.schema_name, part.table_name].filter(Boolean).map(quote).join('.')
    return () => (part.alias && part.alias !== part.table_name ? `${name} AS ${quote(part.alias)}` : name)
  }

  async function subqueryPart(part) {
    const sql = await subquery(part.subquery.node)
    const alias = part.alias || `part_${relations.length + 1}`
    const names = await add(part, alias)
    const renamed = part.column_name_alias?.length > 0 ? ` (${names.map(quote).join(', ')})` : ''
    return () => `(\n${indent(sql)}\n) AS ${quote(alias)}${renamed}`
  }

  async function functionPart(part) {
    const alias = part.alias || part.function.function_name
    const names = await add(part, alias)
    const call = part.function.function_name === 'unnest' ? part.function.children[0] : part.function
    conditions.push(call)
    return print => `UNNEST(${print(call)}) AS ${quote(alias)} (${names.map(quote).join(', ')})`
  }

  async function valuesPart(part) {
    const alias = part.alias || `values_${relations.length + 1}`
    const names = await add(part, alias)
    return print =>
      `(VALUES ${part.values.map(row => `(${row.map(value => print(value)).join(', ')})`).join(', ')}) AS ${quote(alias)} (${names.map(quote).join(', ')})`
  }

  async function joinPart(part) {
    const left = await fromPart(part.left)
    const known = relations.length
    const right = await fromPart(part.right)
    if (!['REGULAR', 'CROSS', 'ASOF'].includes(part.ref_type))
      throw new Error(`A ${part.ref_type} join has no rule for Trino`)
    if (part.ref_type === 'CROSS') return print => `${left(print)}\nCROSS JOIN ${right(print)}`
    if (!['INNER', 'LEFT'].includes(part.join_type)) throw new Error(`A ${part.join_type} join has no rule for Trino`)
    const pairs = (part.using_columns ?? []).map(name => {
      using.add(name.toLowerCase())
      const side = (list, where) =>
        list.find(one => one.names.some(own => same(own, name))) ?? fail(`USING ${name} is not ${where}`)
      const [a, b] = [side(relations.slice(0, known), 'left'), side(relations.slice(known), 'right')]
      return `${quote(a.alias)}.${quote(name)} = ${quote(b.alias)}.${quote(name)}`
    })
    if (part.condition) conditions.push(part.condition)
    const word = part.join_type === 'LEFT' ? 'LEFT JOIN' : 'JOIN'
    if (part.ref_type === 'ASOF') {
      if (pairs.length > 0 || relations.length !== known + 1)
        throw new Error('An ASOF join has a rule for Trino with ON and one table')
      const joined = asofJoin(part.condition, right, relations[known].alias, relations[known].names)
      return print => `${left(print)}\n${word} ${joined.right(print)} ON ${joined.on(print)}`
    }
    return print => {
      const on = [...pairs, ...(part.condition ? [print(part.condition, 3)] : [])].join(' AND ')
      return `${left(print)}\n${word} ${right(print)} ON ${on}`
    }
  }
}

const fail = message => {
  throw new Error(message)
}

const selectFrom = (table, list) => ({
  type: 'SELECT_NODE',
  modifiers: [],
  cte_map: { map: [] },
  select_list: list,
  from_table: table,
  where_clause: null,
  group_expressions: [],
  group_sets: [],
  aggregate_handling: 'STANDARD_HANDLING',
  having: null,
  sample: null,
  qualify: null,
})
