import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SLUICE_VERSION } from '../core/version.js'
import { type DuckDb, type DuckDbConnection, openDuckDb } from '../engine/duckdb.js'
import { fileCatalog } from '../lake/file-catalog.js'
import { type Lake, openLakeOn } from '../lake/lake.js'
import { checkLayout, ensureLayout } from '../lake/layout.js'
import { countingStore, type StoreCounts } from '../storage/counting-store.js'
import { diskError } from '../storage/disk-error.js'
import { localStore } from '../storage/local-store.js'
import type { Deps } from './deps.js'
import { localRoot } from './local-root.js'
import type { Project } from './project.js'

/** A lake and an engine, open together. Close it: it owns a temporary folder and DuckDB's memory. */
export interface Workspace extends AsyncDisposable {
  readonly lake: Lake
  readonly counts: () => StoreCounts
  readonly db: DuckDb
  /** The first does the set operations, all write files side by side. */
  readonly engines: readonly DuckDbConnection[]
  /** A folder of this workspace alone, on the lake's disk, so that finished files move into place without a copy. */
  readonly spool: string
}

export interface WorkspaceOptions {
  /** `write` marks a new lake with its layout and makes the spool folder in the lake. */
  readonly access: 'read' | 'write'
  readonly connections: number
}

/** Opens the project's lake and a DuckDB for it. Throws SLUICE_LAYOUT_NEWER, SLUICE_STORE_READ_ONLY, SLUICE_STORE_FULL. */
export async function openWorkspace(project: Project, deps: Deps, options: WorkspaceOptions): Promise<Workspace> {
  const root = localRoot(project)
  const { store, counts } = countingStore(localStore(root))
  await checkLayout(store)
  const folder = options.access === 'write' ? root : project.config.engine.tempFolder
  if (options.access === 'write') await ensureLayout(store, `sluice ${SLUICE_VERSION}`)
  const spool = await spoolIn(folder)
  const db = await openDuckDb({ ...project.config.engine, tempFolder: join(spool, 'duckdb') })
  const engines = await Promise.all(Array.from({ length: options.connections }, () => db.connect()))
  for (const schema of ['work', 'reference', 'bronze', 'silver', 'gold', 'quarantine'])
    await engines[0]!.run(`CREATE SCHEMA ${schema}`)
  return {
    lake: openLakeOn({ store, catalog: fileCatalog({ store, clock: deps.clock }), ...deps }),
    counts,
    db,
    engines,
    spool,
    [Symbol.asyncDispose]: async () => {
      for (const engine of engines) engine.close()
      db.close()
      await rm(spool, { recursive: true, force: true })
    },
  }
}

async function spoolIn(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    return await mkdtemp(join(folder, '.tmp-run-'))
  } catch (cause) {
    throw diskError(cause, { verb: 'write', key: '', root: folder })
  }
}
