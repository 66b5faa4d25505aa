import { SluiceError } from '../core/errors.js'
import { manifestsToRead } from '../iceberg/manifest-plan.js'
import { produceSnapshot } from '../iceberg/snapshot.js'
import type { ManifestEntry, Snapshot, SnapshotOperation } from '../iceberg/types.js'
import type { Update } from '../iceberg/update.js'
import { applyUpdates } from '../iceberg/updates.js'
import type { LoadedTable } from './catalog.js'
import { type FileChange, INPUT_HASH, RUN_ID, refuseOtherWork, snapshotOfRun } from './commit-files.js'
import type { Member } from './commit-groups.js'
import { currentSchema } from './open-table.js'
import { overlaps } from './overlaps.js'
import { currentSnapshot, entriesOf, manifestsOf } from './scan.js'
import { keyOf } from './table-location.js'
import { mapConcurrently } from './write-files.js'

const COMMIT_TRIES = 20
const MANIFESTS_AT_ONCE = 8

/**
 * Commits the changes of several writers to one table as one version of it, a snapshot each, and tells each what came of its own. Gives back those
 * that are to be tried again, after it: they clash with another one of the group, or the first one's store failed. Never throws.
 */
export async function commitGroup(members: readonly Member[]): Promise<Member[]> {
  const [first] = members
  const { catalog } = first!.lake
  let open = members
  try {
    // One alone is as quick as if there were no groups: its base is the newest table that it knows.
    let table = members.length === 1 ? first!.base : await loaded(first!)
    for (let tries = 0; tries < COMMIT_TRIES; tries++) {
      const draft = await drafted(open, table)
      if (draft.accepted.length === 0) return draft.clashing
      const { accepted, updates } = draft
      open = [...accepted.map(({ member }) => member), ...draft.clashing]
      const head = currentSnapshot(table)?.['snapshot-id'] ?? null
      const outcome = await catalog.commit(
        table,
        [
          { type: 'assert-table-uuid', uuid: table.metadata['table-uuid'] },
          { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': head },
        ],
        updates,
      )
      if (outcome.outcome === 'committed') {
        for (const { member, snapshot } of accepted)
          member.resolve({ outcome: 'committed', table: outcome.table, snapshot })
        return draft.clashing
      }
      if (outcome.outcome === 'unknown') {
        for (const { member } of accepted) member.reject(uncertain(table, outcome.cause))
        return draft.clashing
      }
      table = await loaded(first!)
    }
    for (const member of open) member.reject(conflict(table))
    return []
  } catch (cause) {
    // The store of the first one's run failed, or is shut: that is not the others' fault.
    first!.reject(cause)
    return open.filter(member => member !== first)
  }
}

interface Draft {
  readonly accepted: readonly { readonly member: Member; readonly snapshot: Snapshot }[]
  /** Members that change what another one of the group changes. */
  readonly clashing: Member[]
  readonly updates: Update[]
}

/** Puts the snapshots of members one upon the other, over a table. Whoever has an outcome already, or can have none, is told. */
async function drafted(members: readonly Member[], table: LoadedTable): Promise<Draft> {
  const accepted: { member: Member; snapshot: Snapshot }[] = []
  const clashing: Member[] = []
  const updates: Update[] = []
  let top = table
  for (const member of members) {
    const { lake, base, change } = member
    try {
      const own = snapshotOfRun(table, change.runId)
      if (own !== undefined) {
        refuseOtherWork(table, own, change)
        member.resolve({ outcome: 'already', table, snapshot: own })
      } else if (table.version !== base.version && (await overlaps(lake, base, table, change)))
        member.resolve({ outcome: 'rebase', table })
      else if (
        snapshotOfRun(top, change.runId) !== undefined ||
        (top !== table && (await overlaps(lake, base, top, change)))
      )
        clashing.push(member)
      else {
        const made = await snapshotFor(member, top)
        if (made === undefined) member.resolve({ outcome: 'rebase', table })
        else {
          accepted.push({ member, snapshot: made.snapshot })
          updates.push(...made.updates)
          top = { ...top, metadata: applyUpdates(top.metadata, made.updates, lake.clock.now()) }
        }
      }
    } catch (cause) {
      member.reject(cause)
    }
  }
  return { accepted, clashing, updates }
}

/** Writes the manifests of a change over a table; undefined when a file that it removes is not there any more. */
async function snapshotFor(
  { lake, change }: Member,
  table: LoadedTable,
): Promise<{ readonly snapshot: Snapshot; readonly updates: Update[] } | undefined> {
  const manifests = await manifestsOf(lake, table, currentSnapshot(table))
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
  if (produced.outcome === 'missing') return undefined
  // Nobody sees any of them before the commit, so their order does not matter.
  await mapConcurrently(produced.files, MANIFESTS_AT_ONCE, file => lake.store.put(keyOf(table, file.path), file.bytes))
  const { snapshot } = produced
  return {
    snapshot,
    updates: [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshot['snapshot-id'] },
      ...(change.properties === undefined ? [] : [{ action: 'set-properties' as const, updates: change.properties }]),
    ],
  }
}

function operationOf(change: FileChange): SnapshotOperation {
  if (change.rewrites !== undefined) return 'replace'
  if (change.removed.length === 0) return 'append'
  return change.added.length === 0 ? 'delete' : 'overwrite'
}

async function loaded({ lake, base }: Member): Promise<LoadedTable> {
  const table = await lake.catalog.load(base.name)
  if (table !== undefined) return table
  const message = `The table ${textOf(base)} disappeared during a commit.`
  throw new SluiceError('SLUICE_METADATA_CORRUPT', message)
}

function conflict(table: LoadedTable): SluiceError {
  const message = `${COMMIT_TRIES} commits to ${textOf(table)} lost against other writers. Nothing of this table was published.`
  return new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}

function uncertain(table: LoadedTable, cause: unknown): SluiceError {
  const message = `Whether ${textOf(table)} was committed cannot be said.`
  return new SluiceError('SLUICE_COMMIT_UNKNOWN', message, {}, cause)
}

function textOf({ name }: LoadedTable): string {
  return `${name.layer}.${name.dataset}`
}
