import type { AvroRecord } from './avro-decode.js'
import { avroName } from './manifest-schema.js'
import { fixedBytes } from './partition-value.js'
import { primitiveOf } from './schema-fields.js'
import { transformedType } from './transforms.js'
import type { DataFile, PartitionSpec, PartitionTuple, PartitionValue, Schema } from './types.js'

/** A data file as the Avro row `r2`. Maps become arrays of key and value in key order; what is absent becomes null. */
export function dataFileRow(file: DataFile, spec: PartitionSpec, schema: Schema): Record<string, unknown> {
  return {
    content: file.content,
    file_path: file['file-path'],
    file_format: file['file-format'].toUpperCase(),
    partition: partitionRow(file.partition, spec, schema),
    record_count: file['record-count'],
    file_size_in_bytes: file['file-size-in-bytes'],
    column_sizes: pairs(file['column-sizes']),
    value_counts: pairs(file['value-counts']),
    null_value_counts: pairs(file['null-value-counts']),
    nan_value_counts: pairs(file['nan-value-counts']),
    lower_bounds: pairs(file['lower-bounds']),
    upper_bounds: pairs(file['upper-bounds']),
    key_metadata: file['key-metadata'] ?? null,
    split_offsets: file['split-offsets'] ?? null,
    equality_ids: file['equality-ids'] ?? null,
    sort_order_id: file['sort-order-id'] ?? null,
    referenced_data_file: file['referenced-data-file'] ?? null,
  }
}

/** The inverse of `dataFileRow` on a row keyed by field id. Throws a plain error when a required field is missing. */
export function readDataFile(row: AvroRecord, spec: PartitionSpec): DataFile {
  const content = row.get(134) ?? 0
  if (content !== 0 && content !== 1 && content !== 2) throw new Error(`content ${String(content)} is unknown`)
  return {
    content,
    'file-path': present<string>(row, 100, 'string'),
    'file-format': present<string>(row, 101, 'string'),
    partition: readPartition(present<AvroRecord>(row, 102, 'object'), spec),
    'record-count': present<bigint>(row, 103, 'bigint'),
    'file-size-in-bytes': present<bigint>(row, 104, 'bigint'),
    ...optionalParts(row),
  }
}

function optionalParts(row: AvroRecord): Partial<DataFile> {
  const parts = {
    'column-sizes': mapOf<bigint>(row.get(108)),
    'value-counts': mapOf<bigint>(row.get(109)),
    'null-value-counts': mapOf<bigint>(row.get(110)),
    'nan-value-counts': mapOf<bigint>(row.get(137)),
    'lower-bounds': mapOf<Buffer>(row.get(125)),
    'upper-bounds': mapOf<Buffer>(row.get(128)),
    'key-metadata': row.get(131) ?? undefined,
    'split-offsets': row.get(132) ?? undefined,
    'equality-ids': row.get(135) ?? undefined,
    'sort-order-id': row.get(140) ?? undefined,
    'referenced-data-file': row.get(143) ?? undefined,
  }
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined))
}

function partitionRow(tuple: PartitionTuple, spec: PartitionSpec, schema: Schema): Record<string, PartitionValue> {
  return Object.fromEntries(
    spec.fields.map(field => {
      const type = transformedType(field.transform, primitiveOf(schema, field['source-id'])!)
      return [avroName(field.name), fixedBytes(type, tuple[field['field-id']] ?? null)]
    }),
  )
}

function readPartition(row: AvroRecord, spec: PartitionSpec): PartitionTuple {
  return Object.fromEntries(spec.fields.map(({ 'field-id': id }) => [id, (row.get(id) ?? null) as PartitionValue]))
}

function pairs<Value>(map: ReadonlyMap<number, Value> | undefined): { key: number; value: Value }[] | null {
  if (map === undefined) return null
  return [...map].sort(([left], [right]) => left - right).map(([key, value]) => ({ key, value }))
}

function mapOf<Value>(value: unknown): ReadonlyMap<number, Value> | undefined {
  return value instanceof Map ? value : undefined
}

function present<Value>(row: AvroRecord | undefined, id: number, type: string): Value {
  const value = row?.get(id)
  if (value === null || typeof value !== type) throw new Error(`field ${id} is missing or has a wrong type`)
  return value as Value
}
