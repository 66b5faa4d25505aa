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

/** Every redenomination that is known, by the code that it ended. */
export const REDENOMINATIONS: readonly Redenomination[] = textRows(REDENOMINATION_LIST, 4).map(
  ([from = '', to = '', effective = '', factor = '', manner]) => ({
    ...{ from, to, effective, factor },
    manner: manner === 'joins' || manner === 'beside' ? manner : 'creates',
  }),
)
