import type { TableDescription, TableSummary } from '../pipeline/table-view.js'
import { bytesText, countText, plural } from './figures.js'
import { type TableColumn, tableText } from './table-text.js'
import type { Terminal } from './terminal.js'

type Look = Pick<Terminal, 'colors'>

const RIGHT = 'right' as const

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
    table.contract_version,
    countText(table.rows),
    countText(table.files),
    bytesText(table.bytes),
    countText(table.snapshots),
    table.updated_at ?? '',
  ])
  return `${tableText(columns, rows, look)}\n`
}

/** One table: schema, partitions, snapshots and, when asked for, files. */
export function renderTable(table: TableDescription, look: Look): string {
  const { bold } = look.colors
  const size = `${plural(table.rows, 'row')}, ${plural(table.files, 'file')}, ${bytesText(table.bytes)}`
  const sections = [
    `${bold(table.table)} ${table.contract_version}  ${size}\n${table.location}`,
    `${bold('Columns')}\n${columnsText(table, look)}`,
    `${bold('Partitions')}\n${table.partition.join(', ') || 'none'}`,
    `${bold('Snapshots')}\n${snapshotsText(table, look)}`,
    ...(table.data_files === undefined ? [] : [`${bold('Files')}\n${filesText(table.data_files, look)}`]),
  ]
  return `${sections.join('\n\n')}\n`
}

function columnsText(table: TableDescription, look: Look): string {
  const columns = [
    { head: 'id', align: RIGHT },
    { head: 'name' },
    { head: 'type' },
    { head: '' },
    { head: 'description' },
  ]
  const rows = table.columns.map(column => [
    String(column.id),
    column.name,
    column.type,
    column.required ? 'required' : '',
    column.description,
  ])
  return tableText(columns, rows, { ...look, cellWidth: 72 })
}

function snapshotsText(table: TableDescription, look: Look): string {
  if (table.snapshot_log.length === 0) return 'none'
  const columns: TableColumn[] = [
    { head: 'snapshot' },
    { head: 'committed' },
    { head: 'operation' },
    { head: 'run' },
    { head: 'added', align: RIGHT },
    { head: 'total', align: RIGHT },
  ]
  const rows = table.snapshot_log.map(snapshot => [
    snapshot.snapshot_id,
    snapshot.committed_at,
    snapshot.operation,
    snapshot.run_id ?? '',
    countText(snapshot.rows_added),
    countText(snapshot.rows_total),
  ])
  return tableText(columns, rows, look)
}

function filesText(files: NonNullable<TableDescription['data_files']>, look: Look): string {
  const columns: TableColumn[] = [
    { head: 'path' },
    { head: 'partition' },
    { head: 'rows', align: RIGHT },
    { head: 'size', align: RIGHT },
  ]
  const rows = files.map(file => [file.path, file.partition, countText(file.rows), bytesText(file.bytes)])
  return tableText(columns, rows, look)
}
