import { publishedShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import { type NamedTables, namedTables } from '../../gold/dependencies.js'
import type { Model } from '../../gold/front-matter.js'
import { EVER, type Interval } from '../../gold/touched.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { newestKnown } from '../../lake/newest-known.js'
import { currentSchema } from '../../lake/open-table.js'
import { dataFiles } from '../../lake/scan.js'
import type { TableShape } from '../../lake/table-shape.js'
import type { Lane } from '../lanes.js'
import { CALENDAR_SESSIONS } from '../read/calendar-sessions.js'
import { contractOfName, emptySql, rowsSql, type SqlTable, sqlNames } from '../read/lake-views.js'
import type { RunContext } from '../run-context.js'
import { coveredBy } from './covered-time.js'

/** A model, the tables of the lake that its SQL reads, as `silver.bars`, and what it joins beside them. */
export interface PlannedModel extends Model {
  readonly dependencies: readonly string[]
  /** Whether it joins the exchanges' sessions. */
  readonly joinsSessions: boolean
  /** Names of the reference tables that it joins. */
  readonly references: readonly string[]
  /** See `withReferencePrints`; undefined where nobody asks for it. */
  readonly referencePrints?: Readonly<Record<string, string>>
  /** See `modelPrint`; undefined where nobody asks for it. */
  readonly print?: string
}

/** What SQL that may be a model's names, by its text: a run asks it of every model several times. */
const NAMED = new Map<string, NamedTables>()

/** The models with what their parsed SQL reads. Throws SLUICE_MODEL_INVALID. */
export async function withDependencies(models: readonly Model[], engine: Engine): Promise<PlannedModel[]> {
  return Promise.all(
    models.map(async model => {
      const { tables, references } = NAMED.get(model.sql) ?? namedTables(await engine.parse(model.sql), model)
      NAMED.set(model.sql, { tables, references })
      refuseStrangeNeeds(model, [...tables, ...references.map(name => `reference.${name}`)])
      const dependencies = tables.filter(table => table !== CALENDAR_SESSIONS)
      return { ...model, dependencies, references, joinsSessions: dependencies.length < tables.length }
    }),
  )
}

function refuseStrangeNeeds({ table, needs = [], file }: Model, read: readonly string[]): void {
  const strange = needs.find(name => !read.includes(name))
  if (strange === undefined) return
  const message = `The model ${table} says that it needs ${strange}, which its SQL does not read. It reads ${read.join(', ')}.`
  throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: { file } })
}

/** One table that a model reads, as it stood when it was looked at. Without `table` nothing has been written to it yet. */
export interface ModelInput {
  /** As the model names it: `silver.bars`. */
  readonly name: string
  readonly shape: TableShape
  readonly table: LoadedTable | undefined
  readonly files: readonly DataFile[]
  /** Of a table that keeps versions: every one, or the newest of each key. */
  readonly rows: SqlTable['rows']
}

/**
 * The newest state of every table that a model reads. It must be read after the state of the model's own table: whoever commits
 * last has then seen what the one before had seen, and nobody's rows are lost. Throws SLUICE_MODEL_INVALID.
 */
export async function inputsOf(
  model: PlannedModel,
  run: Pick<RunContext, 'project' | 'workspace'>,
): Promise<ModelInput[]> {
  const { lake } = run.workspace
  return Promise.all(
    model.dependencies.map(async name => {
      const { shape, rows } = described(name, model, run)
      const table = await lake.catalog.load(shape.name)
      return { name, shape, rows, table, files: table === undefined ? [] : await dataFiles(lake, table) }
    }),
  )
}

function described(
  input: string,
  model: Model,
  { project }: Pick<RunContext, 'project'>,
): Pick<ModelInput, 'shape' | 'rows'> {
  const contract = contractOfName(input, project.contracts)
  if (contract !== undefined) {
    const shape = publishedShape(contract)
    return { shape, rows: sqlNames([shape.name]).get(input)!.rows }
  }
  const message = `The model ${model.table} reads ${input}, which no contract describes.`
  throw new SluiceError('SLUICE_MODEL_INVALID', message, { place: { file: model.file } })
}

/** Makes views of the inputs, each over the files that an interval needs. One that the lane has already stays: many models read the same files. */
export async function viewInputs(
  inputs: readonly ModelInput[],
  interval: Interval,
  { engine, views }: Pick<Lane, 'engine' | 'views'>,
  run: RunContext,
): Promise<void> {
  for (const input of inputs) {
    const view = input.name.split('.').map(quoteIdent).join('.')
    const sql = await rowsOf(input, interval, run)
    if (views.get(view) === sql) continue
    await engine.run(`CREATE OR REPLACE VIEW ${view} AS ${sql}`)
    views.set(view, sql)
  }
}

/** Whether a table that a model needs is empty: its SQL, which may take long to plan, would give no rows. `loadReferences` has run on the engine. */
export async function lacksNeeded(
  { needs = [] }: PlannedModel,
  inputs: readonly ModelInput[],
  engine: Engine,
): Promise<boolean> {
  if (inputs.some(({ name, files }) => needs.includes(name) && files.length === 0)) return true
  const references = needs.filter(name => name.startsWith('reference.'))
  if (references.length === 0) return false
  const isEmpty = references.map(name => `NOT EXISTS (FROM memory.${name.split('.').map(quoteIdent).join('.')})`)
  const [row] = await engine.rows(`SELECT ${isEmpty.join(' OR ')} AS lacking`)
  return row?.['lacking'] === true
}

async function rowsOf(
  { shape, table, files, rows }: ModelInput,
  { start, end }: Interval,
  run: RunContext,
): Promise<string> {
  if (table === undefined) return emptySql(shape)
  const needed = files.filter(file => {
    const covered = coveredBy(table, file)
    return covered.start < end && covered.end > start
  })
  return rowsSql(run.workspace.lake, table, currentSchema(table), needed, rows)
}

/** The time that each file of the inputs covers, with its rows. */
export function extentsOf(inputs: readonly ModelInput[]): (Interval & { readonly rows: number })[] {
  return inputs.flatMap(({ table, files }) =>
    table === undefined ? [] : files.map(file => ({ ...coveredBy(table, file), rows: Number(file['record-count']) })),
  )
}

/** About how many rows of files lie in an interval: as if a file's rows lay evenly in its own. */
export function rowsWithin(extents: ReturnType<typeof extentsOf>, { start, end }: Interval): number {
  return extents.reduce((rows, extent) => {
    const shared = Math.min(extent.end, end) - Math.max(extent.start, start)
    return shared <= 0 ? rows : rows + extent.rows * Math.min(1, shared / Math.max(1, extent.end - extent.start))
  }, 0)
}

/**
 * How far the rows of a model go, in milliseconds since the epoch: `end` of the time that is derived, and `knownTo`, after which no row of it may
 * be known. Undefined while it has no input.
 */
export function reachOf(
  model: Pick<PlannedModel, 'until' | 'lookbackMs'>,
  inputs: readonly ModelInput[],
): { readonly end: number; readonly knownTo?: number } | undefined {
  const ends = extentsOf(inputs).map(({ end }) => end)
  if (ends.length === 0) return undefined
  const end = ends.reduce((newest, own) => Math.max(newest, own), Number.NEGATIVE_INFINITY)
  if (model.until === 'inputs') return { end }
  if (model.until === 'lookback') return { end: end + model.lookbackMs }
  const known = inputs.flatMap(({ table, files }) => (table === undefined ? [] : [newestKnown(table, files)]))
  const knownTo = known.reduce((newest, own) => Math.max(newest, own), EVER.start)
  return { end: Math.max(end, knownTo), knownTo }
}
