import { type Decimal, decimalOf, exactText, isGreater, plus, whole, ZERO } from './decimal.js'

/** What a project wants to spend at most. */
export interface Budget {
  readonly currency: string
  /** `warn`: the run goes on and says so. `stop`: it is refused before it asks or writes anything. */
  readonly action: 'warn' | 'stop'
  readonly limits: readonly BudgetLimit[]
}

export interface BudgetLimit {
  readonly span: 'run' | 'month'
  readonly of: 'money' | 'credits' | 'requests'
  /** Decimal text. */
  readonly most: string
}

/** What is limited. */
export interface Spend {
  readonly money: Decimal
  readonly credits: number
  readonly requests: number
}

/** A limit that would not hold, in decimal text. */
export interface Overrun extends BudgetLimit {
  /** Of `money`. */
  readonly currency?: string | undefined
  /** In the month so far; of a run: nothing. */
  readonly spent: string
  readonly estimate: string
}

export const NO_SPEND: Spend = { money: ZERO, credits: 0, requests: 0 }

/** The limits that would be broken by an estimate on top of what the month has; one that is reached exactly holds. Pure. */
export function overruns({ limits, currency }: Budget, estimate: Spend, month: Spend): Overrun[] {
  return limits.flatMap(limit => {
    const [spent, more] = [amountOf(limit.span === 'month' ? month : NO_SPEND, limit), amountOf(estimate, limit)]
    if (!isGreater(plus(spent, more), decimalOf(limit.most))) return []
    const figures = { spent: exactText(spent), estimate: exactText(more) }
    return [{ ...limit, ...(limit.of === 'money' && { currency }), ...figures }]
  })
}

/** `it would take about 0.002 USD, and the budget of a run is 0.001`; money is exact. */
export function overrunText({ span, of, most, currency, spent, estimate }: Overrun): string {
  const unit = of === 'money' ? currency : of
  const run = `it would take about ${estimate} ${unit}`
  return span === 'run'
    ? `${run}, and the budget of a run is ${most}`
    : `${run}, this month has taken ${spent}, and its budget is ${most}`
}

function amountOf(spend: Spend, { of }: BudgetLimit): Decimal {
  return of === 'money' ? spend.money : whole(spend[of])
}
