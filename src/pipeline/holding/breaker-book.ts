import { type SharedState, sharedState } from '../../lake/shared-state.js'
import { BREAKER_DEFAULTS, type PipeBreaker } from '../../quality/pipe-breaker.js'
import type { Sharing } from '../fetch/source-states.js'
import type { Project } from '../project/project.js'

/** The breaker of one pipe and dataset. One that never failed is not in the book. */
export interface BreakerEntry {
  readonly dataset: string
  readonly pipe: string
  readonly breaker: PipeBreaker
}

export type BreakerBook = Readonly<Record<string, BreakerEntry>>

export function breakerKey(dataset: string, pipe: string): string {
  return `${dataset} ${pipe}`
}

/** The data breakers of a lake, shared by all its processes: its state `data_breakers`. */
export function openPipeBreakers(sharing: Sharing): SharedState<BreakerBook> {
  return sharedState({ ...sharing, name: 'data_breakers', parse: stored => (stored ?? {}) as BreakerBook })
}

/** The book with other breakers; the same book when they are what it has. */
export function withBreakers(book: BreakerBook, entries: readonly BreakerEntry[]): BreakerBook {
  const changed = entries.filter(({ dataset, pipe, breaker }) => book[breakerKey(dataset, pipe)]?.breaker !== breaker)
  if (changed.length === 0) return book
  return {
    ...book,
    ...Object.fromEntries(changed.map(entry => [breakerKey(entry.dataset, entry.pipe), entry] as const)),
  }
}

/** When the breakers of a dataset open. */
export function breakerTerms(project: Pick<Project, 'contracts'>, dataset: string) {
  return project.contracts.find(contract => contract.dataset === dataset)?.breaker ?? BREAKER_DEFAULTS
}
