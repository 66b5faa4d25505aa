import { isoTime } from '../../core/clock.js'
import type { TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { type Retention, retentionOf } from '../../lake/maintain/choose-expired.js'
import { prunableMetadata, pruneMetadata } from '../../lake/maintain/prune-metadata.js'
import { type Deps, systemDeps } from '../deps.js'
import type { Project } from '../project/project.js'
import { openMetadata } from '../read/tables.js'
import { openSpool } from '../spool.js'
import { expiredSnapshots, expireSnapshots } from './expire-table.js'
import { namedTables, shownName } from './named-tables.js'
import { dropPast, pastFiles } from './past-rows.js'

export interface ExpireOptions {
  /** As `sluice tables` names them; none: all of the lake. */
  readonly tables: readonly string[]
  /** Snapshots that are younger stay, in milliseconds; undefined: as each table says. */
  readonly olderThanMs?: number | undefined
  /** So many of the newest stay however old; undefined: as each table says. */
  readonly keep?: number | undefined
  /** Says what would go; writes and deletes nothing. */
  readonly dryRun: boolean
}

/** What went of one table, or would. */
export interface ExpiredTable {
  readonly table: string
  readonly outcome: 'nothing' | 'planned' | 'expired'
  readonly snapshots: number
  readonly snapshots_left: number
  /** The earliest moment that can still be asked for, ISO 8601; null for a table without data. */
  readonly readable_from: string | null
  /** Rows and files of whole partitions that are older than the contract's retention. */
  readonly past_rows: number
  readonly past_files: number
  readonly metadata_files: number
  readonly metadata_bytes: number
}

/**
 * Forgets the past of tables: partitions older than the `retention` of their contracts, then snapshots by age and number, then metadata files
 * that nothing needs. Data files stay where they are, also those that no snapshot names any more: `gc` deletes them. Throws SLUICE_TABLE_UNKNOWN,
 * SLUICE_METADATA_CORRUPT, SLUICE_COMMIT_CONFLICT, SLUICE_COMMIT_UNKNOWN and what the store throws; tables before are done then.
 */
export async function expire(
  project: Project,
  options: ExpireOptions,
  deps: Deps = systemDeps,
): Promise<ExpiredTable[]> {
  const lake = await openMetadata(project, deps)
  const runId = `${EXPIRE_PREFIX}${deps.ids.runId(deps.clock.now())}`
  await namedTables(lake.catalog, options.tables)
  // Shows `gc` that somebody writes.
  const { workFolder, workFolderOf } = lake.store.capabilities
  const spool = options.dryRun ? undefined : await openSpool(workFolder, runId, workFolderOf)
  try {
    return await expireIn(lake, project, { ...options, runId })
  } finally {
    await spool?.remove()
  }
}

/** The same in an open lake; `runId` names what it commits. */
export async function expireIn(
  lake: Lake,
  project: Project,
  { runId, ...options }: ExpireOptions & { readonly runId: string },
): Promise<ExpiredTable[]> {
  const done: ExpiredTable[] = []
  for (const name of await namedTables(lake.catalog, options.tables))
    done.push(await expireNamed(name, { project, lake, options, runId }))
  return done
}

/** How the ids of what is let go begin. */
export const EXPIRE_PREFIX = 'expire-'

interface Work {
  readonly project: Project
  readonly lake: Lake
  readonly options: ExpireOptions
  readonly runId: string
}

async function expireNamed(name: TableName, { project, lake, options, runId }: Work): Promise<ExpiredTable> {
  const nowMs = lake.clock.now()
  const found = await lake.catalog.load(name)
  if (found === undefined) return { table: shownName(name), outcome: 'nothing', ...NOTHING }
  const past = options.dryRun ? await pastFiles(lake, found, project.contracts, nowMs) : []
  const dropped = options.dryRun ? undefined : await dropPast(lake, found, project.contracts, { nowMs, runId })
  const base = dropped?.table ?? found
  const asked: Partial<Retention> = {
    ...(options.olderThanMs !== undefined && { maxAgeMs: options.olderThanMs }),
    ...(options.keep !== undefined && { minKept: options.keep }),
  }
  const choose = (table: typeof base) => {
    const told = retentionOf(table.metadata.properties, asked)
    // The snapshot that was the newest until this command took rows out counts as the newest still.
    const minKept = told.minKept + (dropped === undefined || dropped.files.length === 0 ? 0 : 1)
    return expiredSnapshots(lake, table, { ...told, minKept }, nowMs)
  }
  const { table, expired } = options.dryRun
    ? { table: base, expired: await choose(base) }
    : await expireSnapshots(lake, base, choose)
  const metadata = await prunableMetadata(lake.store, table, nowMs)
  if (!options.dryRun) await pruneMetadata(lake.store, metadata)
  const gone = new Set(expired.map(one => one['snapshot-id']))
  const left = table.metadata.snapshots.filter(one => !gone.has(one['snapshot-id']))
  const files = dropped?.files ?? past
  const isNothing = expired.length + metadata.length + files.length === 0
  return {
    table: shownName(name),
    outcome: isNothing ? 'nothing' : options.dryRun ? 'planned' : 'expired',
    snapshots: expired.length,
    snapshots_left: left.length + (past.length > 0 ? 1 : 0),
    readable_from: left[0] === undefined ? null : isoTime(left[0]['timestamp-ms']),
    past_rows: files.reduce((sum, file) => sum + Number(file['record-count']), 0),
    past_files: files.length,
    metadata_files: metadata.length,
    metadata_bytes: metadata.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

const NOTHING = {
  snapshots: 0,
  snapshots_left: 0,
  readable_from: null,
  past_rows: 0,
  past_files: 0,
  metadata_files: 0,
  metadata_bytes: 0,
}
