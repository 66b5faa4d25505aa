import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { SqlRow } from '../../src/engine/engine.js'
import { type DeriveOptions, derive } from '../../src/pipeline/derive/derive-run.js'
import { PLAIN_RUN } from '../../src/pipeline/open-lake.js'
import { initProject } from '../../src/pipeline/project/init-project.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import type { Project } from '../../src/pipeline/project/project.js'
import { query } from '../../src/pipeline/read/query.js'
import type { RunRecord } from '../../src/pipeline/record/run-record.js'
import { type RunOptions, run } from '../../src/pipeline/run.js'

/** The wall clock of runs that do not ask for another. */
export const NOW = Date.UTC(2026, 1, 1)

/** A fresh project on disk, as `sluice init` makes it, from which a test file takes as many lakes as it needs. */
export interface ProjectFolder {
  readonly folder: string
  readonly project: Project
  /** Writes a file into the project; its absolute path. */
  write(name: string, body: string | Uint8Array): Promise<string>
  /** A new lake. Without `models` nothing is derived, which is what tests of bronze and silver ask for. */
  lake(parts?: Partial<Project>): TestLake
  remove(): Promise<void>
}

export interface TestLake {
  readonly root: string
  readonly project: Project
  /** The same lake, seen by a changed project. */
  with(parts: Partial<Project>): TestLake
  run(options?: Partial<RunOptions>): Promise<RunRecord>
  derive(options?: Partial<DeriveOptions>): Promise<RunRecord>
  /** Decimals, bigints and times come as text. */
  rows(sql: string, asOf?: string): Promise<SqlRow[]>
  /** The rows as one JSON text, for comparison to the byte. */
  text(sql: string, asOf?: string): Promise<string>
  /** Every row of tables as one text each, in no order of the table's own. One query: each opens an engine. */
  contents(tables: readonly string[], asOf?: string): Promise<Record<string, string>>
  /** sha256 of every file below a folder of the lake, by path. */
  files(below?: string): Promise<Record<string, string>>
}

export async function projectFolder(): Promise<ProjectFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-run-'))
  await initProject(folder)
  const loaded = await loadProject({ folder })
  const engine = { threads: 2, memoryLimit: '1GB', tempFolder: join(folder, 'temp') }
  const project: Project = { ...loaded, config: { ...loaded.config, engine } }
  let lakes = 0
  return {
    folder,
    project,
    write: async (name, body) => {
      await writeFile(join(folder, name), body)
      return join(folder, name)
    },
    lake: (parts = { models: [] }) => {
      const lake = join(folder, `lake-${lakes++}`)
      return testLake({ ...project, config: { ...project.config, lake }, ...parts })
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

export function testLake(project: Project): TestLake {
  const root = project.config.lake
  const rows = async (sql: string, asOf?: string): Promise<SqlRow[]> => [...(await query(project, sql, { asOf })).rows]
  return {
    root,
    project,
    with: parts => testLake({ ...project, ...parts }),
    run: options => run(project, { ...PLAIN_RUN, nowMs: NOW, ...options }),
    derive: options => derive(project, { select: [], full: false, nowMs: NOW, ...options }),
    rows,
    text: async (sql, asOf) => (await rows(sql, asOf)).map(row => JSON.stringify(row)).join('\n'),
    contents: async (tables, asOf) => {
      const texts = tables.map(
        table =>
          `SELECT '${table}' AS name, string_agg(line, chr(10) ORDER BY line) AS lines FROM (SELECT t::VARCHAR AS line FROM ${table} AS t)`,
      )
      const found = await rows(texts.join(' UNION ALL '), asOf)
      return Object.fromEntries(found.map(row => [String(row['name']), String(row['lines'])]))
    },
    files: below => hashesBelow(join(root, below ?? ''), root),
  }
}

/** The files of a lake but for what the ledger keeps of attempts: a run that is refused late leaves one. */
export async function filesButAttempts(lake: TestLake): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await lake.files()).filter(([path]) => !/^_(attempts|ledger)\//.test(path)))
}

async function hashesBelow(folder: string, root: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const hashes: Record<string, string> = {}
  for (const path of paths.sort())
    hashes[relative(root, path)] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  return hashes
}

/** The error that a promise ends in; a promise that succeeds is a failure of the test. */
export async function errorOf(
  work: Promise<unknown>,
): Promise<{ code: string; message: string; place?: unknown; next: string }> {
  const thrown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!(thrown instanceof Error) || !('code' in thrown))
    throw new Error(`no coded error: ${String(thrown)}`, { cause: thrown })
  const { code, message, next, details } = thrown as Error & {
    code: string
    next: string
    details?: { place?: unknown }
  }
  return { code, message, next, place: details?.place }
}
