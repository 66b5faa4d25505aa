import type { Deps } from '../deps.js'
import { derive } from '../derive/derive-run.js'
import type { Project } from '../project/project.js'
import type { Journal } from './journal.js'
import type { openProgress } from './progress.js'
import { partRunId } from './run-ids.js'

/** Derives what the parts have left owing, in one run. The same parts give the same run id: one that was killed goes on. */
export async function deriveOwed(
  { project, deps }: { readonly project: Project; readonly deps: Deps },
  journal: Journal,
  progress: ReturnType<typeof openProgress>,
): Promise<void> {
  const { gold, backfill, intervals } = journal.record()
  if (gold.state !== 'owed' && gold.state !== 'held') return
  if (project.models.length === 0) return journal.change(record => ({ ...record, gold: { ...gold, state: 'none' } }))
  const work = ['gold', intervals.flatMap(({ run_ids }) => run_ids), project.models.map(({ hash }) => hash)]
  const runId = partRunId(backfill, work, 1)
  const record = await derive(project, { select: [], full: false, runId, onProgress: progress.step }, deps)
  const state = record.stale === undefined ? ('derived' as const) : ('held' as const)
  await journal.change(now => ({ ...now, gold: { state, run_id: runId } }))
}
