import { join } from 'node:path'
import { type Salvaged, salvageSegments } from '../bronze/salvage.js'
import { SPOOLED_SEGMENT } from '../bronze/segment-writer.js'
import { asSluiceError, SluiceError } from '../core/errors.js'
import type { Interval } from '../core/interval.js'
import { type DuckDb, type DuckDbConnection, openDuckDb } from '../engine/duckdb.js'
import { isReadablePath } from '../engine/file-sql.js'
import { type CommitGroups, commitGroupsAt } from '../lake/commit-groups.js'
import { fileCatalog } from '../lake/file-catalog.js'
import { type Lake, openLakeOn } from '../lake/lake.js'
import { checkLayout } from '../lake/layout.js'
import { takeBack } from '../lake/orphans.js'
import { runStore } from '../lake/run-store.js'
import { countingStore } from '../storage/counting-store.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { StoreCounts } from '../storage/store-counts.js'
import type { Deps } from './deps.js'
import { projectStore } from './lake-store.js'
import { type Attempt, openAttempt } from './ledger/attempt.js'
import { type LineageStream, openLineageStream } from './openlineage/lineage-stream.js'
import type { Project } from './project/project.js'
import { type FoundSpool, openSpool, removeDeadSpools, type Spool, spoolsIn } from './spool.js'

/** A lake and an engine, open together. Close it: it owns a temporary folder and DuckDB's memory. */
export interface Workspace extends AsyncDisposable {
  readonly lake: Lake
  readonly counts: () => StoreCounts
  /** Captures of dead processes that came into the lake when the workspace was opened. */
  readonly salvaged: readonly Salvaged[]
  readonly db: DuckDb
  /** The first does the set operations, all write files side by side. */
  readonly engines: readonly DuckDbConnection[]
  /** A folder of this workspace alone, on the lake's disk, so that finished files move into place without a copy. */
  readonly spool: string
  /**
   * For a run that failed, and with what: notes the attempt, stops its writes and deletes the files that it has moved into the lake and that nothing names.
   * Deletes nothing when the outcome of a commit is unknown, or while another process may be at the same run. Whether a commit of the run stands. Never throws.
   */
  takeBack(cause: unknown): Promise<boolean>
  /** What the ledger is told of a run that writes. */
  readonly attempt: Attempt
  /** Undefined for a project that tells nobody of lineage. */
  readonly lineageStream: LineageStream | undefined
}

export interface WorkspaceOptions {
  /** The run that writes; undefined for a reader, which leaves the lake as it is. */
  readonly runId: string | undefined
  readonly connections: number
  /** The time that the run is made for, where it is not the present. */
  readonly interval?: Interval | undefined
  /** Reads all objects from the store itself, also those that this machine has read before. */
  readonly afresh?: boolean
}

/** Opens the project's lake and a DuckDB for it. Throws SLUICE_LAYOUT_NEWER, SLUICE_CONFIG_INVALID, SLUICE_STORE_READ_ONLY, SLUICE_STORE_FULL, SLUICE_CACHE_UNUSABLE. */
export async function openWorkspace(project: Project, deps: Deps, options: WorkspaceOptions): Promise<Workspace> {
  const { runId, afresh = false } = options
  const { tempFolder } = project.config.engine
  const { store: counted, counts } = countingStore(projectStore(project))
  const { store, shut, through } = runStore(counted)
  const { workFolder: root, workFolderOf, workers } = counted.capabilities
  for (const folder of [root, tempFolder]) refuseUnreadable(folder)
  const checked = checkLayout(store)
  // Nothing is written before it is known. The engine of a reader starts meanwhile; then what was found is told.
  if (runId !== undefined) await checked
  checked.catch(() => undefined)
  const salvaged: Salvaged[] = []
  const salvage = async (path: string): Promise<void> => void salvaged.push(...(await salvageSegments(path, store)))
  let foundDead = false
  if (runId !== undefined)
    for (const folder of [root, tempFolder]) if ((await removeDeadSpools(folder, salvage)) > 0) foundDead = true
  const spool = runId === undefined ? await readerSpool(tempFolder) : await openSpool(root, runId, workFolderOf)
  const opening = openEngines(project, spool, options.connections)
  const { db, engines } = await Promise.all([opening, checked]).then(
    ([opened]) => opened,
    async cause => {
      await opening.then(closeEngines, () => undefined)
      await spool.remove()
      throw cause
    },
  )
  const lineageStream = runId === undefined ? undefined : openLineageStream(project, deps, options.interval)
  const attempt = openAttempt(counted, runId ?? '', deps.clock, { foundDead, listener: lineageStream })
  const groups = commitGroupsAt(counted.root)
  const commits: CommitGroups = { join: (table, joining) => through(() => groups.join(table, joining)) }
  const lakeOn = (on: ObjectStore): Lake =>
    openLakeOn({ store: on, catalog: fileCatalog({ store: on, clock: deps.clock }), commits, ...deps })
  return {
    lake: lakeOn(afresh ? projectStore(project, join(spool.path, 'cache')) : store),
    counts,
    salvaged,
    db,
    engines,
    spool: spool.path,
    attempt,
    lineageStream,
    takeBack: async cause => {
      const { adopted, certain, committed } = await shut()
      await attempt.failed(cause)
      // Where others cannot be seen, nobody is known to be alone.
      if (!certain || runId === undefined || workers !== 'all') return committed
      const isAlone = async (): Promise<boolean> => !(await spoolsIn(root)).some(other => mayShare(other, spool, runId))
      await takeBack(lakeOn(counted), runId, adopted, isAlone).catch(() => undefined)
      return committed
    },
    [Symbol.asyncDispose]: async () => {
      closeEngines({ db, engines })
      // Answers that a full disk kept out of the lake are there for the next run, like those of a process that died.
      // What the spool took may be the room that the attempt needs to say its end. While it is not said the folder calls for a look at the notes.
      await spool.remove(
        name => name.startsWith(SPOOLED_SEGMENT),
        () => attempt.close(),
      )
    },
  }
}

function refuseUnreadable(folder: string): void {
  if (isReadablePath(folder)) return
  throw new SluiceError(
    'SLUICE_CONFIG_INVALID',
    `DuckDB cannot be told the folder ${folder}: it holds a backslash and one of * ? [. Nothing was changed.`,
    { place: { file: folder }, next: 'Rename the folder, or set another in sluice.yaml.' },
  )
}

/** A reader writes nothing to the lake, but results that outgrow the memory need a folder. */
async function readerSpool(tempFolder: string): Promise<Spool> {
  return openSpool(tempFolder, 'reader').catch(cause => {
    const { code, message, details } = asSluiceError(cause)
    const next = 'Name a folder that this user may write to: engine.temp_folder, or SLUICE__ENGINE__TEMP_FOLDER.'
    throw new SluiceError(code, message, { ...details, next }, cause)
  })
}

async function openEngines(
  project: Project,
  spool: Spool,
  connections: number,
): Promise<Pick<Workspace, 'db' | 'engines'>> {
  const db = await openDuckDb({ ...project.config.engine, tempFolder: join(spool.path, 'duckdb') })
  const engines = await Promise.all(Array.from({ length: connections }, () => db.connect()))
  for (const schema of ['work', 'reference', 'bronze', 'silver', 'gold', 'quarantine'])
    await engines[0]!.run(`CREATE SCHEMA ${schema}`)
  return { db, engines }
}

function closeEngines({ db, engines }: Pick<Workspace, 'db' | 'engines'>): void {
  for (const engine of engines) engine.close()
  db.close()
}

/** Whether a spool may belong to another process that works on the same run, whose files have the same names. */
function mayShare(other: FoundSpool, own: Spool, runId: string): boolean {
  return other.path !== own.path && other.state !== 'dead' && (other.runId ?? runId) === runId
}
