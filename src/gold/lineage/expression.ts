import { type SqlNode, textOf } from '../../contract/sql-tree.js'
import {
  type Argument,
  aggregateValue,
  asDecision,
  filteredList,
  otherRowValue,
  scalarValue,
  transformedList,
} from './calls.js'
import type { SqlFacts } from './facts.js'
import { directRows, type Inputs, NO_INPUTS, through, union } from './inputs.js'
import { NO_NAMES, type Relation, resolve, type Scope } from './relation.js'
import {
  CONSTANT,
  decidedBy,
  elementOf,
  lengthOf,
  madeOf,
  merged,
  NULL,
  passed,
  unknownValue,
  type Value,
} from './value.js'

/** What stays the same within one SELECT. */
export interface Context {
  readonly facts: SqlFacts
  /** CTEs that can be seen, by lower-case name. */
  readonly ctes: ReadonlyMap<string, Relation>
  /** A SELECT inside of this one; it sees the names of `outer`. */
  readonly query: (node: SqlNode, ctes: ReadonlyMap<string, Relation>, outer: Scope | undefined) => Relation
}

/** Where an expression stands. */
export interface Site {
  readonly context: Context
  readonly scope: Scope
  /** What decides which rows FROM gives. */
  readonly rows: Value
  /** What was met on the way: filled while expressions are read. */
  readonly met: Met
  /** Macros that are being expanded. */
  readonly within?: readonly string[]
}

export interface Met {
  aggregate: boolean
  /** What decides how many rows `unnest` makes. */
  lengths: Inputs
  unnests: boolean
}

const TRANSFORMS = new Set(['list_transform', 'array_transform', 'list_apply', 'array_apply', 'apply'])
const FILTERS = new Set(['list_filter', 'array_filter', 'filter'])

/** What the value of a parsed expression is made of. */
export function evaluate(node: SqlNode, site: Site): Value {
  switch (node['class']) {
    case 'COLUMN_REF':
      return resolve(node['column_names'] as string[], site.scope).value
    case 'CONSTANT':
      return isNull(node) ? NULL : CONSTANT
    case 'CASE':
      return caseValue(node, site)
    case 'CAST':
      return castValue(node, site)
    case 'FUNCTION':
      return callValue(node, site)
    case 'OPERATOR':
      return operatorValue(node, site)
    case 'WINDOW':
      return windowValue(node, site)
    case 'SUBQUERY':
      return subqueryValue(node, site)
    case 'COMPARISON':
      return madeOf(evaluateAll([node['left'], node['right']], site))
    case 'CONJUNCTION':
      return madeOf(evaluateAll(node['children'], site))
    case 'BETWEEN':
      return madeOf(evaluateAll([node['input'], node['lower'], node['upper']], site))
    case 'COLLATE':
      return madeOf(evaluateAll([node['child']], site))
    case 'POSITIONAL_REFERENCE':
      return positionValue(node, site)
    default:
      return unknownValue(`${textOf(node['class']).toLowerCase().replaceAll('_', ' ')} is not understood here`)
  }
}

function evaluateAll(nodes: unknown, site: Site): Value[] {
  const list = (nodes ?? []) as readonly (SqlNode | null)[]
  return list.flatMap(node => (node === null || node === undefined ? [] : [evaluate(node, site)]))
}

function isNull(node: SqlNode): boolean {
  return (node['value'] as SqlNode | undefined)?.['is_null'] === true
}

function caseValue(node: SqlNode, site: Site): Value {
  const checks = node['case_checks'] as readonly SqlNode[]
  const conditions = evaluateAll(
    checks.map(check => check['when_expr']),
    site,
  )
  const branches = evaluateAll([...checks.map(check => check['then_expr']), node['else_expr']], site)
  return decidedBy(merged(branches), ...asDecision(conditions, 'CONDITIONAL'))
}

/** A cast to a struct or list may rename what is inside. */
function castValue(node: SqlNode, site: Site): Value {
  const child = evaluate(node['child'] as SqlNode, site)
  return child.isNull === true ? NULL : madeOf([child])
}

function operatorValue(node: SqlNode, site: Site): Value {
  const children = (node['children'] ?? []) as readonly SqlNode[]
  switch (node['type']) {
    case 'OPERATOR_COALESCE':
      return passed(merged(evaluateAll(children, site)), 'TRANSFORMATION')
    case 'STRUCT_EXTRACT':
      return scalarValue('struct_extract', argumentsOf(children, site))
    case 'ARRAY_EXTRACT':
      return scalarValue('array_extract', argumentsOf(children, site))
    case 'ARRAY_SLICE':
      return scalarValue('array_slice', argumentsOf(children, site))
    case 'ARRAY_CONSTRUCTOR':
      return scalarValue('list_value', argumentsOf(children, site))
    case 'OPERATOR_UNPACK':
    case 'OPERATOR_UNPACK_COLUMNS':
      return unknownValue('*COLUMNS is not understood')
    default:
      return madeOf(evaluateAll(children, site))
  }
}

function argumentsOf(children: readonly SqlNode[], site: Site): Argument[] {
  return children.map(child => {
    const constant = child['class'] === 'CONSTANT' ? (child['value'] as SqlNode)['value'] : undefined
    return {
      value: evaluate(child, site),
      name: textOf(child['alias']).toLowerCase() || undefined,
      text: typeof constant === 'string' ? constant : undefined,
    }
  })
}

function callValue(node: SqlNode, site: Site): Value {
  const name = textOf(node['function_name']).toLowerCase()
  const children = (node['children'] ?? []) as readonly SqlNode[]
  const macro = site.context.facts.macros.get(name)
  if (macro !== undefined) return expanded(name, children, site)
  if (name === 'unnest' || name === 'unlist') return unnested(children, site)
  if (children.some(child => child['class'] === 'LAMBDA')) return lambdaCall(name, children, site)
  if (isAggregate(name, node, site)) {
    site.met.aggregate = true
    return aggregate(name, node, site)
  }
  return scalarValue(name, argumentsOf(children, site))
}

function isAggregate(name: string, node: SqlNode, site: Site): boolean {
  return name === 'count_star' || site.context.facts.aggregates.has(name) || (node['filter'] ?? null) !== null
}

function aggregate(name: string, node: SqlNode, site: Site): Value {
  const args = evaluateAll(node['children'], site)
  const value = name === 'count_star' ? rowsCounted(site) : aggregateValue(name, args, node['distinct'] === true)
  const orders = ordersOf((node['order_bys'] as SqlNode | undefined)?.['orders'])
  const filter = node['filter'] ?? node['filter_expr']
  return decidedBy(
    decidedBy(value, ...asDecision(evaluateAll(orders, site), 'SORT')),
    ...asDecision(evaluateAll([filter], site), 'FILTER'),
  )
}

function rowsCounted({ rows }: Site): Value {
  return { inputs: through('AGGREGATION', directRows(rows.inputs)), unknown: rows.unknown }
}

/** The expressions of ORDER BY. */
export function ordersOf(orders: unknown): SqlNode[] {
  return ((orders ?? []) as readonly SqlNode[]).map(order => order['expression'] as SqlNode)
}

function windowValue(node: SqlNode, site: Site): Value {
  const name = textOf(node['function_name']).toLowerCase()
  const args = evaluateAll(node['children'], site)
  const rest = evaluateAll([node['default_expr']], site)
  // Aggregates of the same SELECT may stand inside of a window; the window itself is none.
  const value =
    otherRowValue(name, args, rest) ??
    (name === 'count_star' || args.length === 0
      ? rowsCounted(site)
      : aggregateValue(name, args, node['distinct'] === true))
  const places = [
    ...((node['partitions'] ?? []) as readonly SqlNode[]),
    ...ordersOf(node['orders']),
    ...[node['start_expr'], node['end_expr'], node['offset_expr']],
  ]
  const placed = decidedBy(value, ...asDecision(evaluateAll(places, site), 'WINDOW'))
  const sorted = decidedBy(placed, ...asDecision(evaluateAll(ordersOf(node['arg_orders']), site), 'SORT'))
  return decidedBy(sorted, ...asDecision(evaluateAll([node['filter_expr']], site), 'FILTER'))
}

function subqueryValue(node: SqlNode, site: Site): Value {
  const { query, ctes } = site.context
  const inner = query((node['subquery'] as SqlNode)['node'] as SqlNode, ctes, site.scope)
  const rows = asDecision([inner.rows], 'FILTER')
  const first = inner.columns[0]?.value ?? unknownValue(inner.unknown ?? 'the subquery has no column')
  switch (node['subquery_type']) {
    case 'EXISTS':
    case 'NOT_EXISTS':
      return decidedBy(CONSTANT, ...rows)
    case 'SCALAR':
      return decidedBy(first, ...rows)
    default:
      return decidedBy(madeOf([...evaluateAll([node['child']], site), first]), ...rows)
  }
}

/** A macro's body, its parameters being what the call passes. */
function expanded(name: string, children: readonly SqlNode[], site: Site): Value {
  const { parameters, body } = site.context.facts.macros.get(name)!
  if (body === undefined) return unknownValue(`the macro ${name} cannot be read`)
  const within = [...(site.within ?? []), name]
  if (site.within?.includes(name) === true) return unknownValue(`the macro ${name} calls itself`)
  const known = new Set(parameters.map(parameter => parameter.name))
  const named = (child: SqlNode): string => {
    const alias = textOf(child['alias']).toLowerCase()
    return known.has(alias) ? alias : ''
  }
  const positional = children.filter(child => named(child) === '')
  const values = parameters.map((parameter, at): [string, Value] => {
    const given = children.find(child => named(child) === parameter.name) ?? positional[at]
    if (given !== undefined) return [parameter.name, evaluate(given, site)]
    const standard = parameter.standard
    const value = standard && evaluate(standard, { ...site, scope: NO_NAMES })
    return [parameter.name, value ?? unknownValue(`${name} lacks ${parameter.name}`)]
  })
  return evaluate(body, { ...site, within, scope: { ...NO_NAMES, parameters: new Map(values) } })
}

function unnested(children: readonly SqlNode[], site: Site): Value {
  const list = evaluate(children[0]!, site)
  // A struct becomes columns, not rows.
  if (list.fields !== undefined && list.element === undefined) return list
  site.met.unnests = true
  site.met.lengths = union(site.met.lengths, lengthOf(list))
  return elementOf(list)
}

function lambdaCall(name: string, children: readonly SqlNode[], site: Site): Value {
  const lambdas = children.filter(child => child['class'] === 'LAMBDA')
  const others = evaluateAll(
    children.filter(child => child['class'] !== 'LAMBDA'),
    site,
  )
  const [list = CONSTANT] = others
  const isSimple = others.length === 1 && lambdas.length === 1
  if (isSimple && TRANSFORMS.has(name))
    return transformedList(list, lambdaValue(lambdas[0]!, [elementOf(list), CONSTANT], site))
  if (isSimple && FILTERS.has(name))
    return filteredList(list, lambdaValue(lambdas[0]!, [elementOf(list), CONSTANT], site))
  const any = madeOf(others)
  return madeOf([...others, ...lambdas.map(lambda => lambdaValue(lambda, [any, any, any], site))])
}

function lambdaValue(lambda: SqlNode, given: readonly Value[], site: Site): Value {
  const side = lambda['lhs'] as SqlNode
  const names = side['class'] === 'COLUMN_REF' ? [side] : ((side['children'] ?? []) as SqlNode[])
  const parameters = new Map(
    names.map((name, at) => [textOf((name['column_names'] as unknown[])?.[0]).toLowerCase(), given[at] ?? CONSTANT]),
  )
  return evaluate(lambda['expr'] as SqlNode, { ...site, scope: { ...NO_NAMES, parameters, outer: site.scope } })
}

/** `#1`: a column of FROM by its place. */
function positionValue(node: SqlNode, { scope }: Site): Value {
  const columns = scope.sources.flatMap(source => source.columns)
  return columns[Number(node['index']) - 1]?.value ?? unknownValue(`there is no column #${String(node['index'])}`)
}

export function newMet(): Met {
  return { aggregate: false, lengths: NO_INPUTS, unnests: false }
}
