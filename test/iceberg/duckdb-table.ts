import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { columnMetrics, type FileStatistics } from '../../src/iceberg/column-stats.js'
import { newTableMetadata } from '../../src/iceberg/create-metadata.js'
import { readManifest } from '../../src/iceberg/manifest.js'
import { readManifestList } from '../../src/iceberg/manifest-list.js'
import { manifestsToRead } from '../../src/iceberg/manifest-plan.js'
import { printMetadata } from '../../src/iceberg/metadata-json.js'
import { partitionPath, timeSpec } from '../../src/iceberg/partition.js'
import { assignIds, type ColumnDeclaration } from '../../src/iceberg/schema.js'
import { produceSnapshot } from '../../src/iceberg/snapshot.js'
import type {
  DataFile,
  ManifestEntry,
  ManifestFile,
  NestedField,
  Schema,
  TableMetadata,
} from '../../src/iceberg/types.js'
import { applyUpdates } from '../../src/iceberg/updates.js'

export const EVENT_COLUMNS: readonly ColumnDeclaration[] = [
  { name: 'event_time', type: 'timestamptz' },
  { name: 'instrument_id', type: 'string', doc: 'class:venue:code' },
  { name: 'price', type: 'decimal(38,18)' },
  { name: 'size', type: 'decimal(18,6)' },
  { name: 'volume', type: 'int' },
  { name: 'trade_id', type: 'long' },
  { name: 'vol', type: 'double' },
  { name: 'trade_date', type: 'date' },
  { name: 'is_bid', type: 'boolean' },
  { name: 'rules', type: { list: 'string' } },
  { name: 'nothing', type: 'string' },
]

/** 1000 events in three hours and some without a time, from a formula. */
export const EVENTS_SQL = `SELECT
  CASE WHEN i % 100 <> 7 THEN TIMESTAMPTZ '2026-01-22 08:30:00+00' + to_microseconds(i * 7200000) END AS event_time,
  CASE i % 3 WHEN 0 THEN 'crypto:coingecko:bitcoin' WHEN 1 THEN 'fx:nbp:zażółć-gęślą-jaźń' ELSE NULL END AS instrument_id,
  CAST(i * 0.125 - 50 AS DECIMAL(38,18)) AS price,
  CAST(i / 4.0 AS DECIMAL(18,6)) AS size,
  CAST(i - 500 AS INTEGER) AS volume,
  i + 9007199254740993 AS trade_id,
  CASE i WHEN 5 THEN 'nan'::DOUBLE WHEN 6 THEN '-inf'::DOUBLE ELSE i / 3.0 END AS vol,
  DATE '1969-12-01' + CAST(i AS INTEGER) AS trade_date,
  i % 2 = 0 AS is_bid,
  CASE WHEN i % 5 = 0 THEN NULL ELSE ['r' || (i % 4), 'x'] END AS rules,
  NULL::VARCHAR AS nothing
FROM range(1000) t(i)`

/** A table on disk, made of DuckDB's data files and our metadata. Test support: it writes, it does not check. */
export interface TableOnDisk {
  /** The folder that `metadata.location` names. */
  readonly root: string
  metadata: TableMetadata
  version: number
}

export function createTable(root: string, location = root): TableOnDisk {
  const schema = assignIds(EVENT_COLUMNS, 0)
  const spec = timeSpec(1, 'event_time', 'hour')
  const metadata = newTableMetadata({
    uuid: '6f0e7b1a-0000-4000-8000-000000000001',
    location,
    schema,
    spec,
    properties: {},
    nowMs: 1,
  })
  const table = { root, metadata, version: 1 }
  writeVersion(table)
  return table
}

/** Appends (or, with `removed`, overwrites) and writes the next metadata file. */
export function commitFiles(table: TableOnDisk, files: readonly DataFile[], removed: readonly string[] = []): void {
  const { metadata } = table
  const manifests = headManifests(table)
  const removedPaths = new Set(removed)
  const schema = metadata.schemas.at(-1)!
  const needed = manifestsToRead({ manifests, specs: metadata['partition-specs'], schema, removedPaths })
  const outcome = produceSnapshot({
    metadata,
    operation: removed.length === 0 ? 'append' : 'overwrite',
    added: files,
    removed: removedPaths,
    manifests,
    entries: new Map(needed.map(one => [one['manifest-path'], entriesOf(table, one)])),
    snapshotId: BigInt(1000 + table.version),
    commitUuid: `commit-${table.version}`,
    timestampMs: 1_767_225_600_000 + table.version,
    summary: { 'sluice.run-id': 'demo-001' },
  })
  if (outcome.outcome !== 'produced') throw new Error(`missing ${outcome.paths.join()}`)
  for (const { path, bytes } of outcome.files) writeOut(onDisk(table, path), bytes)
  const { snapshot } = outcome
  table.metadata = applyUpdates(
    metadata,
    [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshot['snapshot-id'] },
    ],
    1_767_225_600_000 + table.version,
    `${metadata.location}/metadata/v${table.version}.metadata.json`,
  )
  table.version++
  writeVersion(table)
}

/** One data file per hour, in hive-shaped folders below the location. */
export async function writeDataFiles(table: TableOnDisk, name: string, select: string): Promise<DataFile[]> {
  const schema = table.metadata.schemas.at(-1)!
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run("SET TimeZone = 'Europe/Warsaw'")
  await connection.run(`CREATE TABLE events AS ${select}`)
  const hours = await connection.runAndReadAll(
    'SELECT DISTINCT CAST(floor(epoch(event_time) / 3600) AS INTEGER) AS hour FROM events ORDER BY hour',
  )
  const files: DataFile[] = []
  for (const [hour] of hours.getRows() as (number | null)[][]) {
    const partition = { 1000: hour ?? null }
    const path = `${table.root}/${partitionPath(timeSpec(1, 'event_time', 'hour'), partition)}/run_id=${name}.parquet`
    mkdirSync(dirname(path), { recursive: true })
    const where = hour === null ? 'event_time IS NULL' : `floor(epoch(event_time) / 3600) = ${hour}`
    const copied = await connection.runAndReadAll(
      `COPY (SELECT * FROM events WHERE ${where}) TO '${path}' (FORMAT parquet, FIELD_IDS ${fieldIds(schema)}, RETURN_STATS)`,
    )
    const file = dataFile(copied.getRowObjectsJson()[0]!, partition, schema)
    files.push({ ...file, 'file-path': path.replace(table.root, table.metadata.location) })
  }
  connection.closeSync()
  return files
}

export function headManifests(table: TableOnDisk): ManifestFile[] {
  const { snapshots, 'current-snapshot-id': current } = table.metadata
  const path = snapshots.find(snapshot => snapshot['snapshot-id'] === current)?.['manifest-list']
  return path === undefined ? [] : readManifestList(readFileSync(onDisk(table, path)), path)
}

export function entriesOf(table: TableOnDisk, manifest: ManifestFile): ManifestEntry[] {
  const path = manifest['manifest-path']
  return readManifest(readFileSync(onDisk(table, path)), path, table.metadata['partition-specs'])
}

function onDisk(table: TableOnDisk, path: string): string {
  return path.replace(table.metadata.location, table.root)
}

function dataFile(row: Record<string, unknown>, partition: DataFile['partition'], schema: Schema): DataFile {
  const columns = row['column_statistics'] as { key: string; value: { key: string; value: string }[] }[]
  const statistics: FileStatistics = Object.fromEntries(
    columns.map(({ key, value }) => [key, Object.fromEntries(value.map(one => [one.key, one.value]))]),
  )
  return {
    content: 0,
    'file-path': String(row['filename']),
    'file-format': 'PARQUET',
    partition,
    'record-count': BigInt(row['count'] as string),
    'file-size-in-bytes': BigInt(row['file_size_bytes'] as string),
    ...columnMetrics(schema, statistics),
    'split-offsets': [4n],
  }
}

function fieldIds(schema: Schema): string {
  const entry = (field: NestedField) =>
    typeof field.type === 'string' || field.type.type !== 'list'
      ? `"${field.name}": ${field.id}`
      : `"${field.name}": {__duckdb_field_id: ${field.id}, element: ${field.type['element-id']}}`
  return `{${schema.fields.map(entry).join(', ')}}`
}

function writeVersion({ root, metadata, version }: TableOnDisk): void {
  writeOut(`${root}/metadata/v${version}.metadata.json`, Buffer.from(printMetadata(metadata)))
  writeOut(`${root}/metadata/version-hint.text`, Buffer.from(String(version)))
}

function writeOut(path: string, bytes: Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}
