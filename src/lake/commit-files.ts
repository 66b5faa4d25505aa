import { SluiceError } from '../core/errors.js'
import type { DataFile, Snapshot } from '../iceberg/types.js'
import type { LoadedTable } from './catalog.js'
import type { Lake } from './lake.js'
import { tableKey } from './table-location.js'

export const RUN_ID = 'sluice.run-id'
export const INPUT_HASH = 'sluice.input-hash'

export interface FileChange {
  readonly added: readonly DataFile[]
  /** Live files that the added ones replace. */
  readonly removed: readonly DataFile[]
  readonly runId: string
  readonly inputHash: string
  /** `unique`: keys are unique per partition, so a foreign commit in a partition of this change calls for a rebase. */
  readonly keys: 'unique' | 'free'
  /** The added files hold the rows of the removed ones, and none that is newer than this sequence number. */
  readonly rewrites?: { readonly dataSequenceNumber: bigint; readonly mergeFrom: number }
  /** Further pairs of the snapshot's summary. */
  readonly summary?: Readonly<Record<string, string>>
  /** What the table says of itself from this commit on. */
  readonly properties?: Readonly<Record<string, string>>
}

/**
 * `already`: this run committed before. `rebase`: other writers changed the same partitions meanwhile;
 * nothing was committed, and the change must be computed again over the new head.
 */
export type FileCommit =
  | { readonly outcome: 'committed'; readonly table: LoadedTable; readonly snapshot: Snapshot }
  | { readonly outcome: 'already'; readonly table: LoadedTable; readonly snapshot: Snapshot }
  | { readonly outcome: 'rebase'; readonly table: LoadedTable }

/**
 * Makes written files visible in one commit. `base` is the table as it was when the change was computed. What others of this process commit to the
 * table at the same moment goes into the same version of it, a snapshot each.
 */
export function commitFiles(lake: Lake, base: LoadedTable, change: FileChange): Promise<FileCommit> {
  return lake.commits.join(tableKey(base.name), { lake, base, change })
}

/** A run id stands for one piece of work, also when the run that used it first never finished. Throws SLUICE_RUN_ID_TAKEN. */
export function refuseOtherWork(
  table: LoadedTable,
  own: Snapshot,
  work: Pick<FileChange, 'runId' | 'inputHash'>,
): void {
  if (own.summary[INPUT_HASH] === work.inputHash) return
  const message = `The run id ${work.runId} belongs to an unfinished run over other inputs, contracts or options; it has committed to ${table.name.layer}.${table.name.dataset}. Nothing was written.`
  throw new SluiceError('SLUICE_RUN_ID_TAKEN', message, {
    next: 'Repeat that run as it was, or choose another --run-id.',
  })
}

/** The snapshot that a run committed to a table, if it did. */
export function snapshotOfRun(table: LoadedTable, runId: string): Snapshot | undefined {
  return table.metadata.snapshots.find(snapshot => snapshot.summary[RUN_ID] === runId)
}
