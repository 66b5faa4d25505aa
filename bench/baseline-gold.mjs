// Gold as a person would script it in DuckDB: the models' SQL, one after another, over the Parquet files of silver of a project's lake:
// node bench/baseline-gold.mjs PROJECT OUT. The same rows in the same files; no audit, no checks, no table format, no `fsync`.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { silverShape } from '../dist/contract/tables.js'
import { openDuckDb } from '../dist/engine/duckdb.js'
import { planModels } from '../dist/pipeline/derive/plan-models.js'
import { loadProject } from '../dist/pipeline/project/load-project.js'
import { emptySql } from '../dist/pipeline/read/lake-views.js'
import { openGold, writeModel } from './hand-gold.mjs'
import { benchPath, THREADS } from './workplace.mjs'

/** Over everything at once, windows of millions of rows do not fit into what the product is given. */
const HAND_MEMORY = process.env.SLUICE_BENCH_HAND_MEMORY ?? '8GB'

const [folder, out] = process.argv.slice(2)
rmSync(out, { recursive: true, force: true })

const project = await loadProject({ folder })
const duckdb = await openDuckDb({ threads: THREADS, memoryLimit: HAND_MEMORY, tempFolder: benchPath('temp') })
const connections = await Promise.all(Array.from({ length: THREADS }, () => duckdb.connect()))
const [first] = connections
await openGold(project, first)
for (const contract of project.contracts.filter(({ layer }) => layer === 'silver')) await viewSilver(contract)

const steps = []
for (const model of await planModels(project, first)) {
  const started = performance.now()
  const rows = await writeModel(model, { project, connections, out })
  steps.push({ model: model.table, rows, seconds: Math.round(performance.now() - started) / 1000 })
}
console.table(steps)
for (const connection of connections) connection.close()
duckdb.close()

/** Every file of a table that was filled once is a part of it, and every row of its versions the only one of its key. */
async function viewSilver(contract) {
  const shape = silverShape(contract)
  const files = join(project.config.lake, shape.name.layer, shape.name.dataset)
  const select = existsSync(files) ? `FROM read_parquet('${files}/**/*.parquet')` : emptySql(shape)
  for (const name of new Set([contract.dataset, shape.name.dataset]))
    await first.run(`CREATE VIEW silver.${name} AS ${select}`)
}
