import { type Overrun, overrunText } from '../finops/budget.js'
import type { EstimateRecord } from '../pipeline/record/run-record.js'
import { moneyText } from './money-text.js'
import type { Terminal } from './terminal.js'

/** What an estimate is made of. */
export const BASES: Readonly<Record<EstimateRecord['basis'], string>> = {
  history: 'from earlier runs',
  part: 'in part from earlier runs',
  defaults: 'from defaults: there were no earlier runs',
}

/** `on AWS about 0.001234 USD, from earlier runs` */
export function estimateLine({ once, currency, basis }: Pick<EstimateRecord, 'once' | 'currency' | 'basis'>): string {
  return `on AWS about ${moneyText(once, currency)}, ${BASES[basis]}`
}

/** The limits that do not hold, a line each; an empty text when all do. */
export function budgetLines(over: readonly Overrun[] | undefined, { colors }: Pick<Terminal, 'colors'>): string {
  return (over ?? []).map(one => colors.yellow(`over budget: ${overrunText(one)}`)).join('\n')
}
