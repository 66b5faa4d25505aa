/**
 * What an answer means, whatever its HTTP status.
 * `data`, `empty`: the interval is answered. `unchanged`: the bytes that we have still hold. `rate_limited`: asked too often.
 * `unavailable`: not reached, or in trouble. `truncated`: it ends in the middle. `blocked`: a page for browsers in the way.
 * `refused`: they, or we, will not do this. `error`: they say that the question is wrong. `mismatch`: not what was agreed.
 */
export type Meaning = (typeof MEANINGS)[number]

export const MEANINGS = [
  'data',
  'empty',
  'unchanged',
  'rate_limited',
  'unavailable',
  'truncated',
  'blocked',
  'refused',
  'error',
  'mismatch',
] as const

const ANSWERED: readonly Meaning[] = ['data', 'empty', 'unchanged']

/** Whether an answer settles what was asked: only such an answer moves an interval set. */
export function isAnswered(meaning: Meaning): boolean {
  return ANSWERED.includes(meaning)
}

/** A meaning with its reason in words, for people. */
export interface Judgement {
  readonly meaning: Meaning
  readonly why: string
}
