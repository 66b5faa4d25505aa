import { guardExpression } from '../../contract/sql-guard.js'
import { SluiceError } from '../../core/errors.js'
import type { Engine, SqlRow } from '../../engine/engine.js'
import type { Project } from '../project/project.js'
import { traced, whole } from './traced-rows.js'

/** More rows than these are no question about a figure. */
const MOST_ROWS = 20

/** The rows of a gold table (its dataset's name) that are asked for, which are the first traced ones. Throws as `traceRows`. */
export async function firstRows(where: string, dataset: string, project: Project, engine: Engine): Promise<SqlRow[]> {
  const table = `gold.${dataset}`
  const contract = project.contracts.find(own => own.layer === 'gold' && own.dataset === dataset)
  const columns = contract?.columns.map(({ name }) => name)
  const [fault] = await guardExpression(sql => engine.parse(sql), where, {
    columns: columns && [...columns, '_known_at'],
  })
  const refused = (why: string, cause?: unknown): SluiceError => {
    const next = columns === undefined ? {} : { next: `Its columns: ${columns.join(', ')}.` }
    return new SluiceError('SLUICE_QUERY_INVALID', `--where is no condition over ${table}: ${why}.`, next, cause)
  }
  if (fault !== undefined) throw refused(fault.message)
  const kept = `CREATE TABLE ${traced(table)} AS SELECT * FROM ${whole(table)} WHERE (${where})`
  await engine.run(kept).catch(cause => {
    throw refused((cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '', cause)
  })
  const rows = await engine.firstRows(`SELECT * FROM ${traced(table)}`, MOST_ROWS)
  if (rows.rows.length === 0)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', `No row of ${table} fits: ${where}.`, {
      next: `Look at what there is: sluice query "SELECT * FROM ${table} LIMIT 10"`,
    })
  if (rows.more) {
    const message = `More than ${MOST_ROWS} rows of ${table} fit. A trace is of a few.`
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: 'Say more in --where: its instrument and day.' })
  }
  return [...rows.rows]
}
