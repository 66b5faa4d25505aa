import { isoTime } from '../../core/clock.js'
import { SluiceError } from '../../core/errors.js'
import { partitionPath } from '../../iceberg/partition.js'
import type { IcebergType } from '../../iceberg/types.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { fileCatalog } from '../../lake/file-catalog.js'
import { type Lake, openLakeOn } from '../../lake/lake.js'
import { versionedDataset } from '../../lake/newest-version.js'
import { currentSchema, defaultSpec } from '../../lake/open-table.js'
import { currentSnapshot, dataFiles } from '../../lake/scan.js'
import { keyOf, tableKey } from '../../lake/table-location.js'
import { type Deps, systemDeps } from '../deps.js'
import { staleTables } from '../derive/stale-tables.js'
import { KNOWN_AT } from '../derive/store-known.js'
import { lakeStore } from '../lake-store.js'
import type { Project } from '../project/project.js'
import { sqlNames } from './lake-views.js'

export interface TableSummary {
  /** `silver.market_events` */
  readonly table: string
  readonly contractVersion: string
  /** Stands for the newest versions in this table, which holds the files. */
  readonly viewOf?: string
  /** Undefined for a view: its rows are counted by reading them. */
  readonly rows: number | undefined
  readonly files: number
  readonly bytes: number
  readonly snapshots: number
  readonly updatedAt: string | undefined
  readonly location: string
  /** Of a table that keeps gold as it was known at a time, ISO 8601. */
  readonly knownAt?: string
  /** Why its rows are those of an earlier time: the last good ones. */
  readonly stale?: string
}

export interface TableDescription extends TableSummary {
  readonly columns: readonly {
    readonly id: number
    readonly name: string
    readonly type: string
    readonly doc: string
  }[]
  readonly partitionedBy: string
  readonly partitions: readonly {
    readonly partition: string
    readonly files: number
    readonly rows: number
    readonly bytes: number
  }[]
  readonly snapshotLog: readonly {
    readonly id: string
    readonly at: string
    readonly operation: string
    readonly run: string
    readonly rowsAdded: number
    readonly totalRows: number
  }[]
  /** Only when asked for. */
  readonly dataFiles: readonly {
    readonly path: string
    readonly partition: string
    readonly rows: number
    readonly bytes: number
  }[]
}

/** All tables of the lake, in the order of their names. Reads metadata only: no engine is started. */
export async function listTables(project: Project, deps: Deps = systemDeps): Promise<TableSummary[]> {
  const lake = await openMetadata(project, deps)
  const loaded = await Promise.all((await lake.catalog.list()).map(name => lake.catalog.load(name)))
  const stale = await staleTables(lake.store, deps)
  const tables = loaded
    .filter(table => table !== undefined)
    .flatMap(table => [summaryOf(lake, table), ...viewsOf(lake, table)])
    .map(table => marked(table, stale))
  return tables.sort((a, b) => (a.table < b.table ? -1 : 1))
}

/** One table: schema, partitions, snapshots and, with `files`, every data file. Throws SLUICE_TABLE_UNKNOWN. */
export async function describeTable(
  project: Project,
  name: string,
  options: { readonly files: boolean },
  deps: Deps = systemDeps,
): Promise<TableDescription> {
  const lake = await openMetadata(project, deps)
  const names = sqlNames(await lake.catalog.list())
  const found = names.get(name) ?? names.get(`silver.${name}`) ?? names.get(`gold.${name}`)
  const table = found === undefined ? undefined : await lake.catalog.load(found.name)
  if (table === undefined) throw new SluiceError('SLUICE_TABLE_UNKNOWN', `There is no table ${name} in this lake.`)
  const spec = defaultSpec(table)
  const files = (await dataFiles(lake, table)).map(file => ({
    path: keyOf(table, file['file-path']),
    partition: partitionPath(spec, file.partition),
    rows: Number(file['record-count']),
    bytes: Number(file['file-size-in-bytes']),
  }))
  return {
    ...marked(
      found?.rows === 'newest' ? viewsOf(lake, table)[0]! : summaryOf(lake, table),
      await staleTables(lake.store, deps),
    ),
    columns: currentSchema(table).fields.map(field => ({
      id: field.id,
      name: field.name,
      type: typeText(field.type),
      doc: field.doc ?? '',
    })),
    partitionedBy: spec.fields.map(field => `${field.transform}(${columnName(table, field['source-id'])})`).join(', '),
    partitions: partitionsOf(files),
    snapshotLog: table.metadata.snapshots.map(snapshot => ({
      id: String(snapshot['snapshot-id']),
      at: isoTime(snapshot['timestamp-ms']),
      operation: snapshot.summary.operation,
      run: snapshot.summary['sluice.run-id'] ?? '',
      rowsAdded: Number(snapshot.summary['added-records'] ?? 0),
      totalRows: Number(snapshot.summary['total-records'] ?? 0),
    })),
    dataFiles: options.files ? files : [],
  }
}

function marked<Summary extends TableSummary>(table: Summary, stale: ReadonlyMap<string, string>): Summary {
  const why = stale.get(table.table)
  return why === undefined ? table : { ...table, stale: why }
}

/** A lake without an engine: what its metadata says. */
export async function openMetadata(project: Project, deps: Deps): Promise<Lake> {
  const store = await lakeStore(project)
  return openLakeOn({ store, catalog: fileCatalog({ store, clock: deps.clock }), ...deps })
}

function summaryOf(lake: Lake, table: LoadedTable): TableSummary {
  const snapshot = currentSnapshot(table)
  const knownAt = table.metadata.properties[KNOWN_AT]
  const total = (key: string): number => Number(snapshot?.summary[key] ?? 0)
  return {
    table: `${table.name.layer}.${table.name.dataset}`,
    contractVersion: table.metadata.properties['sluice.contract-version'] ?? `v${table.name.major}`,
    rows: total('total-records'),
    files: total('total-data-files'),
    bytes: total('total-files-size'),
    snapshots: table.metadata.snapshots.length,
    updatedAt: snapshot === undefined ? undefined : isoTime(snapshot['timestamp-ms']),
    location: `${lake.store.root}/${tableKey(table.name)}`,
    ...(knownAt !== undefined && { knownAt }),
  }
}

/** What is read of a table under the name of its dataset, when it keeps the versions of one. */
function viewsOf(lake: Lake, table: LoadedTable): TableSummary[] {
  const dataset = versionedDataset(table.name)
  if (dataset === undefined) return []
  const all = summaryOf(lake, table)
  return [{ ...all, table: `silver.${dataset}`, viewOf: all.table, rows: undefined, files: 0, bytes: 0 }]
}

function partitionsOf(files: TableDescription['dataFiles']): TableDescription['partitions'] {
  const partitions = new Map<string, { partition: string; files: number; rows: number; bytes: number }>()
  for (const file of files) {
    const own = partitions.get(file.partition) ?? { partition: file.partition, files: 0, rows: 0, bytes: 0 }
    partitions.set(file.partition, {
      ...own,
      files: own.files + 1,
      rows: own.rows + file.rows,
      bytes: own.bytes + file.bytes,
    })
  }
  return [...partitions.values()].sort((a, b) => (a.partition < b.partition ? -1 : 1))
}

function columnName(table: LoadedTable, id: number): string {
  return currentSchema(table).fields.find(field => field.id === id)?.name ?? String(id)
}

function typeText(type: IcebergType): string {
  if (typeof type === 'string') return type
  return type.type === 'list' ? `list<${typeText(type.element)}>` : type.type
}
