import { type SqlNode, textOf } from '../../contract/sql-tree.js'
import { asDecision } from './calls.js'
import type { Context } from './expression.js'
import type { SqlFacts } from './facts.js'
import { renamed } from './from.js'
import { bothRows, NO_NAMES, type Relation, type Scope, unknownRelation } from './relation.js'
import { distinct, evaluateSelect, modified } from './select.js'
import { madeOf, merged, NULL, unknownValue, type Value } from './value.js'

type Ctes = ReadonlyMap<string, Relation>

/** The result of a parsed query: its columns, and what decides which rows there are. */
export function evaluateQuery(
  node: SqlNode,
  facts: SqlFacts,
  seen: Ctes = new Map(),
  outer?: Scope | undefined,
): Relation {
  const query: Context['query'] = (inner, ctes, names) => evaluateQuery(inner, facts, ctes, names)
  const ctes = withCtes(node, seen, facts, outer)
  const context: Context = { facts, ctes, query }
  switch (node['type']) {
    case 'SELECT_NODE':
      return evaluateSelect(node, context, outer)
    case 'SET_OPERATION_NODE': {
      const [left, right] = [node['left'], node['right']].map(side => query(side as SqlNode, ctes, outer))
      const scope: Scope = { ...NO_NAMES, outer }
      return modified(node['modifiers'], setOperation(node, left!, right!), scope, context)
    }
    case 'RECURSIVE_CTE_NODE':
      return recursive(node, context, outer)
    default:
      return unknownRelation(`${textOf(node['type']).toLowerCase().replaceAll('_', ' ')} is not understood`)
  }
}

/** Each CTE sees those before it; one of the same name hides what stood there. */
function withCtes(node: SqlNode, seen: Ctes, facts: SqlFacts, outer: Scope | undefined): Ctes {
  const entries = ((node['cte_map'] as SqlNode | undefined)?.['map'] ?? []) as readonly SqlNode[]
  const ctes = new Map(seen)
  for (const { key, value } of entries) {
    const cte = value as SqlNode
    const relation = evaluateQuery((cte['query'] as SqlNode)['node'] as SqlNode, facts, new Map(ctes), outer)
    ctes.set(textOf(key).toLowerCase(), renamed(relation, (cte['aliases'] ?? []) as string[]))
  }
  return ctes
}

function setOperation(node: SqlNode, left: Relation, right: Relation): Relation {
  const unknown = left.unknown ?? right.unknown
  if (unknown !== undefined) return uncertain(unknown, left, right)
  const isAll = node['setop_all'] === true
  switch (node['setop_type']) {
    case 'UNION':
      if (left.columns.length !== right.columns.length) return unknownRelation('the sides of UNION have other columns')
      return united(left, right, (_, at) => right.columns[at]?.value, isAll)
    case 'UNION_BY_NAME': {
      const named = (own: string): Value | undefined =>
        right.columns.find(({ name }) => name.toLowerCase() === own.toLowerCase())?.value
      const lacking = right.columns.filter(
        ({ name }) => !left.columns.some(own => own.name.toLowerCase() === name.toLowerCase()),
      )
      const wider = { ...left, columns: [...left.columns, ...lacking.map(({ name }) => ({ name, value: NULL }))] }
      return united(wider, right, named, isAll)
    }
    case 'EXCEPT':
    case 'INTERSECT': {
      // Whole rows are compared, so every column of both sides decides.
      const compared = madeOf([...left.columns, ...right.columns].map(({ value }) => value))
      const [inputs, why] = asDecision([compared, right.rows], 'FILTER')
      const rows = bothRows(left.rows, { inputs, unknown: why })
      return { columns: left.columns, rows, keys: left.keys }
    }
    default:
      return unknownRelation(`${textOf(node['setop_type']).toLowerCase()} is not understood`)
  }
}

/** Which column of the other side belongs to one is not known: they are all of any. */
function uncertain(why: string, left: Relation, right: Relation): Relation {
  const any = unknownValue(why, madeOf([...left.columns, ...right.columns].map(({ value }) => value)).inputs)
  const columns = left.columns.map(({ name }) => ({ name, value: any }))
  return { columns, rows: bothRows(unknownValue(why), bothRows(left.rows, right.rows)), keys: [], unknown: why }
}

function united(
  left: Relation,
  right: Relation,
  other: (name: string, at: number) => Value | undefined,
  isAll: boolean,
): Relation {
  const columns = left.columns.map(({ name, value }, at) => ({ name, value: merged([value, other(name, at) ?? NULL]) }))
  const relation = { columns, rows: bothRows(left.rows, right.rows), keys: [] }
  return isAll ? relation : distinct(relation)
}

/** How often a recursive CTE is read again until nothing new comes to it. */
const MOST_ROUNDS = 50

function recursive(node: SqlNode, context: Context, outer: Scope | undefined): Relation {
  const { ctes, query } = context
  const name = textOf(node['cte_name']).toLowerCase()
  const called = (relation: Relation): Relation => renamed(relation, (node['aliases'] ?? []) as string[])
  const first = called(query(node['left'] as SqlNode, ctes, outer))
  let known = first
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const seen = new Map(ctes).set(name, { ...known, keys: [] })
    const step = query(node['right'] as SqlNode, seen, outer)
    const both = united(known, step, (_, at) => step.columns[at]?.value, node['union_all'] === true)
    // Whole values grow until they stay; what is inside of structs could go round for ever.
    const columns = both.columns.map(({ name, value: { inputs, unknown } }) => ({ name, value: { inputs, unknown } }))
    const next = { ...both, columns }
    if (sizeOf(next) === sizeOf(known)) return { ...next, unknown: first.unknown ?? step.unknown }
    known = next
  }
  return unknownRelation(`the recursive CTE ${name} is not understood`)
}

function sizeOf({ columns, rows }: Relation): string {
  const sum = (value: Value): number =>
    [...value.inputs.values()].reduce((total, bits) => total + bits, value.inputs.size)
  return [sum(rows), ...columns.map(({ value }) => sum(value))].join()
}
