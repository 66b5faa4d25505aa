// Gold by hand, for the baselines: the models' SQL, one after another, and a Parquet file for each partition. References, formulas and the
// order of the models are the product's own: what is compared is the way around their SQL.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { goldShape } from '../dist/contract/tables.js'
import { defineMacros } from '../dist/pipeline/project/macros.js'
import { loadReferences } from '../dist/pipeline/project/references.js'
import { loadSessions, viewSessions } from '../dist/pipeline/read/calendar-sessions.js'
import { emptySql } from '../dist/pipeline/read/lake-views.js'
import { THREADS } from './workplace.mjs'

/** Schemas, references, sessions and formulas in the first catalog of a database. */
export async function openGold(project, engine) {
  await engine.run('CREATE SCHEMA silver; CREATE SCHEMA gold')
  await loadReferences(project, engine)
  await loadSessions(new Set(), engine)
  await viewSessions(engine)
  await defineMacros(project, engine)
}

/**
 * Writes the rows of a model below `out` and makes a view of them; gives their number. Files this small are written by one thread each,
 * so two statements at once keep two cores busy.
 */
export async function writeModel({ table, contract, sql }, { project, connections, out }) {
  const [first] = connections
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
  await viewModel(table, shape, first, out)
  return parts.reduce((sum, { rows }) => sum + Number(rows), 0)
}

/** Shows what lies in the folder of a table below `out`. */
export async function viewModel(table, shape, engine, out) {
  const isEmpty = !existsSync(join(out, table)) || readdirSync(join(out, table)).length === 0
  const rows = isEmpty ? emptySql(shape) : `FROM read_parquet('${join(out, table)}/*.parquet')`
  await engine.run(`CREATE VIEW gold.${table} AS ${rows}`)
}
