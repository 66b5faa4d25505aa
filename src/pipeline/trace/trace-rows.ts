import { guardExpression } from '../../contract/sql-guard.js'
import { SluiceError } from '../../core/errors.js'
import { asNumber } from '../../engine/duckdb.js'
import type { Engine, SqlRow } from '../../engine/engine.js'
import { quoteText } from '../../engine/sql-text.js'
import { orderModels } from '../../gold/order.js'
import { stateAsOf } from '../../lake/time-travel.js'
import { type Deps, systemDeps } from '../deps.js'
import { contractOfName, createViews, sqlNames } from '../lake-views.js'
import { type Lane, lanesOf } from '../lanes.js'
import { defineMacros } from '../macros.js'
import { type PlannedModel, withDependencies } from '../model-inputs.js'
import { OWN_TABLES } from '../own-tables.js'
import type { Project } from '../project.js'
import { loadReferences, viewReferences } from '../references.js'
import { openWorkspace, type Workspace } from '../workspace.js'
import { type CaptureTrace, capturesOf } from './capture-trace.js'
import { derivedFrom, type Rederived } from './derived-from.js'
import { type Making, madeBy } from './making.js'
import { hasTraced, traced, whole } from './traced-rows.js'

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

/** More rows than these are no question about a figure. */
const MOST_ROWS = 20

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
  const target = targetOf(asked.table, models, project)
  const chain = chainOf(target, models)
  const names = new Set(chain.flatMap(model => [`gold.${model.table}`, ...model.dependencies]))
  await loadReferences(project, engine)
  await createViews(names, workspace.lake, project, engine, { kind: 'now' })
  const lanes = lanesOf(workspace.engines, async opened => {
    await defineMacros(project, opened)
    await viewReferences(opened)
  })
  try {
    const lane = await lanes.first()
    const rows = await firstRows(asked.where, target, project, lane.engine)
    const tables = await traceChain(chain, [...names], { project, workspace, lane })
    const silver = tables.filter(({ table }) => table.startsWith('silver.')).map(({ table }) => table)
    const captures = await capturesOf(silver, workspace.lake.store, lane.engine)
    return { table: `gold.${target.table}`, where: asked.where, rows, tables, captures }
  } finally {
    await lanes.close()
  }
}

function targetOf(name: string, models: readonly PlannedModel[], project: Project): PlannedModel {
  const plain = name.replace(/^gold\./, '')
  const found = models.find(model => model.table === plain)
  if (found !== undefined) return found
  const known = models.map(model => `gold.${model.table}`)
  const isOther = project.contracts.some(({ dataset }) => dataset === plain)
  const message = isOther ? `${name} is not derived by a model.` : `There is no derived table ${name}.`
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

async function firstRows(where: string, target: PlannedModel, project: Project, engine: Engine): Promise<SqlRow[]> {
  const table = `gold.${target.table}`
  const contract = project.contracts.find(({ layer, dataset }) => layer === 'gold' && dataset === target.contract)
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
  const order = [
    ...chain.map(model => `gold.${model.table}`),
    ...names.filter(name => name.startsWith('silver.')).sort(),
  ]
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
