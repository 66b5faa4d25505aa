import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import type { Pipe } from '../../sources/pipe.js'
import { asksProvider } from '../fetch/asking-pipes.js'
import type { FetchedFile } from '../fetch/fetched.js'
import type { SourcePlan } from '../fetch/plan-sources.js'
import type { AskingPipe } from '../fetch/requests.js'
import type { DecisionRecord } from '../record/run-record.js'
import type { RunContext } from '../run-context.js'
import type { ReleasedBy } from '../settle/judge-pipes.js'
import { noteDecision } from './decision-notes.js'
import type { Recall } from './recall.js'
import { recallFiles, recallHolds } from './recall-captures.js'

/** The pipes of captures. One with other parameters is another pipe. */
export function recalledPipes({ captures }: Recall): Pipe[] {
  return [...new Set(captures.map(({ pipe }) => pipe))]
}

/** The captures that a decision lets pass: all that a release lands. */
export function releasedNow({ decision, captures }: Recall, runId: string): ReadonlyMap<string, ReleasedBy> {
  const released = { by: decision.by, decision: runId }
  return new Map(decision.move === 'release' ? captures.map(({ id }) => [id, released]) : [])
}

/** A decision is carried out as a whole or not at all. Throws SLUICE_PIPE_LEASED. */
export function refuseLeased(asking: readonly AskingPipe[], plans: readonly SourcePlan[]): void {
  const own = new Set(plans.map(({ from }) => from.key))
  const pipes = asking.filter(({ key }) => !own.has(key)).map(({ pipe }) => pipe.name)
  if (pipes.length === 0) return
  const message = `Another run has the pipe ${pipes.slice(0, 3).join(', ')} now. Nothing was changed.`
  throw new SluiceError('SLUICE_PIPE_LEASED', message, { pipes })
}

/** Files of earlier runs to look at again: those of a decision, or those that breakers held and let pass now. */
export async function filesToRecall(
  pipes: readonly Pipe[],
  fresh: readonly FetchedFile[],
  { project, workspace, recall, holding }: Omit<RunContext, 'inputHash'>,
): Promise<FetchedFile[]> {
  const { store } = workspace.lake
  const captures = recall?.captures ?? (await recallHolds(holding.due(pipes), project, store))
  const known = new Set(fresh.map(({ id }) => id))
  const files = captures.filter(({ id, pipe }) => !asksProvider(pipe) && !known.has(id))
  // What nobody asked for by name must not keep the new data from going on.
  return recallFiles(files, store, workspace.spool, recall === undefined ? 'left out' : 'refused')
}

/** All rows that a decision is about: quarantined ones, and those of held batches that would be published. */
export function rowsOf({ rows, batches }: Recall): number {
  return batches.reduce((sum, batch) => sum + batch.rows, rows)
}

/** What a record says of the holds of a decision. */
export function holdsOf({ batches }: Recall): Pick<DecisionRecord, 'holds' | 'batches'> {
  return { holds: batches.map(({ hold }) => hold), ...(batches.length > 0 && { batches }) }
}

/** Who decided and why stands in the lake before anything of it is done. */
export async function noteRecall(recall: Recall, { runId, workspace }: RunContext, decidedMs: number): Promise<void> {
  const { decision, captures } = recall
  const { move, by, reason } = decision
  const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort()
  await noteDecision(workspace.lake.store, {
    ...{
      run_id: runId,
      decided_at: isoTime(decidedMs),
      move,
      by,
      ...(reason !== undefined && { reason }),
      rows: rowsOf(recall),
      ...holdsOf(recall),
    },
    datasets: unique(captures.map(({ pipe }) => pipe.contract)),
    pipes: unique(captures.map(({ pipe }) => pipe.name)),
    captures: unique(captures.map(({ id }) => id)),
  })
}
