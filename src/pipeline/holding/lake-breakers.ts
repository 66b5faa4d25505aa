import { SluiceError } from '../../core/errors.js'
import type { Project } from '../project/project.js'
import {
  type BreakerFilter,
  type BreakerSummary,
  type BreakersDecided,
  decideBreakers,
  listBreakers,
} from './decide-breakers.js'
import { reasonOf } from './decision-notes.js'
import { type DecisionReason, namedBy } from './lake-quarantine.js'

/** Breakers of pipes or datasets, or `all`. One of them must say something. */
export type BreakerChoice = BreakerFilter & { readonly all?: true }

/** The data breakers of pipes, as a program looks at and moves them: what `sluice breaker` does. */
export interface LakeBreakers {
  /** Those that ever failed, the ones that are not closed first. */
  list(filter?: BreakerFilter): Promise<BreakerSummary[]>
  /** Opens them: what their pipes fetch is kept and landed, and nothing of it reaches silver. Throws SLUICE_BREAKER_UNKNOWN. */
  trip(which: BreakerChoice, decision: DecisionReason): Promise<BreakersDecided>
  /** Closes them: what waits is looked at in the next run of their pipes. Throws SLUICE_BREAKER_UNKNOWN. */
  reset(which: BreakerChoice, decision: { readonly by: string; readonly reason?: string }): Promise<BreakersDecided>
}

/** The breakers of a project's lake. Decisions throw SLUICE_ARGUMENT_INVALID when they say neither which nor by whom. */
export function lakeBreakers(project: Project): LakeBreakers {
  const decide = async (
    move: 'trip' | 'reset',
    { all, ...filter }: BreakerChoice,
    { by, reason }: { readonly by: string; readonly reason?: string },
  ): Promise<BreakersDecided> => {
    if (all !== true && filter.pipe === undefined && filter.dataset === undefined)
      throw new SluiceError(
        'SLUICE_ARGUMENT_INVALID',
        'Say which breakers: a pipe, a dataset or { all: true }. Nothing was changed.',
      )
    const why = move === 'trip' ? reasonOf(reason, move) : reason
    return decideBreakers(project, filter, { move, by: namedBy(by), reason: why })
  }
  return {
    list: filter => listBreakers(project, filter),
    trip: (which, decision) => decide('trip', which, decision),
    reset: (which, decision) => decide('reset', which, decision),
  }
}
