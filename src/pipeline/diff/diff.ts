import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import type { DataFile } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { oneLook } from '../../lake/one-look.js'
import { dataFiles } from '../../lake/scan.js'
import { type AsOf, stateAsOf, type TableState } from '../../lake/time-travel.js'
import { type Deps, systemDeps } from '../deps.js'
import type { Project } from '../project/project.js'
import { parseAsOf } from '../read/as-of.js'
import { rowsSql, type SqlTable, sqlNames } from '../read/lake-views.js'
import { openWorkspace } from '../workspace.js'
import { type ChangedRow, compareRows, firstChanges, type RowCounts } from './compare-rows.js'
import { type ColumnChange, type ColumnIdentity, diffSchemas } from './diff-schemas.js'
import { keyOf, tablesToDiff } from './tables-to-diff.js'

export interface DiffOptions {
  /** Two states, each a snapshot id, a time or a run id as `--as-of` takes them; or two tables, as SQL names them. */
  readonly before: string
  readonly after: string
  /** One table. Undefined: all of silver and gold that differ; of a snapshot its table alone. */
  readonly table?: string | undefined
  /** Rows that are shown of each table; all are counted. */
  readonly limit: number
  /** Whether rows differ that came from another capture, or under another version of the contract. */
  readonly provenance?: boolean | undefined
}

export interface DiffSide {
  /** Null: the table was empty then. */
  readonly snapshot_id: string | null
  readonly at: string | null
  readonly rows: number
}

export interface TableDiff {
  readonly table: string
  /** Of a comparison of two tables: the other one. */
  readonly other?: string
  readonly key: readonly string[]
  readonly before: DiffSide
  readonly after: DiffSide
  readonly counts: RowCounts
  readonly columns: readonly ColumnChange[]
  /** The first of the rows that differ, in order of their keys. */
  readonly rows: readonly ChangedRow[]
}

export interface LakeDiff {
  readonly before: string
  readonly after: string
  readonly tables: readonly TableDiff[]
}

/**
 * What differs between two states of tables, or between two tables, by key: rows that were added, removed or changed. Values are compared in
 * columns that both have. Throws SLUICE_SNAPSHOT_UNKNOWN, SLUICE_TABLE_UNKNOWN, SLUICE_ARGUMENT_INVALID.
 */
export async function diff(project: Project, options: DiffOptions, deps: Deps = systemDeps): Promise<LakeDiff> {
  if (!Number.isInteger(options.limit) || options.limit < 0)
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', 'The limit of rows is a whole number from 0 on.')
  await using workspace = await openWorkspace(project, deps, { runId: undefined, connections: 1 })
  const look: Look = { lake: oneLook(workspace.lake), project, engine: workspace.engines[0]!, options }
  const { before, after } = options
  const names = sqlNames(await look.lake.catalog.list())
  const two = [names.get(before), names.get(after)] as const
  if (two[0] !== undefined && two[1] !== undefined) {
    const sides = [await stateOf(before, two[0], NOW, look), await stateOf(after, two[1], NOW, look)] as const
    return { before, after, tables: [await diffStates(sides, ({ name }) => name, look)] }
  }
  const states = [await parseAsOf(before, look.lake), await parseAsOf(after, look.lake)] as const
  const tables: TableDiff[] = []
  for (const [name, found] of await tablesToDiff(names, states, { lake: look.lake, table: options.table })) {
    const sides = [await stateOf(name, found, states[0], look), await stateOf(name, found, states[1], look)] as const
    const isSame = sides[0].snapshot?.['snapshot-id'] === sides[1].snapshot?.['snapshot-id']
    if (!isSame || options.table !== undefined) tables.push(await diffStates(sides, ({ id }) => id, look))
  }
  return { before, after, tables }
}

const NOW: AsOf = { kind: 'now' }

interface Look {
  readonly lake: Lake
  readonly project: Project
  readonly engine: Engine
  readonly options: DiffOptions
}

/** A table by a name in SQL, as it was at a moment. */
interface NamedState extends TableState {
  readonly name: string
  readonly rows: SqlTable['rows']
  readonly table: LoadedTable
}

async function stateOf(name: string, { name: own, rows }: SqlTable, asOf: AsOf, { lake }: Look): Promise<NamedState> {
  const table = (await lake.catalog.load(own))!
  return { name, rows, table, ...stateAsOf(table, asOf) }
}

const PROVENANCE: ReadonlySet<string> = new Set(['_capture_id', '_position', '_contract_version'])

async function diffStates(
  [before, after]: readonly [NamedState, NamedState],
  identityOf: ColumnIdentity,
  { lake, project, engine, options }: Look,
): Promise<TableDiff> {
  const key = keyOf(after.name, after, project)
  const isOne = before.table.metadata.location === after.table.metadata.location
  const known = new Set(before.schema.fields.map(identityOf))
  const shared = after.schema.fields.filter(field => known.has(identityOf(field)))
  const missing = key.find(name => !shared.some(field => field.name === name))
  if (missing !== undefined) {
    const message = `${before.name} and ${after.name} cannot be compared: they do not both have the key column ${missing}.`
    throw new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: 'Compare states or tables with one key.' })
  }
  const [old, now] = [await filesOf(before, lake), await filesOf(after, lake)]
  // What lies in a file of both differs nowhere. The newest of several versions may lie in any.
  const common = isOne && after.rows === 'all' ? commonPaths(old, now) : new Set<string>()
  const differing = (files: readonly DataFile[]) => files.filter(file => !common.has(file['file-path']))
  const rows = {
    // Files of one table are read by the ids of columns: their names of today, whatever they were.
    before: await rowsSql(lake, before.table, isOne ? after.schema : before.schema, differing(old), before.rows),
    after: await rowsSql(lake, after.table, after.schema, differing(now), after.rows),
    key,
    columns: shared
      .map(({ name }) => name)
      .filter(name => !key.includes(name) && (options.provenance === true || !PROVENANCE.has(name))),
  }
  const counts = await compareRows(rows, engine)
  return {
    table: after.name,
    ...(before.name !== after.name && { other: before.name }),
    key,
    before: sideOf(before, old),
    after: sideOf(after, now),
    counts,
    columns: diffSchemas(before.schema, after.schema, identityOf),
    rows: await firstChanges(rows, options.limit, engine),
  }
}

async function filesOf({ table, snapshot }: NamedState, lake: Lake): Promise<DataFile[]> {
  return snapshot === undefined ? [] : dataFiles(lake, table, snapshot)
}

function commonPaths(old: readonly DataFile[], now: readonly DataFile[]): Set<string> {
  const known = new Set(old.map(file => file['file-path']))
  return new Set(now.map(file => file['file-path']).filter(path => known.has(path)))
}

/** Rows in files: of a table that keeps versions all of them. */
function sideOf({ snapshot }: NamedState, files: readonly DataFile[]): DiffSide {
  return {
    snapshot_id: snapshot === undefined ? null : String(snapshot['snapshot-id']),
    at: snapshot === undefined ? null : isoTime(snapshot['timestamp-ms']),
    rows: files.reduce((sum, file) => sum + Number(file['record-count']), 0),
  }
}
