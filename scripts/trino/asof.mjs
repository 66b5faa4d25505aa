import { quote } from './print-expression.mjs'
import { same } from './scope.mjs'

const LATER = {
  COMPARE_LESSTHANOREQUALTO: ['<=', '>'],
  COMPARE_LESSTHAN: ['<', '>='],
}
const TURNED = {
  COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
  COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
}

/**
 * A join of each row with the newest one at or before it. Trino has none: every row on the right gets the time of the one after it, and is
 * joined with what lies between the two. Gives the right side and the condition, each as a function of a printer. `right` is the table's
 * own FROM, `alias` and `names` what it is called and what it has. Throws unless the join is of equal columns and one `right.time <= …`.
 */
export function asofJoin(condition, right, alias, names) {
  const parts = condition?.type === 'CONJUNCTION_AND' ? condition.children : [condition]
  const ownColumn = node => {
    const [first, name, ...others] = node?.class === 'COLUMN_REF' ? node.column_names : []
    const isOwn =
      first !== undefined && same(first, alias) && others.length === 0 && names.some(one => same(one, name ?? ''))
    return isOwn ? quote(name) : undefined
  }
  const keys = []
  let bound
  for (const part of parts) {
    const sides = ownColumn(part?.left) === undefined ? [part?.right, part?.left] : [part.left, part.right]
    const type = ownColumn(part?.left) === undefined ? (TURNED[part?.type] ?? part?.type) : part.type
    const name = ownColumn(sides[0])
    const isBound = name !== undefined && LATER[type] !== undefined && (type === part.type) === (sides[0] === part.left)
    if (name !== undefined && type === 'COMPARE_EQUAL') keys.push(name)
    else if (isBound && bound === undefined) bound = { name, type, other: sides[1] }
    else
      throw new Error(
        'An ASOF join has a rule for Trino with equal columns of the right table and one bound on its time',
      )
  }
  if (bound === undefined) throw new Error('An ASOF join needs a bound')
  const partition = keys.length > 0 ? `PARTITION BY ${keys.join(', ')} ` : ''
  const next = `lead(${bound.name}) OVER (${partition}ORDER BY ${bound.name}) AS _next`
  const own = quote(alias)
  return {
    right: print => `(\n  SELECT *, ${next}\n  FROM ${right(print)}\n  WHERE ${bound.name} IS NOT NULL\n) AS ${own}`,
    on: print => {
      const [, after] = LATER[bound.type]
      return `${print(condition, 2)} AND (${own}._next ${after} ${print(bound.other, 5)} OR ${own}._next IS NULL)`
    },
  }
}
