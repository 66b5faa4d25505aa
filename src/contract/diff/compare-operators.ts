import type { Operator } from '../contract.js'
import { satisfies } from '../satisfies.js'
import type { Relation } from './change.js'

/**
 * How what an operator allows stands to what another does. Between the limits that the two name nothing changes, so each limit and one figure
 * on either side of it tell all.
 */
export function compareOperators(before: Operator, after: Operator): Relation {
  const limits = [...new Set([before, after].flatMap(limitsOf))].sort((a, b) => a - b)
  const between = limits.slice(1).map((limit, at) => (limit + limits[at]!) / 2)
  const figures = [...limits, ...between, limits[0]! - 1, limits.at(-1)! + 1]
  const allowed = figures.map(figure => [satisfies(figure, before), satisfies(figure, after)] as const)
  const tighter = allowed.every(([old, now]) => old || !now)
  const looser = allowed.every(([old, now]) => now || !old)
  if (tighter && looser) return 'same'
  return tighter ? 'tighter' : looser ? 'looser' : 'unknown'
}

function limitsOf(operator: Operator): number[] {
  return 'value' in operator ? [operator.value] : [operator.low, operator.high]
}
