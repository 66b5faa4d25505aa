import type { TableDescription, TableSummary } from '../pipeline/read/tables.js'
import { bytesText, countText, plural } from './figures.js'
import { oneLine } from './one-line.js'
import { type TableColumn, tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const RIGHT = 'right' as const
const MOST_PARTITIONS = 20

/** The tables of a lake, one a line. */
export function renderTables(tables: readonly TableSummary[], look: Look): string {
  if (tables.length === 0) return 'The lake has no tables yet. Next: npx sluice run\n'
  const columns: TableColumn[] = [
    { head: 'table' },
    { head: 'version' },
    { head: 'rows', align: RIGHT },
    { head: 'files', align: RIGHT },
    { head: 'size', align: RIGHT },
    { head: 'snapshots', align: RIGHT },
    { head: 'updated' },
  ]
  const rows = tables.map(table => [
    table.table,
    table.contractVersion,
    ...(table.rows === undefined
      ? ['newest versions', '', '']
      : [countText(table.rows), countText(table.files), bytesText(table.bytes)]),
    countText(table.snapshots),
    table.updatedAt ?? '',
  ])
  return `${tableText(columns, rows, look)}\n${knownText(tables)}${staleText(tables, look)}`
}

/** Tables that keep gold as it was known at a time. */
function knownText(tables: readonly TableSummary[]): string {
  return tables
    .flatMap(({ table, knownAt }) => (knownAt === undefined ? [] : [`${table}: as known at ${knownAt}\n`]))
    .join('')
}

/** Tables that show the last good rows, and why. */
function staleText(tables: readonly TableSummary[], { colors }: Look): string {
  return tables
    .flatMap(({ table, stale }) =>
      stale === undefined ? [] : [`${colors.yellow('stale')}  ${table}: ${oneLine(stale)}\n`],
    )
    .join('')
}

/** One table: schema, partitions, snapshots (the newest first) and, when asked for, files. */
export function renderTable(table: TableDescription, look: Look): string {
  const { bold } = look.colors
  const size =
    table.rows === undefined
      ? `the newest versions of ${table.viewOf}`
      : `${plural(table.rows, 'row')}, ${plural(table.files, 'file')}, ${bytesText(table.bytes)}`
  const staleLine = staleText([table], look) === '' ? '' : `\n${staleText([table], look).trimEnd()}`
  const knownLine = knownText([table]) === '' ? '' : `\n${knownText([table]).trimEnd()}`
  const sections = [
    `${bold(table.table)} ${table.contractVersion}  ${size}\n${table.location}${knownLine}${staleLine}`,
    `${bold('Columns')}\n${columnsText(table, look)}`,
    `${bold('Partitions')} by ${table.partitionedBy || 'nothing'}\n${partitionsText(table, look)}`,
    `${bold('Snapshots')}\n${snapshotsText(table, look)}`,
    ...(table.dataFiles.length === 0 ? [] : [`${bold('Files')}\n${filesText(table.dataFiles, look)}`]),
  ]
  return `${sections.join('\n\n')}\n`
}

function columnsText(table: TableDescription, look: Look): string {
  const columns = [{ head: 'id', align: RIGHT }, { head: 'name' }, { head: 'type' }, { head: 'description' }]
  const rows = table.columns.map(({ id, name, type, doc }) => [String(id), name, type, doc])
  return tableText(columns, rows, { ...look, cellWidth: 72 })
}

function partitionsText({ partitions }: TableDescription, look: Look): string {
  if (partitions.length === 0) return 'none'
  const columns: TableColumn[] = [
    { head: 'partition' },
    { head: 'files', align: RIGHT },
    { head: 'rows', align: RIGHT },
    { head: 'size', align: RIGHT },
  ]
  const rows = partitions
    .slice(-MOST_PARTITIONS)
    .map(part => [part.partition, countText(part.files), countText(part.rows), bytesText(part.bytes)])
  const earlier = partitions.length - rows.length
  return `${earlier > 0 ? `${plural(earlier, 'earlier partition')} left out\n` : ''}${tableText(columns, rows, look)}`
}

function snapshotsText({ snapshotLog }: TableDescription, look: Look): string {
  if (snapshotLog.length === 0) return 'none'
  const columns: TableColumn[] = [
    { head: 'snapshot' },
    { head: 'committed' },
    { head: 'operation' },
    { head: 'run' },
    { head: 'added', align: RIGHT },
    { head: 'total', align: RIGHT },
  ]
  const rows = [...snapshotLog]
    .reverse()
    .map(({ id, at, operation, run, rowsAdded, totalRows }) => [
      id,
      at,
      operation,
      run,
      countText(rowsAdded),
      countText(totalRows),
    ])
  return tableText(columns, rows, look)
}

function filesText(files: TableDescription['dataFiles'], look: Look): string {
  const columns: TableColumn[] = [{ head: 'path' }, { head: 'rows', align: RIGHT }, { head: 'size', align: RIGHT }]
  const rows = files.map(file => [file.path, countText(file.rows), bytesText(file.bytes)])
  return tableText(columns, rows, look)
}
