import { SluiceError } from '../../core/errors.js'
import type { SharedState } from '../../lake/shared-state.js'
import type { RowCondition } from '../../silver/decided-rows.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { Deps } from '../deps.js'
import type { Project } from '../project/project.js'
import type { RunRecord } from '../record/run-record.js'
import { findRun } from '../record/runs.js'
import { type RunOptions, run } from '../run.js'
import { noteKey } from './decision-notes.js'
import { locateRecalled, wantedCaptures } from './declared-captures.js'
import { discardQuarantined } from './discard-quarantined.js'
import { decidedBatches } from './hold-book.js'
import { type DecisionBook, deadDecisions, end, giveUp, type OpenDecision, takeOver } from './open-decisions.js'
import type { RecalledCapture } from './recall.js'

export interface CarryingOut {
  readonly project: Project
  readonly store: ObjectStore
  readonly deps: Deps
  readonly state: SharedState<DecisionBook>
  readonly onProgress?: RunOptions['onProgress']
}

/**
 * Carries a decision out, under its own run id: what a process that died had committed of it is found there. Once it is noted who decided,
 * an error leaves it to the next process that decides; before that, nothing was done. `captures`: those of its holds and rows, when they have
 * been looked for.
 */
export async function carryOut(
  decision: OpenDecision,
  work: CarryingOut,
  captures?: readonly RecalledCapture[],
): Promise<RunRecord> {
  const { state, store } = work
  try {
    const record = decision.move === 'discard' ? await discard(decision, work) : await recall(decision, work, captures)
    await end(state, decision.run_id)
    return record
  } catch (cause) {
    const isNoted = await store.head(noteKey(decision.run_id)).then(
      head => head !== undefined,
      () => true,
    )
    // The error that stopped it is the one to tell.
    await (isNoted ? giveUp(state, decision.run_id) : end(state, decision.run_id)).catch(() => undefined)
    throw cause
  }
}

/** Decisions of dead processes that were finished, and why others could not be, by run id. */
export interface Finished {
  readonly records: RunRecord[]
  readonly failures: Map<string, unknown>
}

/**
 * Finishes the decisions whose processes died, as far as they are about this dataset (undefined: any). One of which nothing is noted was never
 * taken. Those in `failures` are not tried again.
 */
export async function finishDead(dataset: string | undefined, finished: Finished, work: CarryingOut): Promise<void> {
  const { state, store, deps } = work
  for (const decision of deadDecisions(await state.read(), deps.clock.now())) {
    const { run_id: runId } = decision
    const datasets = [...decision.holds, ...decision.rows].map(own => own.dataset)
    if (finished.failures.has(runId) || (dataset !== undefined && !datasets.includes(dataset))) continue
    if (!(await takeOver(state, runId, deps.clock.now()))) continue
    const isNoted = (await store.head(noteKey(runId))) !== undefined
    const isDone = (await findRun(store, runId)) !== undefined
    if (!isNoted || isDone) await end(state, runId)
    else
      await carryOut(decision, work).then(
        record => finished.records.push(record),
        cause => finished.failures.set(runId, unfinished(decision, cause)),
      )
  }
}

/** Half of it is in the lake under the contracts of then. */
function unfinished({ move, by, decided_at, run_id }: OpenDecision, cause: unknown): unknown {
  if (!(cause instanceof SluiceError) || cause.code !== 'SLUICE_RUN_ID_TAKEN') return cause
  const message = `The ${move} by ${by} of ${decided_at} (run ${run_id}) was broken off, and contracts, pipes or models are others now: it cannot be finished. Nothing was changed now.`
  const next = 'Put the project back as it was then, and decide again: that finishes it first.'
  return new SluiceError(cause.code, message, { next }, cause)
}

function discard(decision: OpenDecision, { project, deps }: CarryingOut): Promise<RunRecord> {
  return discardQuarantined(project, decision, deps)
}

async function recall(
  decision: OpenDecision,
  { project, store, deps, onProgress }: CarryingOut,
  captures: readonly RecalledCapture[] | undefined,
): Promise<RunRecord> {
  const { holds, rows } = decision
  const received = rows.map(({ captures }) => ({ captures: Object.entries(captures) }))
  const release = new Map<string, RowCondition>(
    rows.map(({ dataset, sql, captures }) => [dataset, { sql, captures: Object.keys(captures) }]),
  )
  return run(
    project,
    {
      ...{ select: [], params: {}, input: [], replace: false, dryRun: false, allowDqBreach: false },
      runId: decision.run_id,
      nowMs: decision.now_ms,
      onProgress,
    },
    deps,
    {
      decision,
      captures: captures ?? (await locateRecalled(wantedCaptures(holds, received), project, store)),
      batches: decidedBatches(holds),
      rows: rows.reduce((sum, { rows: count }) => sum + count, 0),
      ...(decision.move === 'release' && { release }),
    },
  )
}
