import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { dayOf } from '../calendar/days.js'
import { CURRENCIES } from './currencies.js'
import { decimalProduct } from './decimal-product.js'
import { REDENOMINATIONS, type Redenomination } from './redenominations.js'

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

const BY_CODE: ReadonlyMap<string, Redenomination> = new Map(REDENOMINATIONS.map(entry => [entry.from, entry]))

/**
 * The redenominations that a currency went through up to and including a day (YYYY-MM-DD), the oldest first; all of them without a
 * day. Empty for a code that was never replaced. An unknown code, and a malformed day, throw SLUICE_ARGUMENT_INVALID.
 */
export function redenominationChain(code: string, date?: string): readonly Redenomination[] {
  if (!CURRENCIES.has(code)) {
    const near = didYouMean(String(code), CURRENCIES.keys())
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `There is no currency ${String(code)}.${near}`)
  }
  if (date !== undefined) dayOf(date)
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
