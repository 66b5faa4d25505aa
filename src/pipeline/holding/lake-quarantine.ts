import { SluiceError } from '../../core/errors.js'
import type { Project } from '../project/project.js'
import { type DecisionOutcome, decideQuarantined } from './decide-quarantine.js'
import { reasonOf } from './decision-notes.js'
import { listQuarantine, type QuarantineFilter, type QuarantineList } from './find-quarantined.js'
import { type ShownQuarantine, showQuarantined } from './show-quarantined.js'

/** What a decision is about: everything that fits the filter, or `all` that waits. One of them must say something. */
export type QuarantineChoice = QuarantineFilter & { readonly all?: true }

/** Who decides, and why. */
export interface DecisionReason {
  readonly by: string
  readonly reason: string
}

/** Rows and batches that were kept back, as a program decides about them: what `sluice quarantine` does. */
export interface LakeQuarantine {
  /** Held batches, and the newest quarantined rows: so many at most, 20 unless told. */
  list(filter?: QuarantineFilter, limit?: number): Promise<QuarantineList>
  /** A held batch by its id, or a record by `capture:position`. Throws SLUICE_QUARANTINE_UNKNOWN. */
  show(id: string): Promise<ShownQuarantine>
  /** Judges captures again, by the extraction and the contract of today. */
  replay(which: QuarantineChoice, decision: { readonly by: string; readonly reason?: string }): Promise<DecisionOutcome>
  /** Publishes the accepted rows of held batches, or rows that broke rules: `kind` or a rule says which. */
  release(which: QuarantineChoice, decision: DecisionReason): Promise<DecisionOutcome>
  /** Ends the waiting of rows or batches; nothing leaves the lake. `kind` or a rule says which. */
  discard(which: QuarantineChoice, decision: DecisionReason): Promise<DecisionOutcome>
}

const DEFAULT_LIMIT = 20

/**
 * The quarantine of a project's lake. Decisions throw SLUICE_ARGUMENT_INVALID when they say neither what nor why nor by whom; for the rest
 * see `decideQuarantined`.
 */
export function lakeQuarantine(project: Project): LakeQuarantine {
  const decide = async (
    move: 'replay' | 'release' | 'discard',
    { all, ...filter }: QuarantineChoice,
    { by, reason }: { readonly by: string; readonly reason?: string },
  ): Promise<DecisionOutcome> => {
    refuseVague(move, all, filter)
    const why = move === 'replay' ? reason : reasonOf(reason, move)
    return decideQuarantined(project, filter, { move, by: namedBy(by), reason: why })
  }
  return {
    list: (filter = {}, limit = DEFAULT_LIMIT) => listQuarantine(project, filter, limit),
    show: id => showQuarantined(project, id),
    replay: (which, decision) => decide('replay', which, decision),
    release: (which, decision) => decide('release', which, decision),
    discard: (which, decision) => decide('discard', which, decision),
  }
}

/** Who decides must have a name. Throws SLUICE_ARGUMENT_INVALID. */
export function namedBy(by: string): string {
  if (typeof by === 'string' && by.trim() !== '') return by.trim()
  throw refused('Nobody is named who decides: give `by`.')
}

/** What publishes or gives up something has to say exactly what. */
function refuseVague(move: string, all: true | undefined, filter: QuarantineFilter): void {
  const { ids = [], kind, state: _, ...others } = filter
  if (ids.length > 0) return
  const says = all === true || Object.values(others).some(part => part !== undefined)
  if (!says) throw refused(`Say what to ${move}: ids, a part of the filter, or { all: true }.`)
  if (move !== 'replay' && kind === undefined && filter.rule === undefined)
    throw refused(`Say whether to ${move} quarantined rows or held batches: kind is 'rows' or 'holds'.`)
}

function refused(message: string): SluiceError {
  return new SluiceError('SLUICE_ARGUMENT_INVALID', `${message} Nothing was changed.`)
}
