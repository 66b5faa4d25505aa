import { relative } from 'node:path'
import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { type Dependent, dependentsOf, follower } from '../../gold/lineage/follow.js'
import { ROWS } from '../../gold/lineage/inputs.js'
import type { ColumnLineage, Origin } from '../../gold/lineage/model-lineage.js'
import { OWN_TABLES } from '../derive/own-tables.js'
import type { Project } from '../project/project.js'
import { CALENDAR_SESSIONS } from '../read/calendar-sessions.js'
import { type DatasetOrigin, datasetOrigin } from './dataset-origin.js'
import { type ProjectLineage, readLineage } from './read-lineage.js'

export interface LineageOptions {
  /** One column; `*` means which rows the table has. Left out: all of them. */
  readonly column?: string | undefined
  /** `upstream`, the default: what the table comes from. `downstream`: what comes from it. */
  readonly direction?: 'upstream' | 'downstream' | undefined
  /** Through so many models. Left out: 1 upstream, as far as it goes downstream. Infinity: as far as it goes. */
  readonly depth?: number | undefined
}

/** What `sluice lineage` says, and its JSON. `depth` is null where it goes as far as there are models. */
export type LineageReport = UpstreamLineage | DownstreamLineage

export interface UpstreamLineage {
  /** `gold.risk_summary` */
  readonly table: string
  readonly direction: 'upstream'
  readonly depth: number | null
  readonly made: ModelOrigin | DatasetOrigin | FileOrigin | OwnOrigin
}

/** A table of gold, by its model's SQL. */
export interface ModelOrigin {
  readonly by: 'model'
  readonly model: string
  readonly columns: readonly ColumnLineage[]
  /** What decides which rows there are; undefined when one column was asked for. */
  readonly rows?: Origin
}

/** A reference table. */
export interface FileOrigin {
  readonly by: 'file'
  /** Relative to the project; null for what Sluice brings. */
  readonly file: string | null
  readonly columns: readonly string[]
}

/** A table that Sluice itself fills, without SQL of a model; or that nothing fills: a contract of gold without one. */
export interface OwnOrigin {
  readonly by: 'sluice' | 'nothing'
  readonly columns: readonly string[]
}

export interface DownstreamLineage {
  readonly table: string
  readonly direction: 'downstream'
  readonly depth: number | null
  /** The columns whose dependents these are; `*` stands for which rows there are. */
  readonly columns: readonly string[]
  /** In the order in which tables are derived. */
  readonly dependents: readonly Dependent[]
  /** Columns of other tables of which it is not known whether they depend on it. */
  readonly unknown: readonly { readonly table: string; readonly column: string; readonly why: string }[]
}

/**
 * Says where the columns of a table come from, or what comes from them, as the SQL of the project's models has it. Reads no lake.
 * Throws SLUICE_TABLE_UNKNOWN, SLUICE_ARGUMENT_INVALID for a column that the table lacks, SLUICE_MODEL_INVALID, SLUICE_REFERENCE_INVALID.
 */
export async function lineage(project: Project, name: string, options: LineageOptions = {}): Promise<LineageReport> {
  const known = await readLineage(project)
  const asked = askedFor(name, options.column, known)
  const direction = options.direction ?? 'upstream'
  const depth = options.depth ?? (direction === 'upstream' ? 1 : Number.POSITIVE_INFINITY)
  if (!(depth >= 1)) throw new SluiceError('SLUICE_ARGUMENT_INVALID', `A depth is 1 or more, not ${depth}.`)
  const head = { table: asked.table, depth: Number.isFinite(depth) ? depth : null }
  if (direction === 'upstream') return { ...head, direction, made: originOfTable(asked, depth, known, project) }
  const columns = asked.column === undefined ? [...known.columns.get(asked.table)!, ROWS] : [asked.column]
  const dependents = dependentsOf({ table: asked.table, columns }, known.tables, depth)
  return { ...head, direction, columns, dependents, unknown: unknownsOf(known) }
}

interface Asked {
  readonly table: string
  readonly column: string | undefined
}

/** `risk_summary`, `gold.risk_summary`, `gold.risk_summary.close`, in any case. */
function askedFor(name: string, column: string | undefined, { columns }: ProjectLineage): Asked {
  const tables = [...columns.keys()]
  const lower = name.toLowerCase()
  const [layer = '', dataset = '', ...rest] = lower.split('.')
  const candidates = [lower, ...['gold', 'silver', 'reference'].map(own => `${own}.${lower}`)]
  const found = candidates.find(candidate => columns.has(candidate))
  if (found !== undefined) return { table: found, column: columnOf(found, column, columns.get(found)!) }
  const table = `${layer}.${dataset}`
  if (rest.length === 1 && columns.has(table)) {
    if (column !== undefined && column.toLowerCase() !== rest[0])
      throw new SluiceError('SLUICE_ARGUMENT_INVALID', `${name} names a column already: leave out ${column}.`)
    return { table, column: columnOf(table, rest[0], columns.get(table)!) }
  }
  const near = didYouMean(lower, tables) || didYouMean(table, tables)
  throw new SluiceError('SLUICE_TABLE_UNKNOWN', `The project has no table ${name}.${near}`, {
    known: tables,
    next: 'List the models with `sluice models`, the contracts of silver with `sluice contract show`.',
  })
}

function columnOf(table: string, column: string | undefined, known: readonly string[]): string | undefined {
  if (column === undefined || column === ROWS) return column
  const found = known.find(own => own.toLowerCase() === column.toLowerCase())
  if (found !== undefined) return found
  const message = `${table} has no column ${column}.${didYouMean(column, known)}`
  throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { known, next: `Its columns: ${known.join(', ')}.` })
}

function originOfTable({ table, column }: Asked, depth: number, known: ProjectLineage, project: Project) {
  const own = known.tables.find(candidate => candidate.table === table)
  const columns = known.columns.get(table)!.filter(name => column === undefined || column === name)
  if (own !== undefined) {
    const follow = follower(known.tables)
    const model = project.models.find(candidate => `gold.${candidate.table}` === table)!.file
    const kept = own.columns.filter(candidate => column === undefined || candidate.column === column)
    const followed = kept.map(candidate => ({ column: candidate.column, ...follow(candidate, depth) }))
    const hasRows = column === undefined || column === ROWS
    return { by: 'model', model, columns: followed, ...(hasRows && { rows: follow(own.rows, depth) }) } as const
  }
  const dataset = datasetOrigin(table, columns, project)
  if (dataset !== undefined) return dataset
  const [layer, name = ''] = table.split('.')
  const isOurs = table === CALENDAR_SESSIONS || OWN_TABLES.has(name)
  if (layer !== 'reference') return { by: isOurs ? 'sluice' : 'nothing', columns } as const
  const path = project.references[name]
  const file = path === undefined ? null : relative(project.folder, path).replaceAll('\\', '/')
  return { by: 'file', file, columns } as const
}

function unknownsOf({ tables }: ProjectLineage): DownstreamLineage['unknown'] {
  return tables.flatMap(({ table, columns, rows }) =>
    [...columns, { column: ROWS, ...rows }].flatMap(({ column, unknown: why }) =>
      why === undefined ? [] : [{ table, column, why }],
    ),
  )
}
