import { decimalProduct } from './decimal-product.js'
import { REDENOMINATION_LIST } from './redenomination-list.js'
import { textRows } from './text-rows.js'

/** One replacement of a currency by another at a fixed factor. */
export interface Redenomination {
  readonly from: string
  readonly to: string
  /** First day (YYYY-MM-DD) on which amounts are stated in the successor. */
  readonly effective: string
  /** Old units that make one new unit, as exact decimal text: new amount = old amount / factor. */
  readonly factor: string
  /** `creates`: the successor began with it. `joins`: the successor existed. `beside`: the old code stays in force as well. */
  readonly manner: 'creates' | 'joins' | 'beside'
}

/** What an old currency has become by a day: all factors of the way multiplied. */
export interface Successor {
  readonly from: string
  readonly to: string
  readonly effective: string
  /** Units of `from` that make one unit of `to`, as exact decimal text. */
  readonly factor: string
  /** How many redenominations lie between. */
  readonly steps: number
}

/** Every redenomination that is known, by the code that it ended. */
export const REDENOMINATIONS: readonly Redenomination[] = textRows(REDENOMINATION_LIST, 4).map(
  ([from = '', to = '', effective = '', factor = '', manner]) => ({
    ...{ from, to, effective, factor },
    manner: manner === 'joins' || manner === 'beside' ? manner : 'creates',
  }),
)

const BY_CODE: ReadonlyMap<string, Redenomination> = new Map(REDENOMINATIONS.map(entry => [entry.from, entry]))

/**
 * The redenominations that a currency went through up to and including a day (YYYY-MM-DD), the oldest first; all of them without a
 * day. Empty for a code that was never replaced, and for one that is unknown.
 */
export function redenominationChain(code: string, date?: string): readonly Redenomination[] {
  const chain: Redenomination[] = []
  let next = BY_CODE.get(code)
  while (next !== undefined && (date === undefined || next.effective <= date)) {
    chain.push(next)
    next = BY_CODE.get(next.to)
  }
  return chain
}

/** Each currency with everything that it became in turn; `steps` 1 is its direct successor. */
export function allSuccessors(): Successor[] {
  return REDENOMINATIONS.flatMap(({ from }) =>
    redenominationChain(from).map(({ to, effective }, at, chain) => ({
      ...{ from, to, effective },
      factor: decimalProduct(chain.slice(0, at + 1).map(step => step.factor)),
      steps: at + 1,
    })),
  )
}
