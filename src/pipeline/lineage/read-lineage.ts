import { publishedShape } from '../../contract/tables.js'
import type { Engine } from '../../engine/engine.js'
import type { SqlFacts, TableFacts } from '../../gold/lineage/facts.js'
import { macroFacts } from '../../gold/lineage/macro-facts.js'
import { lineageOf, type TableLineage } from '../../gold/lineage/model-lineage.js'
import { orderModels } from '../../gold/order.js'
import { VERSIONS_SUFFIX } from '../../lake/newest-version.js'
import { withDependencies } from '../derive/model-inputs.js'
import { OWN_TABLES } from '../derive/own-tables.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { readMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { loadReferences } from '../project/references.js'
import { CALENDAR_SESSIONS, SESSION_COLUMNS } from '../read/calendar-sessions.js'
import { namesOf } from '../read/lake-views.js'
import { withEngine } from '../with-engine.js'

/** The lineage of a project's gold tables, and what there is to come from. */
export interface ProjectLineage {
  /** The tables that models make, each after those that it reads. */
  readonly tables: readonly TableLineage[]
  /** Every table that a model may read, with its columns. */
  readonly columns: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads the lineage out of the SQL of a project's models. Opens no lake: contracts and reference files say which columns there are.
 * Throws SLUICE_MODEL_INVALID and SLUICE_REFERENCE_INVALID with the place.
 */
export async function readLineage(project: Project): Promise<ProjectLineage> {
  return withEngine(project, async engine => {
    const facts = await factsOf(project, engine)
    const models = orderModels(await withDependencies(project.models, engine), OWN_TABLES)
    const parsed = await Promise.all(models.map(model => engine.parse(model.sql)))
    const tables = models.map((model, at) => {
      const { columns } = publishedShape(contractNamed(project.contracts, model.contract))
      const made = { table: `gold.${model.table}`, columns: columns.map(({ name }) => name) }
      return lineageOf(parsed[at]!, made, facts)
    })
    return { tables, columns: new Map([...facts.tables].map(([name, { columns }]) => [name, columns])) }
  })
}

async function factsOf(project: Project, engine: Engine): Promise<SqlFacts> {
  const macros = await macroFacts(await readMacros(project), sql => engine.parse(sql))
  const aggregates = await engine.rows(
    `SELECT DISTINCT lower(function_name) AS name FROM duckdb_functions() WHERE function_type = 'aggregate'`,
  )
  const tables = new Map([...contractTables(project), ...(await referenceTables(project, engine)), sessionsTable()])
  return { tables, macros, aggregates: new Set(aggregates.map(({ name }) => String(name))) }
}

/** Tables have one row for each key of their contract; those that keep versions one for each key and time of knowledge. */
function contractTables({ contracts }: Project): [string, TableFacts][] {
  return contracts.flatMap(contract => {
    const { name, columns } = publishedShape(contract)
    return namesOf(name).map((own): [string, TableFacts] => {
      const isVersions = own.endsWith(VERSIONS_SUFFIX) && contract.merge.policy === 'versions'
      const key = isVersions ? [...contract.primaryKey, '_known_at'] : contract.primaryKey
      return [own.toLowerCase(), { columns: columns.map(column => column.name), keys: [key] }]
    })
  })
}

/** Reference tables promise no key. */
async function referenceTables(project: Project, engine: Engine): Promise<[string, TableFacts][]> {
  await loadReferences(project, engine)
  const rows = await engine.rows(
    `SELECT lower(table_name) AS name, list(column_name ORDER BY column_index) AS columns FROM duckdb_columns()
      WHERE schema_name = 'reference' GROUP BY ALL ORDER BY ALL`,
  )
  return rows.map(row => [`reference.${String(row['name'])}`, { columns: row['columns'] as string[], keys: [] }])
}

function sessionsTable(): [string, TableFacts] {
  const columns = SESSION_COLUMNS.map(([name]) => name)
  const keys = [
    ['mic', 'session_date'],
    ['mic', 'session_number'],
  ]
  return [CALENDAR_SESSIONS, { columns, keys }]
}
