import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { twinFiles } from '../../scripts/trino/twins.mjs'
import { type DuckDbConnection, openDuckDb } from '../../src/engine/duckdb.js'
import { createEmptyTables } from '../../src/pipeline/derive/bind-models.js'
import { type PrintedModel, planModels } from '../../src/pipeline/derive/plan-models.js'
import { loadProject } from '../../src/pipeline/project/load-project.js'
import { defineMacros, readMacros } from '../../src/pipeline/project/macros.js'
import { loadReferences } from '../../src/pipeline/project/references.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** An engine that has every table of the shipped project, empty, and its macros. */
export interface EmptyTables {
  readonly engine: DuckDbConnection
  readonly project: Awaited<ReturnType<typeof loadProject>>
  close(): void
}

export async function openEmptyTables(): Promise<EmptyTables> {
  const duckDb = await openDuckDb({ threads: 2, memoryLimit: '1GB', tempFolder: tmpdir() })
  const engine = await duckDb.connect()
  const project = await loadProject({ folder: ROOT })
  await engine.run('CREATE SCHEMA silver; CREATE SCHEMA gold')
  await loadReferences(project, engine)
  await defineMacros(project, engine)
  await createEmptyTables(project.contracts, engine)
  return { engine, project, close: () => duckDb.close() }
}

/** The shipped models, each after those that it reads. */
export async function orderedModels(): Promise<PrintedModel[]> {
  const { engine, project, close } = await openEmptyTables()
  const models = await planModels(project, engine)
  close()
  return models
}

/** The files of models/trino by name, as they are. */
export function keptTwins(): Map<string, string> {
  const folder = `${ROOT}models/trino/`
  return new Map(readdirSync(folder).map(name => [name, readFileSync(`${folder}${name}`, 'utf8')]))
}

/** What the generator makes of some models beside the files that are there. */
export async function makeTwins(
  { engine, project }: EmptyTables,
  models: readonly PrintedModel[],
  kept: ReadonlyMap<string, string>,
): Promise<Map<string, string | Error>> {
  return twinFiles(engine, models, await readMacros(project), kept)
}
