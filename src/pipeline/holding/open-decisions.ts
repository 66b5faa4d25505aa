import { isoTime } from '../../core/clock.js'
import { ownMark, type ProcessMark, stateOf } from '../../core/process-mark.js'
import { type SharedState, sharedState } from '../../lake/shared-state.js'
import type { Sharing } from '../fetch/source-states.js'
import type { Hold } from './hold-book.js'
import type { Decision } from './recall.js'

/** A decision that is being carried out, with all that is needed for it: when its process dies, another one can finish it. */
export interface OpenDecision extends Decision {
  readonly run_id: string
  readonly decided_at: string
  /** The `--now` of the command, in milliseconds. */
  readonly now_ms?: number | undefined
  readonly holds: readonly Hold[]
  readonly rows: readonly OpenRows[]
  readonly process: ProcessMark
  /** When it is taken for dead although nobody can tell; 0 when its process has given it up. */
  readonly until_ms: number
}

/** Quarantined rows of a dataset that a decision is about. */
export interface OpenRows {
  readonly dataset: string
  readonly sql: string
  /** When each of their captures was received, in milliseconds. */
  readonly captures: Readonly<Record<string, number>>
  readonly rows: number
}

export interface DecisionBook {
  /** How many decisions have come to their end: what was chosen before is looked at again after each. */
  readonly ended: number
  readonly open: Readonly<Record<string, OpenDecision>>
}

/**
 * `ours`: nobody else has any of it. `taken`: another process is at it. `dead`: the process of another decision about some of it died.
 * `stale`: a decision came to its end since it was chosen what this one is about.
 */
export type Begun =
  | { readonly outcome: 'ours' }
  | { readonly outcome: 'taken' | 'dead'; readonly by: OpenDecision }
  | { readonly outcome: 'stale' }

/** So long a decision may take before others take it for dead; on one machine they know. */
const LONGEST_MS = 3_600_000

/** The decisions that are under way, shared by all processes: the state `decisions` of a lake. */
export function openDecisions(sharing: Sharing): SharedState<DecisionBook> {
  const none: DecisionBook = { ended: 0, open: {} }
  return sharedState({ ...sharing, name: 'decisions', parse: stored => (stored ?? none) as DecisionBook })
}

/** A decision as its process begins it. `nowMs` is the wall clock. */
export function beginning(
  decision: Omit<OpenDecision, 'process' | 'until_ms' | 'decided_at'> & { readonly decidedMs: number },
  nowMs: number,
): OpenDecision {
  const { decidedMs, ...rest } = decision
  return { ...rest, decided_at: isoTime(decidedMs), process: ownMark(), until_ms: nowMs + LONGEST_MS }
}

/** Begins a decision about things that nobody else decides about: one of several wins. */
export function begin(
  state: SharedState<DecisionBook>,
  decision: OpenDecision,
  chosenAfter: number,
  nowMs: number,
): Promise<Begun> {
  return state.change<Begun>(book => {
    const other = Object.values(book.open).find(open => open.run_id !== decision.run_id && concerns(open, decision))
    if (other !== undefined)
      return { value: book, result: { outcome: isDead(other, nowMs) ? 'dead' : 'taken', by: other } }
    if (book.ended !== chosenAfter) return { value: book, result: { outcome: 'stale' } }
    const open = { ...book.open, [decision.run_id]: decision }
    return { value: { ...book, open }, result: { outcome: 'ours' } }
  })
}

/** Takes over a decision whose process died; gives false when another process was first. */
export function takeOver(state: SharedState<DecisionBook>, runId: string, nowMs: number): Promise<boolean> {
  return state.change(book => {
    const known = book.open[runId]
    if (known === undefined || !isDead(known, nowMs)) return { value: book, result: false }
    const taken = { ...known, process: ownMark(), until_ms: nowMs + LONGEST_MS }
    return { value: { ...book, open: { ...book.open, [runId]: taken } }, result: true }
  })
}

/** Gives a decision up that could not be finished: the next process that decides takes it over. */
export function giveUp(state: SharedState<DecisionBook>, runId: string): Promise<void> {
  return state.change(book => {
    const known = book.open[runId]
    if (known === undefined) return { value: book, result: undefined }
    return {
      value: { ...book, open: { ...book.open, [runId]: { ...known, until_ms: 0 } } },
      result: undefined,
    }
  })
}

/** A decision that was carried out, or of which nothing was done. */
export function end(state: SharedState<DecisionBook>, runId: string): Promise<void> {
  return state.change(book => {
    if (book.open[runId] === undefined) return { value: book, result: undefined }
    const open = Object.fromEntries(Object.entries(book.open).filter(([id]) => id !== runId))
    return { value: { ended: book.ended + 1, open }, result: undefined }
  })
}

/** The decisions whose process died, the oldest first. */
export function deadDecisions({ open }: DecisionBook, nowMs: number): OpenDecision[] {
  const dead = Object.values(open).filter(decision => isDead(decision, nowMs))
  return dead.sort((a, b) => (a.decided_at < b.decided_at ? -1 : 1))
}

function isDead({ process, until_ms }: OpenDecision, nowMs: number): boolean {
  return until_ms <= nowMs || stateOf(process) === 'dead'
}

/** Holds are decided about one by one; rows of a dataset by one decision at a time. */
function concerns(open: OpenDecision, decision: OpenDecision): boolean {
  const holds = new Set(open.holds.map(({ id }) => id))
  const datasets = new Set(open.rows.map(({ dataset }) => dataset))
  return decision.holds.some(({ id }) => holds.has(id)) || decision.rows.some(({ dataset }) => datasets.has(dataset))
}
