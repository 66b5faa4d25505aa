import { SluiceError } from '../../core/errors.js'
import { asNumber } from '../../engine/duckdb.js'
import type { SqlRow } from '../../engine/engine.js'
import { quoteText } from '../../engine/sql-text.js'
import { orderModels } from '../../gold/order.js'
import { stateAsOf } from '../../lake/time-travel.js'
import { type Deps, systemDeps } from '../deps.js'
import { type PlannedModel, withDependencies } from '../derive/model-inputs.js'
import { OWN_TABLES } from '../derive/own-tables.js'
import { type Lane, lanesOf } from '../lanes.js'
import { defineMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { loadReferences, viewReferences } from '../project/references.js'
import { contractOfName, createViews, sqlNames } from '../read/lake-views.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { type BookedBy, bookedBy } from './booked-by.js'
import { type CaptureTrace, capturesOf } from './capture-trace.js'
import { derivedFrom, type Rederived } from './derived-from.js'
import { firstRows } from './first-rows.js'
import { type Making, madeBy } from './making.js'
import { hasTraced, traced } from './traced-rows.js'

/** What rows of a gold table came from, down to the bytes that providers sent. */
export interface Trace {
  readonly table: string
  readonly where: string
  /** The rows themselves, values as text. */
  readonly rows: readonly SqlRow[]
  /** The table, then each that it was derived from, the models' inputs after the models. */
  readonly tables: readonly TableTrace[]
  /** The answers and files that the silver rows were read from, those with most of them first. */
  readonly captures: readonly CaptureTrace[]
  /** Of a table that no model makes: the runs that found what its rows say. Their records name the captures. */
  readonly booked_by?: readonly BookedBy[]
}

export interface TableTrace {
  readonly table: string
  /** Rows of it that have a part in the rows that were asked for. */
  readonly rows: number
  readonly first_time: string | null
  readonly last_time: string | null
  /** The snapshot that is looked at, and the run that committed it. */
  readonly snapshot_id: string | null
  readonly run_id: string | null
  /** Of a derived table. */
  readonly made?: Making & Rederived
}

/**
 * Finds where rows of a gold table came from: the rows that each model read, found by deriving every row again from them alone, and the
 * captures behind those of silver. Throws SLUICE_TABLE_UNKNOWN, SLUICE_QUERY_INVALID, SLUICE_ARGUMENT_INVALID when no row or too many fit.
 */
export async function traceRows(
  project: Project,
  asked: { readonly table: string; readonly where: string },
  deps: Deps = systemDeps,
): Promise<Trace> {
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const engine = workspace.engines[0]!
  const models = orderModels(await withDependencies(project.models, engine), OWN_TABLES)
  const { table, model } = targetOf(asked.table, models, project)
  const chain = model === undefined ? [] : chainOf(model, models)
  const names = new Set([`gold.${table}`, ...chain.flatMap(own => [`gold.${own.table}`, ...own.dependencies])])
  await loadReferences(project, engine)
  await createViews(names, workspace.lake, project, engine, { kind: 'now' })
  const lanes = lanesOf(workspace.engines, async opened => {
    await defineMacros(project, opened)
    await viewReferences(opened)
  })
  try {
    const lane = await lanes.first()
    const rows = await firstRows(asked.where, table, project, lane.engine)
    const tables = await traceChain(chain, [...names], { project, workspace, lane })
    const silver = tables.filter(({ table }) => table.startsWith('silver.')).map(({ table }) => table)
    const captures = await capturesOf(silver, workspace.lake.store, lane.engine)
    const found = { table: `gold.${table}`, where: asked.where, rows, tables, captures }
    if (model !== undefined) return found
    return { ...found, booked_by: await bookedBy(found.table, workspace.lake.store, lane.engine) }
  } finally {
    await lanes.close()
  }
}

/** The dataset that is asked for and the model that makes it; none makes the tables that the engine fills itself. */
function targetOf(
  name: string,
  models: readonly PlannedModel[],
  project: Project,
): { readonly table: string; readonly model: PlannedModel | undefined } {
  const table = name.replace(/^gold\./, '')
  const model = models.find(own => own.table === table)
  const isThere = project.contracts.some(({ dataset }) => dataset === table)
  if (model !== undefined || (OWN_TABLES.has(table) && isThere)) return { table, model }
  const known = models.map(own => `gold.${own.table}`)
  const message = isThere ? `${name} is not derived by a model.` : `There is no derived table ${name}.`
  throw new SluiceError('SLUICE_TABLE_UNKNOWN', message, { known, next: `Trace one of ${known.join(', ')}.` })
}

/** The model and those that it reads, each before those that it reads itself. */
function chainOf(target: PlannedModel, ordered: readonly PlannedModel[]): PlannedModel[] {
  const needed = new Set([target.table])
  const chain: PlannedModel[] = []
  for (const model of [...ordered].reverse()) {
    if (!needed.has(model.table)) continue
    chain.push(model)
    for (const input of model.dependencies) if (input.startsWith('gold.')) needed.add(input.slice('gold.'.length))
  }
  return chain
}

interface Tracing {
  readonly project: Project
  readonly workspace: Workspace
  readonly lane: Lane
}

async function traceChain(
  chain: readonly PlannedModel[],
  names: readonly string[],
  { project, workspace, lane }: Tracing,
): Promise<TableTrace[]> {
  const made = new Map<string, Making & Rederived>()
  for (const model of chain) {
    // What no row needs has no part in them, nor have its inputs.
    if (!(await hasTraced(`gold.${model.table}`, lane.engine))) continue
    const rederived = await derivedFrom(model, project, lane)
    made.set(`gold.${model.table}`, { ...(await madeBy(model, project, workspace, lane.engine)), ...rederived })
  }
  const gold = new Set([...names.slice(0, 1), ...chain.map(model => `gold.${model.table}`)])
  const order = [...gold, ...names.filter(name => name.startsWith('silver.')).sort()]
  const tables: TableTrace[] = []
  for (const table of order)
    if (await hasTraced(table, lane.engine))
      tables.push(await tableTrace(table, made.get(table), { project, workspace, lane }))
  return tables
}

async function tableTrace(
  table: string,
  made: TableTrace['made'],
  { project, workspace, lane }: Tracing,
): Promise<TableTrace> {
  const time = timeOf(table, project)
  const [row] = await lane.engine.rows(
    `SELECT count(*) AS rows, min(${time})::VARCHAR AS first_time, max(${time})::VARCHAR AS last_time FROM ${traced(table)}`,
  )
  return {
    table,
    rows: asNumber(row?.['rows']),
    ...timesOf(row),
    ...(await headOf(table, workspace)),
    ...(made && { made }),
  }
}

function timesOf(row: SqlRow | undefined): Pick<TableTrace, 'first_time' | 'last_time'> {
  const text = (name: string): string | null => (row?.[name] === null ? null : String(row?.[name]))
  return { first_time: text('first_time'), last_time: text('last_time') }
}

/** SQL of the time column of a table. */
function timeOf(table: string, { contracts }: Project): string {
  return contractOfName(table, contracts)?.eventTime ?? quoteText('')
}

async function headOf(table: string, { lake }: Workspace): Promise<Pick<TableTrace, 'snapshot_id' | 'run_id'>> {
  const found = sqlNames(await lake.catalog.list()).get(table)
  const loaded = found === undefined ? undefined : await lake.catalog.load(found.name)
  const snapshot = loaded === undefined ? undefined : stateAsOf(loaded, { kind: 'now' }).snapshot
  return {
    snapshot_id: snapshot === undefined ? null : String(snapshot['snapshot-id']),
    run_id: snapshot?.summary['sluice.run-id'] ?? null,
  }
}
