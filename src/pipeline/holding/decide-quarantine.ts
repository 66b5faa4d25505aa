import { SluiceError } from '../../core/errors.js'
import { CANNOT_RELEASE } from '../../silver/decided-rows.js'
import { type Deps, systemDeps } from '../deps.js'
import { lakeStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import type { RunRecord } from '../record/run-record.js'
import type { RunOptions } from '../run.js'
import { type CarryingOut, carryOut, type Finished, finishDead } from './carry-out.js'
import { type Chosen, type ChosenRows, chooseQuarantined } from './choose-quarantined.js'
import { type TakenDecision, takenBy } from './decision-notes.js'
import { type Declared, type LeftPipe, onlyDeclared } from './declared-captures.js'
import type { QuarantineFilter } from './find-quarantined.js'
import type { Hold } from './hold-book.js'
import { begin, beginning, openDecisions } from './open-decisions.js'
import type { Decision } from './recall.js'

/**
 * `nothing`: no row and no hold fits, and nothing was changed. `taken`: somebody else has decided about it, or is about to; nothing was
 * changed.
 */
export type DecisionOutcome = (
  | { readonly outcome: 'nothing' }
  | { readonly outcome: 'taken' }
  | {
      readonly outcome: 'decided'
      readonly record: RunRecord
      /** Rows that the decision cannot be about; they wait on. */
      readonly refused: readonly RefusedRows[]
      /** What waits on because no pipe of today can read it. */
      readonly left: readonly LeftPipe[]
    }
) & {
  /** Decisions about things that were named, which stand as they are. */
  readonly before: readonly TakenDecision[]
  /** Earlier decisions whose process had died: they were carried out first. */
  readonly finished: readonly RunRecord[]
}

export interface RefusedRows {
  readonly dataset: string
  readonly rows: number
  readonly rules: readonly string[]
}

const TRIES = 20

/**
 * Carries out what a person decided about quarantined rows and holds. `replay` judges their captures again, by today's extraction and
 * contract; `release` publishes the accepted rows of holds, and rows that broke rules if they have typed values; `discard` ends their
 * waiting. Each is a run with a record, and a note of who and why that is written first. Of several that decide about one thing at once one
 * wins. Throws SLUICE_QUARANTINE_UNKNOWN, SLUICE_CONTRACT_UNKNOWN, SLUICE_RUN_UNKNOWN, SLUICE_ROW_NOT_RELEASABLE, SLUICE_PIPE_UNKNOWN,
 * SLUICE_PIPE_LEASED, SLUICE_CAPTURE_CORRUPT.
 */
export async function decideQuarantined(
  project: Project,
  filter: QuarantineFilter,
  decision: Decision,
  options: Pick<RunOptions, 'nowMs' | 'onProgress'> = {},
  deps: Deps = systemDeps,
): Promise<DecisionOutcome> {
  const store = await lakeStore(project)
  const state = openDecisions({ store, wait: deps.wait, random: deps.random })
  const work: CarryingOut = { project, store, deps, state, onProgress: options.onProgress }
  const earlier: Finished = { records: [], failures: new Map() }
  const finished = earlier.records
  for (let tries = 0; tries < TRIES; tries++) {
    await finishDead(filter.dataset, earlier, work)
    const { ended } = await state.read()
    const chosen = await chooseQuarantined(project, statesOf(filter, decision), refusalOf(decision), deps)
    const { before } = chosen
    const about = await aboutWhat(chosen, filter, decision, work)
    const [failure] = earlier.failures.values()
    if (about === undefined && failure !== undefined) throw failure
    if (about === undefined) return { outcome: before.length > 0 ? 'taken' : 'nothing', before, finished }
    const decidedMs = options.nowMs ?? deps.clock.now()
    const open = beginning(
      {
        ...{ ...decision, run_id: deps.ids.runId(decidedMs), decidedMs, now_ms: options.nowMs },
        holds: about.holds,
        rows: about.rows.map(openRows),
      },
      deps.clock.now(),
    )
    const begun = await begin(state, open, ended, deps.clock.now())
    if (begun.outcome === 'taken') return { outcome: 'taken', before: [...before, takenBy(begun.by, true)], finished }
    if (begun.outcome === 'dead' && earlier.failures.has(begun.by.run_id)) throw earlier.failures.get(begun.by.run_id)
    if (begun.outcome !== 'ours') continue
    const record = await carryOut(open, work, about.captures)
    return { outcome: 'decided', record, refused: about.refused, left: about.left, before, finished }
  }
  const message = `Other decisions about the same came to their end ${TRIES} times meanwhile. Nothing was changed.`
  throw new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}

/** A release by id, or one that says so, is the way back from a discard. */
function statesOf(filter: QuarantineFilter, { move }: Decision): QuarantineFilter {
  if (move !== 'release') return { ...filter, state: 'waiting' }
  return { ...filter, state: filter.state ?? ((filter.ids ?? []).length > 0 ? ['waiting', 'discarded'] : 'waiting') }
}

function refusalOf({ move }: Decision): string {
  return move === 'release' ? CANNOT_RELEASE : 'false'
}

/** What the decision is about in the end; undefined for nothing. */
async function aboutWhat(
  chosen: Chosen,
  filter: QuarantineFilter,
  { move }: Decision,
  { project, store }: CarryingOut,
): Promise<(Declared & { readonly refused: readonly RefusedRows[] }) | undefined> {
  const refused = chosen.rows.filter(({ refused: count }) => count > 0).map(refusedRows)
  const rows = chosen.rows.filter(({ rows: count }) => count > 0)
  const { holds, held } = chosen
  if (holds.length + rows.length === 0 && refused.length > 0) throw notReleasable(refused)
  if (holds.length + rows.length === 0) return undefined
  if (move === 'discard') return { holds, rows, left: [], captures: [], refused }
  if (move === 'release') refuseHeld(rows, holds, held)
  const byName = (filter.ids ?? []).length > 0
  return { ...(await onlyDeclared(holds, rows, { project, store, byName })), refused }
}

function openRows({ dataset, sql, captures, rows }: ChosenRows) {
  const received = [...captures].map(([id, { receivedAtMs }]) => [id, receivedAtMs] as const)
  return { dataset, sql, captures: Object.fromEntries(received), rows }
}

function refusedRows({ dataset, refused, refusedRules }: ChosenRows): RefusedRows {
  return { dataset, rows: refused, rules: refusedRules }
}

function notReleasable(refused: readonly RefusedRows[]): SluiceError {
  const texts = refused.map(({ dataset, rows, rules }) => `${rows} of ${dataset} (${rules.join(', ')})`)
  const message = `Rows that are no record, have a value of another type or lack a required one, or whose key is published with other content, cannot be released: ${texts.join('; ')}. Nothing was changed.`
  return new SluiceError('SLUICE_ROW_NOT_RELEASABLE', message, { refused })
}

/** To publish one row of a batch that is held would say that the rest of it is none. */
function refuseHeld(chosen: readonly ChosenRows[], holds: readonly Hold[], held: readonly Hold[]): void {
  const own = new Set(holds.map(({ id }) => id))
  for (const { dataset, captures } of chosen) {
    const hold = held.find(
      candidate =>
        candidate.dataset === dataset &&
        !own.has(candidate.id) &&
        candidate.captures.some(({ id }) => captures.has(id)),
    )
    if (hold === undefined) continue
    const message = `Some of these rows are of a batch that is held (${hold.id}, pipe ${hold.pipe}). Nothing was changed.`
    const next = `Release or replay the hold first: sluice quarantine release ${hold.id} --reason "why"`
    throw new SluiceError('SLUICE_ROW_NOT_RELEASABLE', message, { hold: hold.id, next })
  }
}
