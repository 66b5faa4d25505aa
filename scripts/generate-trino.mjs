// Writes models/trino: each model of models/gold in Trino's SQL, and says what it did with each. Run it after `npm run build`; a test fails
// when a file is not current. A model with something that has no rule keeps the file that it has, is named, and the exit is 1.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openDuckDb } from '../dist/engine/duckdb.js'
import { createEmptyTables } from '../dist/pipeline/derive/bind-models.js'
import { planModels } from '../dist/pipeline/derive/plan-models.js'
import { loadProject } from '../dist/pipeline/project/load-project.js'
import { defineMacros, readMacros } from '../dist/pipeline/project/macros.js'
import { loadReferences } from '../dist/pipeline/project/references.js'
import { twinFiles } from './trino/twins.mjs'

const folder = new URL('../models/trino/', import.meta.url)
mkdirSync(folder, { recursive: true })
const kept = new Map(readdirSync(folder).map(name => [name, readFileSync(new URL(name, folder), 'utf8')]))

const duckDb = await openDuckDb({ threads: 2, memoryLimit: '1GB', tempFolder: tmpdir() })
const engine = await duckDb.connect()
const project = await loadProject({ folder: fileURLToPath(new URL('../', import.meta.url)) })
await engine.run('CREATE SCHEMA silver; CREATE SCHEMA gold')
await loadReferences(project, engine)
await defineMacros(project, engine)
await createEmptyTables(project.contracts, engine)
const files = await twinFiles(engine, await planModels(project, engine), await readMacros(project), kept)
duckDb.close()

for (const name of kept.keys()) if (!files.has(name)) rmSync(new URL(name, folder))
for (const [name, text] of files) {
  if (text instanceof Error) {
    console.error(text.message)
    process.exitCode = 1
    continue
  }
  const state = text.startsWith('-- By hand') ? 'by hand' : kept.get(name) === text ? 'current' : 'written'
  console.log(`${state}\tmodels/trino/${name}`)
  if (state === 'written') writeFileSync(new URL(name, folder), text)
}
