import type { LoadedTable } from '../../lake/catalog.js'
import { MAX_AGE, retentionOf } from '../../lake/maintain/choose-expired.js'
import { prunableMetadata, pruneMetadata } from '../../lake/maintain/prune-metadata.js'
import { COMPACT_PREFIX } from '../record/runs-behind.js'
import type { RunContext } from '../run-context.js'
import type { TableCommit } from '../settle/table-commit.js'
import { compactTable, planCompaction } from './compact-table.js'
import { expiredSnapshots, expireSnapshots } from './expire-table.js'
import { rowOrder } from './row-order.js'

/** A table is looked at by the run whose commit to it is the hundredth, the two hundredth and so on: the others pay nothing. */
const LOOK_EVERY = 100n
/** So many small files of a partition become one without being asked: readers open each of them. */
const MANY_FILES = 50
/** A table may have so many snapshots, unless sluice.yaml says otherwise; all of them are written anew with each commit. */
export const USUAL_SNAPSHOTS = 200
/** So much of them stays when they are too many, so that not every look ends in a commit. */
const KEPT_SHARE = 0.8

/**
 * Keeps the tables quick that a run has written, so that a lake which nobody maintains costs its ten-thousandth run what it cost the first:
 * many small files are joined, the oldest of too many snapshots expired, metadata files that nothing needs deleted. It deletes no data file.
 * The run is over and recorded: what fails here is left to a later look, or to `sluice compact` and `sluice expire`, which say why.
 */
export async function keepSmall(commits: readonly TableCommit[], run: RunContext): Promise<void> {
  if (run.project.config.maintenance?.afterRuns === false) return
  const due = commits.filter(
    ({ commit }) => commit.outcome === 'committed' && commit.snapshot['sequence-number'] % LOOK_EVERY === 0n,
  )
  for (const { commit } of due) await keepTableSmall(commit.table, run).catch(() => undefined)
}

async function keepTableSmall({ name }: LoadedTable, run: RunContext): Promise<void> {
  const { lake } = run.workspace
  const nowMs = lake.clock.now()
  const found = await lake.catalog.load(name)
  if (found === undefined) return
  const table = await joinFiles(found, run)
  const most = run.project.config.maintenance?.maxSnapshots ?? USUAL_SNAPSHOTS
  const { table: left } = await expireSnapshots(lake, table, async head => {
    if (head.metadata.snapshots.length <= most) return []
    const { properties } = head.metadata
    const told = retentionOf(properties, properties[MAX_AGE] === undefined ? { maxAgeMs: 0 } : {})
    const minKept = Math.max(told.minKept, Math.floor(most * KEPT_SHARE))
    return expiredSnapshots(lake, head, { ...told, minKept }, nowMs)
  })
  await pruneMetadata(lake.store, await prunableMetadata(lake.store, left, nowMs))
}

async function joinFiles(table: LoadedTable, { workspace, project, deps }: RunContext): Promise<LoadedTable> {
  const plan = await planCompaction({ workspace }, table, MANY_FILES)
  if (plan.rewrites.length === 0) return table
  const runId = `${COMPACT_PREFIX}${deps.ids.runId(deps.clock.now())}`
  const compacting = { workspace, runId, orderOf: (of: LoadedTable) => rowOrder(of, project.contracts) }
  const compaction = await compactTable(compacting, table, plan)
  return compaction.outcome === 'compacted' ? compaction.table : table
}
