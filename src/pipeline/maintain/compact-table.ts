import { SluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { mergeGroups } from '../../iceberg/manifest-plan.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { commitFiles } from '../../lake/commit-files.js'
import type { Lake } from '../../lake/lake.js'
import { chooseRewrites, type Rewrite, targetBytes } from '../../lake/maintain/choose-rewrites.js'
import { currentSchema } from '../../lake/open-table.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { currentSnapshot, dataFiles, manifestsOf, ordinalOf, readObject } from '../../lake/scan.js'
import { keyOf } from '../../lake/table-location.js'
import {
  discardFiles,
  type FileWriter,
  onSingleThreads,
  type WrittenFile,
  writePartition,
} from '../../lake/write-files.js'
import { RUNS_NOTE, runsBehind } from '../record/runs-behind.js'
import type { Workspace } from '../workspace.js'
import { settledFiles } from './settled-files.js'

/** So many small manifests of a table become one when it is compacted: fewer cost a reader nothing. */
const MERGE_FROM = 10
const COMMIT_TRIES = 20

/** What a compaction works with. */
export interface Compacting {
  readonly workspace: Pick<Workspace, 'lake' | 'engines' | 'spool'>
  /** Begins with COMPACT_PREFIX. */
  readonly runId: string
  /** The columns that order the rows of a table's files. */
  orderOf(table: LoadedTable): readonly string[]
}

/** What is to be done about a table. */
export interface CompactPlan {
  readonly rewrites: readonly Rewrite[]
  /** Whether there are so many small manifests that they are merged. */
  readonly mergesManifests: boolean
}

export type Compaction =
  | { readonly outcome: 'nothing' }
  /** Other writers changed all the partitions meanwhile: they are as those left them. */
  | { readonly outcome: 'given up'; readonly rewrites: number }
  | {
      readonly outcome: 'compacted'
      readonly table: LoadedTable
      readonly snapshotId: bigint
      readonly removed: readonly DataFile[]
      readonly added: readonly WrittenFile[]
      /** Rewrites that were dropped, because another writer took out one of their files. */
      readonly givenUp: number
    }

/**
 * What a table needs; of partitions with at least so many small files. Throws SLUICE_MANIFEST_CORRUPT, SLUICE_DATA_FILE_MISSING.
 */
export async function planCompaction(
  { workspace: { lake } }: Pick<Compacting, 'workspace'>,
  table: LoadedTable,
  leastFiles = 2,
): Promise<CompactPlan> {
  const target = targetBytes(table.metadata.properties)
  const choose = (files: readonly DataFile[]): Rewrite[] =>
    chooseRewrites(files, file => ordinalOf(table, file), target).filter(({ files: own }) => own.length >= leastFiles)
  // Records are read of runs only whose files would be joined.
  const wanted = choose(await dataFiles(lake, table)).flatMap(({ files }) => files)
  const manifests = await manifestsOf(lake, table, currentSnapshot(table))
  return {
    rewrites: choose(await settledFiles(lake, table, wanted)),
    mergesManifests: mergeGroups(manifests, MERGE_FROM).length > 0,
  }
}

/**
 * Writes small files of each partition as one, ordered as other writers order them, and puts these in their place in one commit that
 * changes no row. What other writers append meanwhile stays. A partition that one of them rewrote is left as it made it.
 */
export async function compactTable(
  compacting: Compacting,
  table: LoadedTable,
  { rewrites, mergesManifests }: CompactPlan,
): Promise<Compaction> {
  if (rewrites.length === 0 && !mergesManifests) return { outcome: 'nothing' }
  const { engines } = compacting.workspace
  const write = async (): Promise<Done[]> => {
    const done: Done[] = []
    for (const rewrite of rewrites) done.push(await writeRewrite(compacting, table, rewrite))
    return done
  }
  // Small files by one thread: several on one cost twice the time.
  return commitRewrites(compacting, table, await onSingleThreads(engines[0]!, write))
}

interface Done {
  readonly rewrite: Rewrite
  readonly written: WrittenFile
}

async function writeRewrite(
  { workspace, runId, orderOf }: Compacting,
  table: LoadedTable,
  rewrite: Rewrite,
): Promise<Done> {
  const { lake, engines, spool } = workspace
  const [engine] = engines
  await refuseChanged(lake, table, rewrite.files)
  const rows = await readFilesSql(lake, table, currentSchema(table), rewrite.files)
  const order = orderOf(table).map(quoteIdent).join(', ')
  const notes = table.name.layer === 'bronze' ? await runsNote(lake, table, rewrite.files, engine!) : {}
  const writer: FileWriter = { lake, table, runId, spool, notes }
  const written = await writePartition(writer, engine!, rewrite.ordinal, `SELECT * FROM (${rows}) ORDER BY ${order}`)
  refuseLoss(table, rewrite, written)
  return { rewrite, written: written! }
}

async function runsNote(
  lake: Lake,
  table: LoadedTable,
  files: readonly DataFile[],
  engine: Engine,
): Promise<Record<string, string>> {
  const runs = [...(await runsBehind(lake, table, files, engine)).values()].flat()
  return { [RUNS_NOTE]: [...new Set(runs)].sort().join(',') }
}

/** What was changed by hand must not be made good by writing it anew. Throws SLUICE_DATA_FILE_CORRUPT, SLUICE_DATA_FILE_MISSING. */
async function refuseChanged(lake: Lake, table: LoadedTable, files: readonly DataFile[]): Promise<void> {
  for (const file of files) {
    const key = keyOf(table, file['file-path'])
    const bytes = await readObject(lake, key)
    const told = /-([0-9a-f]{8})\.parquet$/.exec(key)?.[1]
    const isOwn = told === undefined || sha256Hex(bytes).startsWith(told)
    if (!isOwn || bytes.length !== Number(file['file-size-in-bytes'])) throw corrupt(key, 'is not what was written')
  }
}

function refuseLoss(table: LoadedTable, { files }: Rewrite, written: WrittenFile | undefined): void {
  const rows = files.reduce((sum, file) => sum + file['record-count'], 0n)
  const found = written?.file['record-count'] ?? 0n
  if (found === rows) return
  throw corrupt(keyOf(table, files[0]!['file-path']), `and those beside it have ${found} rows, not ${rows}`)
}

function corrupt(file: string, what: string): SluiceError {
  const message = `The data file ${file} ${what}. The table was left as it is.`
  return new SluiceError('SLUICE_DATA_FILE_CORRUPT', message, { place: { file } })
}

/** Commits what still can be: a rewrite one of whose files is gone would bring back rows that another writer took out. */
async function commitRewrites(
  { workspace: { lake }, runId }: Compacting,
  table: LoadedTable,
  done: readonly Done[],
): Promise<Compaction> {
  const dataSequenceNumber = table.metadata['last-sequence-number']
  let [head, open] = [table, done]
  for (let tries = 0; tries < COMMIT_TRIES; tries++) {
    const removed = open.flatMap(({ rewrite }) => rewrite.files)
    const added = open.map(({ written }) => written)
    const files = { added: added.map(({ file }) => file), removed }
    const rewrites = { dataSequenceNumber, mergeFrom: MERGE_FROM }
    const commit = await commitFiles(lake, head, { ...files, runId, inputHash: '', keys: 'free', rewrites })
    if (commit.outcome !== 'rebase') {
      const givenUp = done.length - open.length
      return {
        outcome: 'compacted',
        table: commit.table,
        snapshotId: commit.snapshot['snapshot-id'],
        removed,
        added,
        givenUp,
      }
    }
    head = commit.table
    const live = new Set((await dataFiles(lake, head)).map(file => file['file-path']))
    const stands = ({ rewrite }: Done): boolean => rewrite.files.every(file => live.has(file['file-path']))
    const lost = open.filter(one => !stands(one))
    await discardFiles(
      lake,
      lost.map(({ written }) => written),
    )
    open = open.filter(stands)
    if (open.length === 0) return { outcome: 'given up', rewrites: done.length }
  }
  const message = `Other writers kept changing ${table.name.layer}.${table.name.dataset}: it could not be compacted. Nothing of it was changed.`
  throw new SluiceError('SLUICE_COMMIT_CONFLICT', message)
}
