// Gold as a person would script it in DuckDB: the models' SQL, one after another, over the Parquet files of silver of a project's lake:
// node bench/baseline-gold.mjs PROJECT OUT. The same rows in the same files; no audit, no checks, no table format, no `fsync`.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { goldShape, silverShape } from '../dist/contract/tables.js'
import { openDuckDb } from '../dist/engine/duckdb.js'
import { loadSessions, viewSessions } from '../dist/pipeline/calendar-sessions.js'
import { emptySql } from '../dist/pipeline/lake-views.js'
import { loadProject } from '../dist/pipeline/load-project.js'
import { defineMacros } from '../dist/pipeline/macros.js'
import { planModels } from '../dist/pipeline/plan-models.js'
import { loadReferences } from '../dist/pipeline/references.js'
import { benchPath, THREADS } from './workplace.mjs'

/** Over everything at once, windows of millions of rows do not fit into what the product is given. */
const HAND_MEMORY = process.env.SLUICE_BENCH_HAND_MEMORY ?? '8GB'

const [folder, out] = process.argv.slice(2)
rmSync(out, { recursive: true, force: true })

// References, formulas and the order of the models are the product's own: what is compared is the way around their SQL.
const project = await loadProject({ folder })
const duckdb = await openDuckDb({ threads: THREADS, memoryLimit: HAND_MEMORY, tempFolder: benchPath('temp') })
const connections = await Promise.all(Array.from({ length: THREADS }, () => duckdb.connect()))
const [first] = connections
await first.run('CREATE SCHEMA silver; CREATE SCHEMA gold')
await loadReferences(project, first)
await loadSessions(new Set(), first)
await viewSessions(first)
await defineMacros(project, first)
for (const contract of project.contracts.filter(({ layer }) => layer === 'silver')) await viewSilver(contract)

const steps = []
for (const model of await planModels(project, first)) {
  const started = performance.now()
  const rows = await writeModel(model)
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

/** Files this small are written by one thread each, so two statements at once keep two cores busy. */
async function writeModel({ table, contract, sql }) {
  const shape = goldShape(project.contracts.find(({ dataset }) => dataset === contract))
  const { grain, column } = shape.partition
  await first.run(`CREATE TABLE derived AS ${sql}`)
  const part = `date_trunc('${grain}', ${column})`
  const parts = await first.rows(`SELECT ${part}::VARCHAR AS part, count(*) AS rows FROM derived GROUP BY 1 ORDER BY 1`)
  const left = parts.map(row => row.part)
  await first.run('SET threads = 1')
  const write = async connection => {
    for (let value = left.pop(); value !== undefined; value = left.pop()) {
      const path = join(out, table, `${grain}=${value.slice(0, 10)}.parquet`)
      mkdirSync(join(out, table), { recursive: true })
      // A range, not an equal `date_trunc`: the engine then skips what its statistics rule out.
      const within = `${column} >= '${value}' AND ${column} < TIMESTAMP '${value}' + INTERVAL 1 ${grain}`
      const rows = `SELECT * FROM derived WHERE ${within} ORDER BY ${shape.order.join(', ')}`
      await connection.run(`COPY (${rows}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`)
    }
  }
  await Promise.all(connections.map(write))
  await first.run(`SET threads = ${THREADS}; DROP TABLE derived`)
  const isEmpty = !existsSync(join(out, table)) || readdirSync(join(out, table)).length === 0
  await first.run(
    `CREATE VIEW gold.${table} AS ${isEmpty ? emptySql(shape) : `FROM read_parquet('${out}/${table}/*.parquet')`}`,
  )
  return parts.reduce((sum, { rows }) => sum + Number(rows), 0)
}
