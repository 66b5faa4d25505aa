import { SluiceError } from '../core/errors.js'
import { manifestsToRead } from '../iceberg/manifest-plan.js'
import { produceSnapshot } from '../iceberg/snapshot.js'
import type { DataFile, ManifestEntry, Snapshot, SnapshotOperation } from '../iceberg/types.js'
import type { LoadedTable } from './catalog.js'
import type { Lake } from './lake.js'
import { currentSchema } from './open-table.js'
import { currentSnapshot, entriesOf, manifestsOf, ordinalOf, snapshotById } from './scan.js'
import { keyOf } from './table-location.js'

export const RUN_ID = 'sluice.run-id'
export const INPUT_HASH = 'sluice.input-hash'
const COMMIT_TRIES = 20

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

/** Makes written files visible in one commit. `base` is the table as it was when the change was computed. */
export async function commitFiles(lake: Lake, base: LoadedTable, change: FileChange): Promise<FileCommit> {
  let table = base
  for (let tries = 0; tries < COMMIT_TRIES; tries++) {
    const own = snapshotOfRun(table, change.runId)
    if (own !== undefined) refuseOtherWork(table, own, change)
    if (own !== undefined) return { outcome: 'already', table, snapshot: own }
    if (tries > 0 && (await overlaps(lake, base, table, change))) return { outcome: 'rebase', table }
    const committed = await tryCommit(lake, table, change)
    if (committed !== undefined) return committed
    const fresh = await lake.catalog.load(base.name)
    if (fresh === undefined)
      throw new SluiceError(
        'SLUICE_METADATA_CORRUPT',
        `The table ${base.name.layer}.${base.name.dataset} disappeared during a commit.`,
      )
    table = fresh
  }
  throw new SluiceError(
    'SLUICE_COMMIT_CONFLICT',
    `${COMMIT_TRIES} commits to ${base.name.layer}.${base.name.dataset} lost against other writers. Nothing of this table was published.`,
  )
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

async function tryCommit(lake: Lake, table: LoadedTable, change: FileChange): Promise<FileCommit | undefined> {
  const head = currentSnapshot(table)
  const manifests = await manifestsOf(lake, table, head)
  const removed = new Set(change.removed.map(file => file['file-path']))
  const entries = new Map<string, readonly ManifestEntry[]>()
  const specId = table.metadata['default-spec-id']
  const plan = {
    manifests,
    specs: table.metadata['partition-specs'],
    schema: currentSchema(table),
    removedPaths: removed,
    partitions: change.removed.map(file => ({ specId, tuple: file.partition })),
    mergeFrom: change.rewrites?.mergeFrom,
  }
  for (const manifest of manifestsToRead(plan)) {
    entries.set(manifest['manifest-path'], await entriesOf(lake, table, manifest))
  }
  const produced = produceSnapshot({
    metadata: table.metadata,
    operation: operationOf(change),
    added: change.added,
    removed,
    manifests,
    entries,
    snapshotId: lake.ids.snapshotId(),
    commitUuid: lake.ids.uuid(),
    timestampMs: Math.max(lake.clock.now(), table.metadata['last-updated-ms']),
    summary: { ...change.summary, [RUN_ID]: change.runId, [INPUT_HASH]: change.inputHash },
    ...change.rewrites,
  })
  if (produced.outcome === 'missing') return { outcome: 'rebase', table }
  for (const file of produced.files) await lake.store.put(keyOf(table, file.path), file.bytes)
  const { snapshot } = produced
  const outcome = await lake.catalog.commit(
    table,
    [
      { type: 'assert-table-uuid', uuid: table.metadata['table-uuid'] },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': head?.['snapshot-id'] ?? null },
    ],
    [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshot['snapshot-id'] },
      ...(change.properties === undefined ? [] : [{ action: 'set-properties' as const, updates: change.properties }]),
    ],
  )
  if (outcome.outcome === 'committed') return { outcome: 'committed', table: outcome.table, snapshot }
  if (outcome.outcome === 'conflict') return undefined
  throw new SluiceError(
    'SLUICE_COMMIT_UNKNOWN',
    `Whether ${table.name.layer}.${table.name.dataset} was committed cannot be said.`,
    {},
    outcome.cause,
  )
}

function operationOf(change: FileChange): SnapshotOperation {
  if (change.rewrites !== undefined) return 'replace'
  if (change.removed.length === 0) return 'append'
  return change.added.length === 0 ? 'delete' : 'overwrite'
}

/** Whether a partition of the change looks otherwise now than when it was computed. */
async function overlaps(lake: Lake, base: LoadedTable, table: LoadedTable, change: FileChange): Promise<boolean> {
  if (change.keys === 'free' || onlyReplaced(base, table)) return false
  const touched = new Set([...change.added, ...change.removed].map(file => ordinalOf(table, file)))
  const before = await pathsIn(lake, base, touched)
  const now = await pathsIn(lake, table, touched)
  return before.size !== now.size || [...now].some(path => !before.has(path))
}

/** Whether since `base` rows only moved to other files: what was computed over them stands. */
function onlyReplaced(base: LoadedTable, table: LoadedTable): boolean {
  const from = currentSnapshot(base)?.['snapshot-id']
  let snapshot = currentSnapshot(table)
  while (snapshot !== undefined && snapshot['snapshot-id'] !== from) {
    const parent = snapshot['parent-snapshot-id']
    if (snapshot.summary.operation !== 'replace' || parent === undefined) return false
    snapshot = snapshotById(table, parent)
  }
  return snapshot !== undefined
}

async function pathsIn(lake: Lake, table: LoadedTable, ordinals: ReadonlySet<number>): Promise<Set<string>> {
  const paths = new Set<string>()
  for (const manifest of await manifestsOf(lake, table, currentSnapshot(table))) {
    for (const entry of await entriesOf(lake, table, manifest)) {
      if (entry.status !== 'deleted' && ordinals.has(ordinalOf(table, entry['data-file'])))
        paths.add(entry['data-file']['file-path'])
    }
  }
  return paths
}
