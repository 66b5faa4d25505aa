import type { Contract } from '../../contract/contract.js'
import { publishedShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import type { Model } from '../../gold/front-matter.js'
import { orderModels } from '../../gold/order.js'
import { lanesOf } from '../lanes.js'
import { defineMacros, readMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { viewReferences } from '../project/references.js'
import { CALENDAR_SESSIONS, EMPTY_SESSIONS_SQL } from '../read/calendar-sessions.js'
import { emptySql, namesOf } from '../read/lake-views.js'
import type { RunContext } from '../run-context.js'
import { withDependencies } from './model-inputs.js'
import { OWN_TABLES } from './own-tables.js'

/** When the world could know a row: what every model gives beside the columns of its contract. */
const KNOWN_AT = { name: '_known_at', type: 'TIMESTAMP WITH TIME ZONE' }

/** Makes every table that a model may name, empty, in the schemas `silver` and `gold` of a connection's catalog. */
export async function createEmptyTables(contracts: readonly Contract[], engine: Engine): Promise<void> {
  await engine.run(emptyTablesSql(contracts))
}

function emptyTablesSql(contracts: readonly Contract[]): string {
  const tables = contracts.flatMap(contract => {
    const shape = publishedShape(contract)
    return namesOf(shape.name).map(name => [name.split('.').map(quoteIdent).join('.'), emptySql(shape)] as const)
  })
  return [[CALENDAR_SESSIONS, EMPTY_SESSIONS_SQL] as const, ...tables]
    .map(([name, sql]) => `CREATE VIEW ${name} AS ${sql}`)
    .join('; ')
}

/** Why a model cannot make its table, or undefined: it is bound against empty tables, every name and type, no row is read. */
export async function modelFault(
  model: Model,
  contracts: readonly Contract[],
  engine: Engine,
): Promise<string | undefined> {
  const contract = contracts.find(({ layer, dataset }) => layer === 'gold' && dataset === model.contract)
  if (contract === undefined) return `there is no gold contract called ${model.contract}`
  let types: Map<string, string>
  try {
    const columns = await engine.rows(`DESCRIBE ${model.sql}`)
    types = new Map(columns.map(row => [String(row['column_name']).toLowerCase(), String(row['column_type'])]))
  } catch (cause) {
    return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
  }
  const lacking = contract.columns.map(column => column.name).filter(name => !types.has(name.toLowerCase()))
  if (lacking.length > 0) return `the SELECT lacks ${lacking.join(', ')} of its contract`
  const type = types.get(KNOWN_AT.name)
  if (type === undefined)
    return `the SELECT lacks ${KNOWN_AT.name}: when its rows were known, the newest of its inputs'`
  return type === KNOWN_AT.type ? undefined : `${KNOWN_AT.name} is ${type}; it must be ${KNOWN_AT.type}`
}

/** Hashes of all that binding looks at, of projects whose models were bound without a fault: a process that runs one again binds nothing twice. */
const BOUND = new Set<string>()

async function hashBinding({ models, contracts, macros }: Project, engine: Engine): Promise<string> {
  const columns = await engine.rows(`SELECT table_name, column_name, data_type FROM duckdb_columns()
    WHERE database_name = 'memory' AND schema_name = 'reference' ORDER BY ALL`)
  const tables = models.map(({ table, contract, sql }) => [table, contract, sql])
  const required = contracts.map(contract => [
    contract.layer,
    contract.dataset,
    contract.columns.map(({ name }) => name),
  ])
  const formulas = (await readMacros({ macros })).map(({ statement }) => statement)
  return sha256Hex(JSON.stringify([tables, required, emptyTablesSql(contracts), formulas, columns]))
}

/** Lets a run begin only with models that can make their tables. Throws SLUICE_MODEL_INVALID with the place; nothing is written. */
export async function guardModels({ project, workspace }: Pick<RunContext, 'project' | 'workspace'>): Promise<void> {
  const { models, contracts } = project
  if (models.length === 0) return
  orderModels(await withDependencies(models, workspace.engines[0]!), OWN_TABLES)
  const binding = await hashBinding(project, workspace.engines[0]!)
  if (BOUND.has(binding)) return
  const lanes = lanesOf(workspace.engines.slice(0, 1), async engine => {
    await defineMacros(project, engine)
    if (models.some(model => /\breference\b/i.test(model.sql))) await viewReferences(engine)
    await createEmptyTables(contracts, engine)
  })
  try {
    const { engine } = await lanes.first()
    for (const model of models) {
      const fault = await modelFault(model, contracts, engine)
      if (fault === undefined) continue
      const message = `The model ${model.table} cannot run: ${fault.replace(/\.$/, '')}. Nothing was written.`
      throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: model.sqlPlace })
    }
    BOUND.add(binding)
  } finally {
    await lanes.close()
  }
}
