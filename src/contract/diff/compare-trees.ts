import type { SqlNode } from '../sql-tree.js'
import type { Relation } from './change.js'
import { compareBounds, compareLists } from './compare-values.js'

/**
 * How one condition stands to another, as far as their form tells: parts of AND, OR and NOT, limits of one expression, lists of values. It holds
 * for NULL too, because each step keeps the order false < NULL < true. Trees come without places.
 */
export function compareTrees(before: SqlNode, after: SqlNode): Relation {
  if (sameTree(before, after)) return 'same'
  const [old, now] = [betweenAsLimits(before), betweenAsLimits(after)]
  const whole = bySets(old, now, 'CONJUNCTION_AND') ?? bySets(old, now, 'CONJUNCTION_OR')
  if (whole !== undefined) return whole
  if (old['type'] === 'OPERATOR_NOT' && now['type'] === 'OPERATOR_NOT')
    return opposite(compareTrees(operands(old)[0]!, operands(now)[0]!))
  return firstKnown(compareLists(old, now), compareBounds(old, now))
}

export function sameTree(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/**
 * AND is tighter than another when each part of that has a part here at least as tight, looser when each part here has one there at least
 * as tight; OR the other way round. Undefined when neither side is of this kind, or nothing can be said.
 */
function bySets(before: SqlNode, after: SqlNode, kind: 'CONJUNCTION_AND' | 'CONJUNCTION_OR'): Relation | undefined {
  if (before['type'] !== kind && after['type'] !== kind) return undefined
  const [old, now] = [partsOf(before, kind), partsOf(after, kind)]
  const relations = old.map(a => now.map(b => compareTrees(a, b)))
  const eachOld = (wanted: Relation): boolean =>
    relations.every(row => row.some(one => one === 'same' || one === wanted))
  const eachNow = (wanted: Relation): boolean =>
    now.every((_, at) => relations.some(row => row[at] === 'same' || row[at] === wanted))
  const isAnd = kind === 'CONJUNCTION_AND'
  const tighter = isAnd ? eachOld('tighter') : eachNow('tighter')
  const looser = isAnd ? eachNow('looser') : eachOld('looser')
  if (tighter && looser) return 'same'
  return tighter ? 'tighter' : looser ? 'looser' : undefined
}

function partsOf(node: SqlNode, kind: string): SqlNode[] {
  const plain = betweenAsLimits(node)
  if (plain['type'] !== kind) return [plain]
  return operands(plain).flatMap(part => partsOf(part, kind))
}

/** `x BETWEEN a AND b` is `x >= a AND x <= b`. */
function betweenAsLimits(node: SqlNode): SqlNode {
  if (node['type'] !== 'COMPARE_BETWEEN') return node
  const limit = (type: string, right: unknown) => ({ class: 'COMPARISON', type, alias: '', left: node['input'], right })
  const children = [
    limit('COMPARE_GREATERTHANOREQUALTO', node['lower']),
    limit('COMPARE_LESSTHANOREQUALTO', node['upper']),
  ]
  return { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', alias: '', children }
}

function operands(node: SqlNode): SqlNode[] {
  return (node['children'] as SqlNode[] | undefined) ?? []
}

function opposite(relation: Relation): Relation {
  return relation === 'tighter' ? 'looser' : relation === 'looser' ? 'tighter' : relation
}

function firstKnown(one: Relation, other: Relation): Relation {
  return one === 'unknown' ? other : one
}
