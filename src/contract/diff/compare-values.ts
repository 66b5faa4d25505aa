import { parseInstant } from '../../core/instant.js'
import type { SqlNode } from '../sql-tree.js'
import type { Relation } from './change.js'

/** Compares `x > 0` with `x >= 0` and the like: a limit of one expression by constants that can be ordered. */
export function compareBounds(before: SqlNode, after: SqlNode): Relation {
  const [old, now] = [boundOf(before), boundOf(after)]
  if (old === undefined || now === undefined || old.side !== now.side || old.of !== now.of) return 'unknown'
  const order = compareConstants(old.limit, now.limit)
  if (order === undefined) return 'unknown'
  if (order === 0 && old.open === now.open) return 'same'
  if (order === 0) return now.open ? 'tighter' : 'looser'
  return order < 0 === (old.side === 'lower') ? 'tighter' : 'looser'
}

/** Compares `x IN (…)` and `x = …`: a list that lacks values of the other is tighter. */
export function compareLists(before: SqlNode, after: SqlNode): Relation {
  const [old, now] = [listOf(before), listOf(after)]
  if (old === undefined || now === undefined || old.of !== now.of) return 'unknown'
  const fewer = [...now.values].every(value => old.values.has(value))
  const more = [...old.values].every(value => now.values.has(value))
  if (fewer && more) return 'same'
  return fewer ? 'tighter' : more ? 'looser' : 'unknown'
}

interface Bound {
  readonly of: string
  readonly side: 'lower' | 'upper'
  /** Whether the limit itself is left out. */
  readonly open: boolean
  readonly limit: Constant
}

const SIDES: Readonly<Record<string, Pick<Bound, 'side' | 'open'>>> = {
  COMPARE_GREATERTHAN: { side: 'lower', open: true },
  COMPARE_GREATERTHANOREQUALTO: { side: 'lower', open: false },
  COMPARE_LESSTHAN: { side: 'upper', open: true },
  COMPARE_LESSTHANOREQUALTO: { side: 'upper', open: false },
}

function boundOf(node: SqlNode): Bound | undefined {
  const kind = SIDES[String(node['type'])]
  if (node['class'] !== 'COMPARISON' || kind === undefined) return undefined
  const [left, right] = [constantOf(node['left']), constantOf(node['right'])]
  if (left === undefined && right !== undefined) return { ...kind, of: JSON.stringify(node['left']), limit: right }
  if (right !== undefined || left === undefined) return undefined
  return { ...kind, side: kind.side === 'lower' ? 'upper' : 'lower', of: JSON.stringify(node['right']), limit: left }
}

function listOf(node: SqlNode): { readonly of: string; readonly values: ReadonlySet<string> } | undefined {
  const isOne = node['type'] === 'COMPARE_EQUAL'
  if (!isOne && node['type'] !== 'COMPARE_IN') return undefined
  const [of, ...list] = isOne ? [node['left'], node['right']] : (node['children'] as unknown[])
  if (constantOf(of) !== undefined || list.some(item => constantOf(item) === undefined)) return undefined
  return { of: JSON.stringify(of), values: new Set(list.map(item => JSON.stringify(item))) }
}

/** A number as digits and scale, exact; a double; a moment in milliseconds; a text. `type` tells what can be compared. */
type Constant =
  | { readonly type: 'decimal'; readonly digits: bigint; readonly scale: number }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'DATE' | 'TIMESTAMP WITH TIME ZONE'; readonly value: number }
  | { readonly type: 'other' }

function constantOf(value: unknown): Constant | undefined {
  const node = value as SqlNode
  if (node['class'] === 'CAST') return momentOf(node)
  if (node['class'] !== 'CONSTANT') return undefined
  const { type, is_null: isNull, value: given } = node['value'] as SqlNode
  const { id, type_info: details } = type as { id: string; type_info: SqlNode | null }
  if (isNull === true) return undefined
  if (typeof given !== 'number') return { type: 'other' }
  if (id === 'DOUBLE' || id === 'FLOAT') return { type: 'double', value: given }
  return { type: 'decimal', digits: BigInt(given), scale: Number(details?.['scale'] ?? 0) }
}

/** `DATE '2020-01-01'` and `TIMESTAMPTZ '…Z'`, which the parser gives as casts of texts. */
function momentOf(node: SqlNode): Constant | undefined {
  const type = (node['cast_type'] as SqlNode)['id']
  const inner = node['child'] as SqlNode
  const text = inner['class'] === 'CONSTANT' ? (inner['value'] as SqlNode)['value'] : undefined
  if (typeof text !== 'string') return undefined
  const isMoment = type === 'DATE' || type === 'TIMESTAMP WITH TIME ZONE'
  // Milliseconds are all that a number of them can tell apart.
  const value = isMoment && !/\.\d{4}/.test(text) ? parseInstant(text) : undefined
  return isMoment && value !== undefined ? { type, value } : { type: 'other' }
}

/** Undefined where the two cannot be ordered here. */
function compareConstants(one: Constant, other: Constant): number | undefined {
  if (one.type === 'decimal' && other.type === 'decimal') {
    const scale = Math.max(one.scale, other.scale)
    const [a, b] = [one, other].map(({ digits, scale: own }) => digits * 10n ** BigInt(scale - own)) as [bigint, bigint]
    return a < b ? -1 : a > b ? 1 : 0
  }
  const [a, b] = [plainNumber(one), plainNumber(other)]
  if (a === undefined || b === undefined || (one.type !== other.type && ![one, other].every(isNumber))) return undefined
  return a < b ? -1 : a > b ? 1 : 0
}

function isNumber({ type }: Constant): boolean {
  return type === 'decimal' || type === 'double'
}

function plainNumber(constant: Constant): number | undefined {
  if (constant.type === 'other') return undefined
  return constant.type === 'decimal' ? Number(constant.digits) / 10 ** constant.scale : constant.value
}
