import type { DataFile } from '../../iceberg/types.js'
import type { TableName } from '../../lake/catalog.js'
import { type Deps, systemDeps } from '../deps.js'
import type { Project } from '../project/project.js'
import { COMPACT_PREFIX } from '../record/runs-behind.js'
import { openWorkspace } from '../workspace.js'
import { type Compacting, type CompactPlan, compactTable, planCompaction } from './compact-table.js'
import { namedTables, shownName } from './named-tables.js'
import { rowOrder } from './row-order.js'

export interface CompactOptions {
  /** As `sluice tables` names them; none: all of the lake. */
  readonly tables: readonly string[]
  /** Says what would be rewritten; writes nothing. */
  readonly dryRun: boolean
}

/** What became of one table, or would. Files and bytes are of those that are joined, before and after. */
export interface CompactedTable {
  readonly table: string
  /** `given_up`: other writers changed the same partitions meanwhile. */
  readonly outcome: 'nothing' | 'planned' | 'compacted' | 'given_up'
  readonly partitions: number
  readonly files_before: number
  readonly bytes_before: number
  readonly files_after: number
  /** Null when it is not yet known. */
  readonly bytes_after: number | null
  /** Partitions' rewrites that were dropped for the changes of others. */
  readonly given_up: number
  readonly snapshot_id: string | null
}

/**
 * Joins the small files of tables, each table in one commit that changes no row (operation `replace`). Whoever reads meanwhile keeps what
 * it reads: no file is deleted. Throws SLUICE_TABLE_UNKNOWN, SLUICE_METADATA_CORRUPT, SLUICE_MANIFEST_CORRUPT, SLUICE_DATA_FILE_CORRUPT,
 * SLUICE_DATA_FILE_MISSING, SLUICE_COMMIT_CONFLICT, SLUICE_COMMIT_UNKNOWN and what the store throws; tables before are done then.
 */
export async function compact(
  project: Project,
  options: CompactOptions,
  deps: Deps = systemDeps,
): Promise<CompactedTable[]> {
  const runId = `${COMPACT_PREFIX}${deps.ids.runId(deps.clock.now())}`
  await using workspace = await openWorkspace(project, deps, {
    runId: options.dryRun ? undefined : runId,
    connections: 1,
  })
  try {
    return await compactIn(workspace, project, { ...options, runId })
  } catch (cause) {
    await workspace.takeBack(cause)
    throw cause
  }
}

/** The same in an open lake; `runId` begins with COMPACT_PREFIX. What a failure leaves is the caller's. */
export async function compactIn(
  workspace: Compacting['workspace'],
  project: Project,
  options: CompactOptions & { readonly runId: string },
): Promise<CompactedTable[]> {
  const done: CompactedTable[] = []
  for (const name of await namedTables(workspace.lake.catalog, options.tables))
    done.push(await compactNamed(name, { project, workspace, ...options }))
  return done
}

interface Work {
  readonly project: Project
  readonly workspace: Compacting['workspace']
  readonly runId: string
  readonly dryRun: boolean
}

async function compactNamed(name: TableName, { project, workspace, runId, dryRun }: Work): Promise<CompactedTable> {
  const table = await workspace.lake.catalog.load(name)
  const plan = table === undefined ? undefined : await planCompaction({ workspace }, table)
  const told = planned(name, plan)
  if (table === undefined || plan === undefined || dryRun || told.outcome === 'nothing') return told
  const orderOf = (of: typeof table): string[] => rowOrder(of, project.contracts)
  const compaction = await compactTable({ workspace, runId, orderOf }, table, plan)
  if (compaction.outcome === 'nothing') return told
  if (compaction.outcome === 'given up')
    return { ...told, ...NO_FILES, outcome: 'given_up', partitions: 0, given_up: compaction.rewrites }
  return {
    ...told,
    outcome: 'compacted',
    files_before: compaction.removed.length,
    bytes_before: bytesOf(compaction.removed),
    files_after: compaction.added.length,
    bytes_after: bytesOf(compaction.added.map(({ file }) => file)),
    given_up: compaction.givenUp,
    snapshot_id: String(compaction.snapshotId),
  }
}

const NO_FILES = { files_before: 0, bytes_before: 0, files_after: 0, bytes_after: 0 }

function planned(name: TableName, plan: CompactPlan | undefined): CompactedTable {
  const rewrites = plan?.rewrites ?? []
  const files = rewrites.flatMap(rewrite => rewrite.files)
  const isNothing = files.length === 0 && plan?.mergesManifests !== true
  return {
    table: shownName(name),
    outcome: isNothing ? 'nothing' : 'planned',
    partitions: new Set(rewrites.map(({ ordinal }) => ordinal)).size,
    files_before: files.length,
    bytes_before: bytesOf(files),
    files_after: rewrites.length,
    bytes_after: files.length === 0 ? 0 : null,
    given_up: 0,
    snapshot_id: null,
  }
}

function bytesOf(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + Number(file['file-size-in-bytes']), 0)
}
