import { digitsOf } from './ast.mjs'
import { lambdaParameters } from './expand.mjs'
import { printCall, printCast } from './functions.mjs'
import { doubleText } from './text.mjs'
import { isWhole, trinoType } from './types.mjs'

const RESERVED = new Set(
  `alter and as between by case cast constraint create cross cube current_catalog current_date current_path current_role
  current_schema current_time current_timestamp current_user deallocate delete describe distinct drop else end escape except
  execute exists extract false for from full group grouping having in inner insert intersect into is join json_array json_exists
  json_object json_query json_table json_value left like listagg localtime localtimestamp natural normalize not null on or order
  outer prepare recursive right rollup select skip table then trim true uescape union unnest using values when where with`.split(
    /\s+/,
  ),
)

export function quote(name) {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

const COMPARISONS = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'IS DISTINCT FROM',
  COMPARE_NOT_DISTINCT_FROM: 'IS NOT DISTINCT FROM',
}

/**
 * Prints expressions of one SELECT. `scope` knows its columns (`column`), the types of its expressions (`typeOf`), what was unnested
 * (`unnested`) and how to print a subquery (`subquery`). The result binds at least as tightly as `least`:
 * 1 OR, 2 AND, 3 NOT, 4 comparisons, 5 sums, 6 products, 7 signs, 9 what needs no parentheses.
 */
export function expressionPrinter(scope) {
  const lambdas = []

  function print(node, least = 0, expected = undefined) {
    const [sql, binding] = printed(node, expected)
    return binding < least ? `(${sql})` : sql
  }

  function printed(node, expected) {
    switch (node.class) {
      case 'CONSTANT':
        return constant(node.value)
      case 'COLUMN_REF':
        return [
          lambdas.some(names => names.includes(node.column_names[0].toLowerCase()))
            ? node.column_names.map(quote).join('.')
            : scope.column(node, print),
          9,
        ]
      case 'CONJUNCTION':
        return node.type === 'CONJUNCTION_OR'
          ? [node.children.map(child => print(child, 2)).join(' OR '), 1]
          : [node.children.map(child => print(child, 3)).join(' AND '), 2]
      case 'COMPARISON':
        return [`${print(node.left, 5)} ${COMPARISONS[node.type]} ${print(node.right, 5)}`, 4]
      case 'BETWEEN':
        return [`${print(node.input, 5)} BETWEEN ${print(node.lower, 5)} AND ${print(node.upper, 5)}`, 4]
      case 'CASE':
        return [caseOf(node, expected), 9]
      case 'CAST':
        return [printCast(node, callOf(node, [node.child], expected)), 9]
      case 'OPERATOR':
        return operator(node)
      case 'SUBQUERY':
        return subquery(node)
      case 'LAMBDA':
        return lambda(node)
      case 'WINDOW':
        return [printCall(node.function_name, callOf(node, node.children, expected)), 9]
      case 'FUNCTION':
        return node.is_operator
          ? arithmetic(node)
          : [printCall(node.function_name.toLowerCase(), callOf(node, node.children, expected)), binds(node)]
      default:
        throw new Error(`Trino has no rule for ${node.class} ${node.type}`)
    }
  }

  const binds = node => (['~~', '!~~'].includes(node.function_name) ? 4 : 9)

  function constant({ type, is_null, value }) {
    if (is_null) return ['NULL', 9]
    switch (type.id) {
      case 'VARCHAR':
        return [`'${value.replaceAll("'", "''")}'`, 9]
      case 'BOOLEAN':
        return [String(value), 9]
      case 'DOUBLE':
        return signed(Number(value).toExponential().replace('e+', 'e'))
      case 'DECIMAL':
        return signed(decimal(digitsOf(value), type.type_info.scale))
      default:
        return signed(digitsOf(value))
    }
  }

  function caseOf(node, expected) {
    const checks = node.case_checks.map(
      ({ when_expr, then_expr }) => `WHEN ${print(when_expr)} THEN ${print(then_expr, 0, expected)}`,
    )
    const { else_expr } = node
    const rest =
      else_expr.class === 'CONSTANT' && else_expr.value.is_null ? '' : ` ELSE ${print(else_expr, 0, expected)}`
    return `CASE ${checks.join(' ')}${rest} END`
  }

  function operator(node) {
    const [first, ...others] = node.children
    switch (node.type) {
      case 'OPERATOR_IS_NULL':
        return [`${print(first, 5)} IS NULL`, 4]
      case 'OPERATOR_IS_NOT_NULL':
        return [`${print(first, 5)} IS NOT NULL`, 4]
      case 'OPERATOR_NOT':
        return [`NOT ${print(first, 4)}`, 3]
      case 'OPERATOR_COALESCE':
        return [
          `coalesce(${node.children.map(child => print(child, 0, structural(scope.typeOf(node)))).join(', ')})`,
          9,
        ]
      case 'COMPARE_IN':
      case 'COMPARE_NOT_IN':
        return [
          `${print(first, 5)} ${node.type === 'COMPARE_IN' ? 'IN' : 'NOT IN'} (${others.map(child => print(child)).join(', ')})`,
          4,
        ]
      case 'STRUCT_EXTRACT':
        return [`${print(first, 9)}.${quote(others[0].value.value)}`, 9]
      case 'ARRAY_EXTRACT':
        return [`element_at(${print(first)}, ${print(others[0])})`, 9]
      case 'ARRAY_SLICE':
        return [sliceOf(first, others[0], others[1]), 9]
      default:
        throw new Error(`Trino has no rule for ${node.type}`)
    }
  }

  /** DuckDB cuts a slice off at the ends of the list; Trino refuses a start of 0 and a negative length. */
  function sliceOf(list, from, to) {
    const isLiteral = from.class === 'CONSTANT' && to.class === 'CONSTANT'
    if (isLiteral && from.value.value >= 1)
      return `slice(${print(list)}, ${from.value.value}, ${to.value.value - from.value.value + 1})`
    const place = node =>
      `CASE WHEN ${print(node, 5)} < 0 THEN cardinality(${print(list)}) + ${print(node, 6)} + 1 ELSE ${print(node)} END`
    const start = `greatest(${place(from)}, 1)`
    return `slice(${print(list)}, ${start}, greatest(${place(to)} - ${start} + 1, 0))`
  }

  function subquery(node) {
    const sql = `(\n${scope.subquery(node.subquery.node)}\n)`
    if (node.subquery_type === 'SCALAR') return [sql, 9]
    if (node.subquery_type === 'EXISTS') return [`EXISTS ${sql}`, 4]
    if (node.subquery_type === 'NOT_EXISTS') return [`NOT EXISTS ${sql}`, 3]
    if (node.subquery_type === 'ANY' && node.comparison_type === 'COMPARE_EQUAL')
      return [`${print(node.child, 5)} IN ${sql}`, 4]
    throw new Error(`Trino has no rule for a subquery ${node.subquery_type} ${node.comparison_type}`)
  }

  function lambda(node) {
    const names = lambdaParameters(node)
    lambdas.push(names)
    const body = print(node.expr)
    lambdas.pop()
    return [`${names.length === 1 ? quote(names[0]) : `(${names.map(quote).join(', ')})`} -> ${body}`, 0]
  }

  function arithmetic(node) {
    const { function_name: name, children } = node
    if (children.length === 1) return name === '-' ? [`-${print(children[0], 8)}`, 7] : printed(children[0])
    const [left, right] = children
    if (name === '/') return [`${asDouble(left, 6)} / ${asDouble(right, 7)}`, 6]
    if (name === '//') return [`${whole(left, 6)} / ${divisor(right)}`, 6]
    if (name === '%') return exact(node, `${print(left, 6)} % ${divisor(right)}`, 6)
    if (name === '*') return exact(node, `${print(left, 6)} ${name} ${print(right, 7)}`, 6)
    if (name === '||') return [`${asText(left, 5)} || ${asText(right, 6)}`, 5]
    if (name === '^' || name === '**') return [`pow(${print(left)}, ${print(right)})`, 9]
    if (name === '+' || name === '-') return sum(node, name, left, right)
    return [printCall(name, callOf(node, children)), binds(node)]
  }

  function sum(node, name, left, right) {
    const [a, b] = [scope.typeOf(left)?.id, scope.typeOf(right)?.id]
    const isDate = id => id === 'DATE'
    if (isDate(a) && isDate(b) && name === '-') return [`date_diff('day', ${print(right)}, ${print(left)})`, 9]
    if (isDate(a) && isWhole(scope.typeOf(right)))
      return [`date_add('day', ${name === '-' ? `-${print(right, 8)}` : print(right)}, ${print(left)})`, 9]
    if (isDate(b) && isWhole(scope.typeOf(left))) return [`date_add('day', ${print(left)}, ${print(right)})`, 9]
    if (a === 'TIMESTAMP_TZ' && b === 'INTERVAL') return [moved(left, name, right), 9]
    if (a === 'INTERVAL' || b === 'INTERVAL') throw new Error('An interval has rules for Trino beside TIMESTAMPTZ only')
    if (a?.startsWith('TIMESTAMP') && b?.startsWith('TIMESTAMP'))
      throw new Error('The difference of two times has no rule for Trino')
    return exact(node, `${print(left, 5)} ${name} ${print(right, 6)}`, 5)
  }

  /** Trino's intervals have milliseconds. In UTC, as models run, a day has 24 hours. */
  function moved(time, sign, interval) {
    const unit = {
      to_days: 86_400e6,
      to_hours: 3600e6,
      to_minutes: 60e6,
      to_seconds: 1e6,
      to_milliseconds: 1000,
      to_microseconds: 1,
    }[interval.function_name]
    if (unit === undefined)
      throw new Error('An interval has a rule for Trino where it is a number of one unit, at most days')
    const micros = `CAST(round(to_unixtime(${print(time)}) * 1e6) AS bigint)`
    const count = print(countOf(interval.children[0]), 6)
    return `CAST(from_unixtime_nanos((${micros} ${sign} ${unit} * ${count}) * 1000) AS timestamp(6) with time zone)`
  }

  /** What DuckDB's parser makes of the number in `INTERVAL 3 DAY`: casts to DOUBLE, cut off, and back. */
  function countOf(node) {
    if (node.class === 'CAST') return countOf(node.child)
    if (node.class === 'FUNCTION' && node.function_name === 'trunc') return countOf(node.children[0])
    if (node.class !== 'CONSTANT' && !isWhole(scope.typeOf(node)))
      throw new Error('An interval of a fraction has no rule for Trino')
    return node
  }

  /** Decimals keep the scale that DuckDB gives them; other numbers need nothing. */
  function exact(node, sql, binding) {
    const type = scope.typeOf(node)
    const constants = node.children.every(child => child.class === 'CONSTANT')
    return type?.id === 'DECIMAL' && !constants ? [`CAST(${sql} AS ${trinoType(type, quote)})`, 9] : [sql, binding]
  }

  /** DuckDB's `/` gives a double whatever it divides. */
  function asDouble(node, least) {
    if (scope.typeOf(node)?.id === 'DOUBLE') return print(node, least)
    if (node.class === 'CONSTANT' && ['INTEGER', 'BIGINT', 'DECIMAL'].includes(node.value.type.id))
      return `${print(node, least)}e0`
    return `CAST(${print(node)} AS double)`
  }

  /** What DuckDB divides by 0 is NULL. */
  function divisor(node) {
    const sql = whole(node, 7)
    return node.class === 'CONSTANT' && node.value.value !== 0 ? sql : `nullif(${sql}, 0)`
  }

  function whole(node, least) {
    if (node.class !== 'CONSTANT' && !isWhole(scope.typeOf(node)))
      throw new Error('`//` and `%` of other numbers than whole ones have no rule for Trino')
    return print(node, least)
  }

  function asText(node, least) {
    const type = scope.typeOf(node)
    if (type?.id === 'VARCHAR' || type?.id === 'LIST') return print(node, least)
    const digits = node.class === 'CAST' && node.child.class === 'CONSTANT' ? print(node.child) : ''
    if (type?.id === 'DOUBLE' && /^\d+\.\d*[1-9]$/.test(digits)) return `'${digits}'`
    if (type?.id === 'DOUBLE') return doubleText(print(node))
    if (type?.id === 'FLOAT') throw new Error('FLOAT is written in another way by Trino')
    if (type === undefined) throw new Error('A value of unknown type has no rule as text for Trino')
    return `CAST(${print(node)} AS varchar)`
  }

  function callOf(node, args, expected) {
    return {
      args,
      expected,
      quote,
      print: (at, least = 0) => print(args[at], least),
      printNode: print,
      typeOf: scope.typeOf,
      type: () => scope.typeOf(node),
      unnested: () => scope.unnested(node),
      refuse: reason => {
        throw new Error(`\`${node.function_name ?? node.type}\` ${reason}`)
      },
      aggregate: (name, printedArgs, condition) => aggregate(node, name, printedArgs, condition),
    }
  }

  function aggregate(node, name, args, condition) {
    if (node.class === 'WINDOW') return windowOf(node, name, args, condition)
    const filters = [node.filter ? print(node.filter, 3) : undefined, condition].filter(Boolean)
    const orders = ordersOf(node.order_bys?.orders ?? [])
    const inner = `${node.distinct ? 'DISTINCT ' : ''}${args.length === 0 && name === 'count' ? '*' : args.join(', ')}${orders && ` ORDER BY ${orders}`}`
    return `${name}(${inner})${filters.length > 0 ? ` FILTER (WHERE ${filters.join(' AND ')})` : ''}`
  }

  /** Trino's windows know no FILTER: what it leaves out is NULL to the aggregate instead. */
  function windowOf(node, name, args, condition) {
    if (node.distinct || node.arg_orders?.length > 0)
      throw new Error(`\`${name}\` over a window with DISTINCT or ORDER BY has no rule for Trino`)
    const filters = [node.filter_expr ? print(node.filter_expr, 3) : undefined, condition].filter(Boolean).join(' AND ')
    const [first = '1', ...others] = args
    const kept = filters === '' ? args : [`CASE WHEN ${filters} THEN ${first} END`, ...others]
    const all = [...kept, ...[node.offset_expr, node.default_expr].filter(Boolean).map(child => print(child))]
    const inner = all.length === 0 && name === 'count' ? '*' : all.join(', ')
    return `${name}(${inner})${node.ignore_nulls ? ' IGNORE NULLS' : ''} OVER (${windowSql(node)})`
  }

  function windowSql(node) {
    const parts = []
    if (node.partitions.length > 0) parts.push(`PARTITION BY ${node.partitions.map(child => print(child)).join(', ')}`)
    if (node.orders.length > 0) parts.push(`ORDER BY ${ordersOf(node.orders)}`)
    const standard = node.start === 'UNBOUNDED_PRECEDING' && node.end === 'CURRENT_ROW_RANGE'
    if (!standard) parts.push(frameOf(node))
    if (node.exclude_clause !== 'NO_OTHER') throw new Error('EXCLUDE in a window has no rule for Trino')
    return parts.join(' ')
  }

  function frameOf(node) {
    const unit = [node.start, node.end].map(bound => /_(ROWS|RANGE|GROUPS)$/.exec(bound)?.[1]).find(Boolean) ?? 'ROWS'
    const bound = (name, expression) => {
      const [, words] = /^(?:EXPR_)?(.*?)(?:_(?:ROWS|RANGE|GROUPS))?$/.exec(name)
      return `${expression === null ? '' : `${print(expression, 9)} `}${words.replaceAll('_', ' ')}`
    }
    return `${unit} BETWEEN ${bound(node.start, node.start_expr)} AND ${bound(node.end, node.end_expr)}`
  }

  function ordersOf(orders) {
    return orders
      .map(({ type, null_order, expression }) => {
        const nulls = null_order === 'ORDER_DEFAULT' ? '' : ` ${null_order}`
        return `${print(expression)}${type === 'DESCENDING' ? ' DESC' : ''}${nulls}`
      })
      .join(', ')
  }

  return { print, ordersOf }
}

const structural = type => (type?.id === 'STRUCT' || type?.id === 'LIST' ? type : undefined)
const signed = digits => [digits, digits.startsWith('-') ? 7 : 9]

function decimal(digits, scale) {
  if (scale === 0) return digits
  const sign = digits.startsWith('-') ? '-' : ''
  const padded = digits.replace('-', '').padStart(scale + 1, '0')
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}
