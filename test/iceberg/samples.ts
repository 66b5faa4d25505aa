import { newTableMetadata } from '../../src/iceberg/create-metadata.js'
import { timeSpec } from '../../src/iceberg/partition.js'
import { assignIds, type ColumnDeclaration } from '../../src/iceberg/schema.js'
import type { DataFile, ManifestEntry, Schema, TableMetadata } from '../../src/iceberg/types.js'

export const COLUMNS: readonly ColumnDeclaration[] = [
  { name: 'event_time', type: 'timestamptz', required: true },
  { name: 'instrument_id', type: 'string' },
  { name: 'price', type: 'decimal(18,4)' },
  { name: 'volume', type: 'int' },
  { name: 'rules', type: { list: 'string' } },
]

export const SPEC = timeSpec(1, 'event_time', 'hour')

export function schemaOf(columns: readonly ColumnDeclaration[] = COLUMNS): Schema {
  return assignIds(columns, 0)
}

export function tableOf(columns: readonly ColumnDeclaration[] = COLUMNS): TableMetadata {
  return newTableMetadata({
    uuid: '6f0e7b1a-0000-4000-8000-000000000001',
    location: '/lake/silver/market_events/contract_version=v1',
    schema: schemaOf(columns),
    spec: SPEC,
    properties: { owner: 'desk' },
    nowMs: 1000,
  })
}

export function fileAt(hour: number | null, name: string, rows = 10n): DataFile {
  return {
    content: 0,
    'file-path': `/lake/${name}.parquet`,
    'file-format': 'PARQUET',
    partition: { 1000: hour },
    'record-count': rows,
    'file-size-in-bytes': 100n,
  }
}

export function added(file: DataFile, snapshotId = 7n): ManifestEntry {
  return {
    status: 'added',
    'snapshot-id': snapshotId,
    'sequence-number': null,
    'file-sequence-number': null,
    'data-file': file,
  }
}
