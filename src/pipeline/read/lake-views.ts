import type { Contract } from '../../contract/contract.js'
import { publishedShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import type { Engine } from '../../engine/engine.js'
import { quoteIdent } from '../../engine/sql-text.js'
import type { Predicate } from '../../iceberg/prune.js'
import type { DataFile, Schema } from '../../iceberg/types.js'
import { KNOWN_PREFIX, type LoadedTable, type TableName } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { type KnownAt, knownAtSql, newestVersionSql, versionedDataset, versionKey } from '../../lake/newest-version.js'
import { readFilesSql } from '../../lake/read-sql.js'
import { dataFiles } from '../../lake/scan.js'
import { tableKey } from '../../lake/table-location.js'
import type { TableShape } from '../../lake/table-shape.js'
import { type AsOf, stateAsOf } from '../../lake/time-travel.js'
import type { Project } from '../project/project.js'
import { CALENDAR_SESSIONS, loadSessions, viewSessions } from './calendar-sessions.js'
import { createLedgerView, LEDGER_TABLES } from './ledger-views.js'

/** What a name in SQL stands for: all rows of a table, or the newest version of each of its keys. */
export interface SqlTable {
  readonly name: TableName
  readonly rows: 'all' | 'newest'
}

/**
 * The tables of a lake by their names in SQL: `<layer>.<dataset>` for the newest major, `<dataset>_v<major>` for every one. A dataset
 * whose versions are kept is two: `<dataset>_versions`, and `<dataset>`, the newest of them.
 */
export function sqlNames(names: readonly TableName[]): Map<string, SqlTable> {
  const found = new Map<string, SqlTable>()
  for (const name of [...names].sort((a, b) => a.major - b.major)) {
    const versioned = versionedDataset(name)
    const known: (readonly [string, SqlTable['rows']])[] = [
      [name.dataset, 'all'],
      ...(versioned === undefined ? [] : [[versioned, 'newest'] as const]),
    ]
    for (const [dataset, rows] of known) {
      found.set(`${name.layer}.${dataset}`, { name, rows })
      found.set(`${name.layer}.${dataset}_v${name.major}`, { name, rows })
    }
  }
  return found
}

/** The names in SQL under which a table's newest major is read. */
export function namesOf(name: TableName): string[] {
  return [...sqlNames([name])].filter(([text]) => !text.endsWith(`_v${name.major}`)).map(([text]) => text)
}

/** The contract of the table that a name in SQL reads: `silver.macro_observations_versions` is of macro_observations. */
export function contractOfName(name: string, contracts: readonly Contract[]): Contract | undefined {
  return contracts.find(contract => namesOf(publishedShape(contract).name).includes(name))
}

/**
 * Makes views for the tables that a query names; the others are not touched. The tables of `ledger` are read from records,
 * `silver.calendar_sessions` is that of the exchanges' sessions. With `knownAt`, tables hold what was known then of what they held.
 */
export async function createViews(
  wanted: ReadonlySet<string>,
  lake: Lake,
  project: Project,
  engine: Engine,
  asOf: AsOf,
  knownAt?: KnownAt,
): Promise<void> {
  const meant = await tablesMeant(wanted, lake)
  const loaded = await Promise.all(meant.map(name => lake.catalog.load(name)))
  const tables = new Map(loaded.flatMap(table => (table === undefined ? [] : [[tableKey(table.name), table]])))
  const present = sqlNames([...tables.values()].map(table => table.name))
  for (const name of wanted) {
    const found = present.get(name)
    if (found !== undefined)
      await createView({ ...found, name, table: tables.get(tableKey(found.name))! }, lake, engine, { asOf, knownAt })
    else if (LEDGER_TABLES.includes(name)) await createLedgerView(name, lake, engine)
    else if (name === CALENDAR_SESSIONS) await createSessionsView(engine)
    else {
      refuseLost(name, asOf)
      await createEmptyView(name, project, engine)
    }
  }
}

/** A table that a run committed to cannot come out as an empty one. */
function refuseLost(name: string, asOf: AsOf): void {
  if (
    asOf.kind !== 'run' ||
    ![...asOf.snapshots.keys()].some(key => key === name || key.replace(/_v\d+$/, '') === name)
  )
    return
  const message = `The run committed to ${name}, and the lake has no such table any more.`
  throw new SluiceError('SLUICE_METADATA_CORRUPT', message, { next: 'Run `sluice verify`: it says what is gone.' })
}

/** The tables that some names in SQL may mean, of those that there are; maybe some that are not there yet. */
export async function tablesMeant(wanted: ReadonlySet<string>, lake: Lake): Promise<TableName[]> {
  if ([...wanted].every(isMade)) return []
  return (await lake.catalog.names()).filter(name => [...sqlNames([name]).keys()].some(text => wanted.has(text)))
}

/** Whether a name is of what is made for the query, whatever tables there are. */
function isMade(name: string): boolean {
  return LEDGER_TABLES.includes(name) || name === CALENDAR_SESSIONS || name.startsWith('reference.')
}

/** What a name in SQL stands for, as it was found. */
interface FoundTable extends Pick<SqlTable, 'rows'> {
  readonly name: string
  readonly table: LoadedTable
}

/** Which state of a table is looked at, and what of it. */
interface Look {
  readonly asOf: AsOf
  readonly knownAt: KnownAt | undefined
}

async function createView(found: FoundTable, lake: Lake, engine: Engine, { asOf, knownAt }: Look) {
  const { name } = found
  const { layer } = found.table.name
  const { table, snapshot, schema, rows } = await majorAsOf(found, lake, asOf)
  const files = snapshot === undefined ? [] : await dataFiles(lake, table, snapshot, knownBy(knownAt))
  const sql = await rowsSql(lake, table, schema, files, rows, knownAt)
  if (layer.startsWith(KNOWN_PREFIX)) await engine.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(layer)}`)
  await engine.run(`CREATE OR REPLACE VIEW ${qualified(name)} AS ${sql}`)
}

/** Files of which nothing was known then are not opened. */
function knownBy(knownAt: KnownAt | undefined): Predicate | undefined {
  if (knownAt === undefined) return undefined
  return { column: '_known_at', op: '<=', value: BigInt(Math.round(knownAt.atMs * 1000)) }
}

/** A dataset by its plain name is its newest major that had rows then: before a major began, the one before it was the dataset. */
async function majorAsOf({ name, rows, table }: FoundTable, lake: Lake, asOf: AsOf) {
  const state = { table, rows, ...stateAsOf(table, asOf) }
  if (state.snapshot !== undefined || name.endsWith(`_v${table.name.major}`)) return state
  const older = (await tablesMeant(new Set([name]), lake)).filter(({ major }) => major < table.name.major)
  for (const own of older.toSorted((a, b) => b.major - a.major)) {
    const before = await lake.catalog.load(own)
    if (before === undefined) continue
    const stateBefore = { table: before, rows: sqlNames([own]).get(name)!.rows, ...stateAsOf(before, asOf) }
    if (stateBefore.snapshot !== undefined) return stateBefore
  }
  return state
}

/** SQL for the rows of data files as a name in SQL shows them. */
export async function rowsSql(
  lake: Lake,
  table: LoadedTable,
  schema: Schema,
  files: readonly DataFile[],
  rows: SqlTable['rows'],
  knownAt?: KnownAt,
): Promise<string> {
  const all = await readFilesSql(lake, table, schema, files)
  if (rows === 'newest') return newestVersionSql(all, versionKey(table, schema), knownAt)
  return knownAt === undefined ? all : knownAtSql(all, knownAt)
}

/** A contract without a table yet is an empty table, not an error. */
async function createEmptyView(name: string, project: Project, engine: Engine): Promise<void> {
  const contract = contractOfName(name, project.contracts)
  if (contract === undefined) return
  await engine.run(`CREATE OR REPLACE VIEW ${qualified(name)} AS ${emptySql(publishedShape(contract))}`)
}

/** A SELECT with a shape's columns and no rows. */
export function emptySql(shape: TableShape): string {
  return `SELECT ${shape.columns.map(column => `NULL::${column.sqlType} AS ${quoteIdent(column.name)}`).join(', ')} WHERE false`
}

async function createSessionsView(engine: Engine): Promise<void> {
  await loadSessions('all', engine)
  await viewSessions(engine)
}

function qualified(name: string): string {
  return name.split('.').map(quoteIdent).join('.')
}
