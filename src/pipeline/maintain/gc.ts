import { SluiceError } from '../../core/errors.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { layersOf } from '../../lake/file-catalog.js'
import type { Lake } from '../../lake/lake.js'
import { reachableFiles } from '../../lake/maintain/reachable-files.js'
import { metadataKey } from '../../lake/metadata-version.js'
import { tableKey } from '../../lake/table-location.js'
import type { ObjectEntry } from '../../storage/object-store.js'
import { type Deps, systemDeps } from '../deps.js'
import type { Project } from '../project/project.js'
import { openMetadata } from '../read/tables.js'
import { type FoundSpool, spoolsIn } from '../spool.js'
import { shownName } from './named-tables.js'

export interface GcOptions {
  /** Files that were written, and metadata that was the newest, since so long ago stay, with all that it names; milliseconds. */
  readonly olderThanMs: number
  /** Deletes. Without it nothing is deleted: it is said what would be. */
  readonly yes: boolean
}

export interface Garbage {
  readonly outcome: 'nothing' | 'planned' | 'deleted'
  readonly files: number
  readonly bytes: number
  readonly tables: readonly GarbageOfTable[]
  /** Files that nothing names and that stay: too young, or of a run that may be under way. */
  readonly kept_files: number
  readonly kept_bytes: number
  /** Writes that processes began and never finished; null where the store does not let them be listed. */
  readonly unfinished: UnfinishedGarbage | null
  /** Processes that may be writing: while there is one, nothing younger than a day goes. */
  readonly under_way: readonly string[]
}

/** Files under temporary names, or uploads in parts. Bytes as far as the store says them. */
export interface UnfinishedGarbage {
  readonly writes: number
  readonly bytes: number
}

export interface GarbageOfTable {
  readonly table: string
  readonly files: number
  readonly bytes: number
  /** By their keys in the lake. */
  readonly keys: readonly string[]
}

/** While somebody writes, and on stores where nobody can be seen, files of a day stay whatever is asked: a commit may come to name them. */
export const LEAST_AGE_MS = 86_400_000

/**
 * Deletes the files of tables that no snapshot names any more, and none that somebody may still read or name: see `reachableFiles`; and what is left
 * of writes that were begun more than a day ago and never finished. Captures, records, states and metadata files are not touched. Anything that cannot be read ends it while nothing is deleted. Throws
 * SLUICE_METADATA_CORRUPT, SLUICE_MANIFEST_CORRUPT, SLUICE_DATA_FILE_MISSING and what the store throws; the same again goes on.
 */
export async function collectGarbage(project: Project, options: GcOptions, deps: Deps = systemDeps): Promise<Garbage> {
  return collectIn(await openMetadata(project, deps), options)
}

/** The same in an open lake. */
export async function collectIn(lake: Lake, options: GcOptions): Promise<Garbage> {
  // In this order: whoever had written a listed file is seen at work here, or has committed what is read next.
  const listed = await listedFiles(lake)
  const { workFolder: root, workers } = lake.store.capabilities
  const writers = await living(root)
  const isQuiet = writers.length === 0 && workers === 'all'
  const sinceMs = lake.clock.now() - (isQuiet ? options.olderThanMs : Math.max(options.olderThanMs, LEAST_AGE_MS))
  const found: { table: LoadedTable; garbage: ObjectEntry[]; kept: ObjectEntry[] }[] = []
  for (const name of await lake.catalog.list()) {
    const table = await lake.catalog.load(name)
    if (table === undefined) continue
    const own = listed.filter(({ key }) => key.startsWith(`${tableKey(name)}/`))
    const reachable = await reachableFiles(lake, table, sinceMs)
    const unnamed = own.filter(({ key }) => !reachable.has(key))
    const garbage = unnamed.filter(file => file.modifiedMs < sinceMs && !isUnderWay(file.key, writers))
    found.push({ table, garbage, kept: unnamed.filter(file => !garbage.includes(file)) })
  }
  const { yes } = options
  // No write takes a day; nobody is asked who writes, because not everybody who does can be seen.
  const begunBefore = lake.clock.now() - Math.max(options.olderThanMs, LEAST_AGE_MS)
  const unfinished = await unfinishedIn(lake, begunBefore, 'list')
  const tables: GarbageOfTable[] = []
  const kept = found.flatMap(one => one.kept)
  for (const { table, garbage } of found) {
    const files = yes ? await deleteAll(garbage, table, { lake, root, sinceMs }) : garbage
    if (files.length > 0)
      tables.push({ table: shownName(table.name), ...sizeOf(files), keys: files.map(({ key }) => key) })
  }
  const size = tables.reduce((sum, one) => ({ files: sum.files + one.files, bytes: sum.bytes + one.bytes }), sizeOf([]))
  const { files: kept_files, bytes: kept_bytes } = sizeOf(kept)
  if (yes && unfinished !== null && unfinished.writes > 0) await unfinishedIn(lake, begunBefore, 'discard')
  const isNothing = size.files === 0 && (unfinished?.writes ?? 0) === 0
  const outcome = isNothing ? 'nothing' : yes ? 'deleted' : 'planned'
  return {
    outcome,
    ...size,
    tables,
    kept_files,
    kept_bytes,
    unfinished,
    under_way: writers.map(({ runId }) => runId ?? 'unknown'),
  }
}

/** Data files, manifests and their lists; anything else below a table is not ours to judge. */
async function listedFiles(lake: Lake): Promise<ObjectEntry[]> {
  const listed: ObjectEntry[] = []
  for (const layer of await layersOf(lake.store))
    for await (const entry of lake.store.list(`${layer}/`)) if (/\.(parquet|avro)$/.test(entry.key)) listed.push(entry)
  return listed
}

/** Processes at work on a lake, as far as can be told: what is not certainly dead lives. */
async function living(root: string): Promise<FoundSpool[]> {
  return (await spoolsIn(root)).filter(({ state }) => state !== 'dead')
}

/** A run that is repeated takes up the files that it had written before. */
function isUnderWay(key: string, writers: readonly FoundSpool[]): boolean {
  const run = /\/run_id=(.+)-[0-9a-f]{8}\.parquet$/.exec(key)?.[1]
  return run !== undefined && writers.some(({ runId }) => (runId ?? run) === run)
}

interface Deleting {
  readonly lake: Lake
  readonly root: string
  readonly sinceMs: number
}

/** Deletes what is still garbage right before each deletion. */
async function deleteAll(
  garbage: readonly ObjectEntry[],
  seen: LoadedTable,
  { lake, root, sinceMs }: Deleting,
): Promise<ObjectEntry[]> {
  let table = seen
  let reachable: ReadonlySet<string> = new Set()
  const deleted: ObjectEntry[] = []
  for (const file of garbage) {
    if ((await lake.store.head(metadataKey(table.name, table.version + 1))) !== undefined) {
      table = (await lake.catalog.load(table.name))!
      reachable = await reachableFiles(lake, table, sinceMs)
    }
    if (reachable.has(file.key) || isUnderWay(file.key, await living(root))) continue
    await lake.store.delete(file.key)
    deleted.push(file)
  }
  return deleted
}

/** Null where whoever runs this may not list them: all else is collected without that permission. */
async function unfinishedIn(
  { store }: Lake,
  begunBefore: number,
  then: 'list' | 'discard',
): Promise<UnfinishedGarbage | null> {
  try {
    const found = await store.unfinished(begunBefore, then)
    return { writes: found.length, bytes: found.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0) }
  } catch (cause) {
    if (cause instanceof SluiceError && cause.code === 'SLUICE_STORE_DENIED' && then === 'list') return null
    throw cause
  }
}

function sizeOf(files: readonly ObjectEntry[]): { readonly files: number; readonly bytes: number } {
  return { files: files.length, bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
}
