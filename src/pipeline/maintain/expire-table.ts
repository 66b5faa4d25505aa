import { SluiceError } from '../../core/errors.js'
import type { Snapshot } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { chooseExpired, type Retention } from '../../lake/maintain/choose-expired.js'
import { unfinishedSnapshots } from './finished-runs.js'

const COMMIT_TRIES = 20

/**
 * The snapshots of a table that may go. Those of unfinished runs stay, and what they were committed over: a run that died is finished by
 * the same command, which looks for both.
 */
export async function expiredSnapshots(
  lake: Lake,
  { metadata }: LoadedTable,
  retention: Retention,
  nowMs: number,
): Promise<Snapshot[]> {
  const candidates = new Set(chooseExpired(metadata, retention, nowMs).map(one => one['snapshot-id']))
  const asked = metadata.snapshots.filter(
    one => candidates.has(one['snapshot-id']) || candidates.has(one['parent-snapshot-id'] ?? -1n),
  )
  const unfinished = await unfinishedSnapshots(lake.store, asked)
  return chooseExpired(metadata, retention, nowMs, one => unfinished.has(one['snapshot-id']))
}

/**
 * Takes snapshots out of a table's metadata, and nothing else. Other writers may commit meanwhile: then it is decided anew over what they
 * made. Throws SLUICE_COMMIT_CONFLICT, SLUICE_COMMIT_UNKNOWN.
 */
export async function expireSnapshots(
  lake: Lake,
  base: LoadedTable,
  choose: (table: LoadedTable) => Promise<readonly Snapshot[]>,
): Promise<{ readonly table: LoadedTable; readonly expired: readonly Snapshot[] }> {
  let table: LoadedTable | undefined = base
  for (let tries = 0; tries < COMMIT_TRIES && table !== undefined; tries++) {
    const expired = await choose(table)
    if (expired.length === 0) return { table, expired }
    const commit = await lake.catalog.commit(
      table,
      [{ type: 'assert-table-uuid', uuid: table.metadata['table-uuid'] }],
      [{ action: 'remove-snapshots', 'snapshot-ids': expired.map(one => one['snapshot-id']) }],
    )
    if (commit.outcome === 'committed') return { table: commit.table, expired }
    if (commit.outcome === 'unknown') throw unknown(table, commit.cause)
    table = await lake.catalog.load(base.name)
  }
  const message = `Other writers kept changing ${base.name.layer}.${base.name.dataset}: no snapshot of it was expired.`
  throw new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}

function unknown({ name }: LoadedTable, cause: unknown): SluiceError {
  const message = `Whether snapshots of ${name.layer}.${name.dataset} were expired cannot be said. No file was deleted.`
  return new SluiceError('SLUICE_COMMIT_UNKNOWN', message, { next: 'Run the same command again.' }, cause)
}
