import { isRunId } from '../../core/ids.js'
import type { Snapshot } from '../../iceberg/types.js'
import { RUN_ID } from '../../lake/commit-files.js'
import { mapConcurrently } from '../../lake/write-files.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { runKey } from '../record/runs.js'

const HEADS_AT_ONCE = 16

/**
 * Of snapshots, those of runs that have no record: under way, or dead and waiting to be repeated, which needs the snapshot and the one before
 * it. What is no run of ours (a compaction, another engine) waits for nothing.
 */
export async function unfinishedSnapshots(
  store: ObjectStore,
  snapshots: readonly Snapshot[],
): Promise<ReadonlySet<bigint>> {
  const runs = [...new Set(snapshots.map(runOf))].filter(isRunId)
  const records = await mapConcurrently(runs, HEADS_AT_ONCE, run => store.head(runKey(run)))
  const open = new Set(runs.filter((_, at) => records[at] === undefined))
  return new Set(snapshots.filter(one => open.has(runOf(one))).map(one => one['snapshot-id']))
}

function runOf(snapshot: Snapshot): string {
  return snapshot.summary[RUN_ID] ?? ''
}
