import { SluiceError } from '../core/errors.js'
import { type AvroField, type AvroSchema, arrayOf, intMap, optional, required } from './avro-schema.js'
import { decimalOf, primitiveOf } from './schema-fields.js'
import { transformedType } from './transforms.js'
import type { PartitionField, PartitionSpec, PrimitiveType, Schema } from './types.js'

/** The Avro schema of a manifest (spec, "Manifests", v2). Record names are those of the Java writer: some readers look them up. */
export function manifestSchema(spec: PartitionSpec, schema: Schema): AvroSchema {
  const partition = { type: 'record', name: 'r102', fields: spec.fields.map(field => partitionField(field, schema)) }
  const fields = [
    required(0, 'status', 'int'),
    optional(1, 'snapshot_id', 'long'),
    optional(3, 'sequence_number', 'long'),
    optional(4, 'file_sequence_number', 'long'),
    required(2, 'data_file', { type: 'record', name: 'r2', fields: dataFileFields(partition) }),
  ]
  return { type: 'record', name: 'manifest_entry', fields }
}

/** The Avro schema of a manifest list (spec, "Manifest Lists", v2). */
export const MANIFEST_LIST_SCHEMA: AvroSchema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    required(500, 'manifest_path', 'string'),
    required(501, 'manifest_length', 'long'),
    required(502, 'partition_spec_id', 'int'),
    required(517, 'content', 'int'),
    required(515, 'sequence_number', 'long'),
    required(516, 'min_sequence_number', 'long'),
    required(503, 'added_snapshot_id', 'long'),
    required(504, 'added_files_count', 'int'),
    required(505, 'existing_files_count', 'int'),
    required(506, 'deleted_files_count', 'int'),
    required(512, 'added_rows_count', 'long'),
    required(513, 'existing_rows_count', 'long'),
    required(514, 'deleted_rows_count', 'long'),
    optional(507, 'partitions', arrayOf(508, { type: 'record', name: 'r508', fields: summaryFields() })),
    optional(519, 'key_metadata', 'bytes'),
  ],
}

function dataFileFields(partition: AvroSchema): AvroField[] {
  return [
    required(134, 'content', 'int'),
    required(100, 'file_path', 'string'),
    required(101, 'file_format', 'string'),
    required(102, 'partition', partition),
    required(103, 'record_count', 'long'),
    required(104, 'file_size_in_bytes', 'long'),
    optional(108, 'column_sizes', intMap(117, 118, 'long')),
    optional(109, 'value_counts', intMap(119, 120, 'long')),
    optional(110, 'null_value_counts', intMap(121, 122, 'long')),
    optional(137, 'nan_value_counts', intMap(138, 139, 'long')),
    optional(125, 'lower_bounds', intMap(126, 127, 'bytes')),
    optional(128, 'upper_bounds', intMap(129, 130, 'bytes')),
    optional(131, 'key_metadata', 'bytes'),
    optional(132, 'split_offsets', arrayOf(133, 'long')),
    optional(135, 'equality_ids', arrayOf(136, 'int')),
    optional(140, 'sort_order_id', 'int'),
    optional(143, 'referenced_data_file', 'string'),
  ]
}

function summaryFields(): AvroField[] {
  return [
    required(509, 'contains_null', 'boolean'),
    optional(518, 'contains_nan', 'boolean'),
    optional(510, 'lower_bound', 'bytes'),
    optional(511, 'upper_bound', 'bytes'),
  ]
}

function partitionField(field: PartitionField, schema: Schema): AvroField {
  const source = primitiveOf(schema, field['source-id'])
  if (source === undefined) {
    throw new SluiceError(
      'SLUICE_INTERNAL',
      `Partition field ${field.name} has no primitive source column ${field['source-id']}.`,
    )
  }
  const name = avroName(field.name)
  const avroField = optional(field['field-id'], name, partitionType(transformedType(field.transform, source)))
  return name === field.name ? avroField : { ...avroField, 'iceberg-field-name': field.name }
}

/** Avro names have letters, digits and underscores only; others are spelled as the Java writer spells them. */
export function avroName(name: string): string {
  const letters = name.replace(/[^A-Za-z0-9_]/g, char => `_x${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return /^\d/.test(letters) ? `_${letters}` : letters
}

function partitionType(type: PrimitiveType): AvroSchema {
  switch (type) {
    case 'date':
      return { type: 'int', logicalType: 'date' }
    case 'time':
      return { type: 'long', logicalType: 'time-micros' }
    case 'timestamp':
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': type === 'timestamptz' }
    case 'uuid':
      return { type: 'fixed', size: 16, name: 'uuid_fixed', logicalType: 'uuid' }
    case 'binary':
      return 'bytes'
    default:
      return fixedType(type)
  }
}

function fixedType(type: PrimitiveType): AvroSchema {
  const decimal = decimalOf(type)
  if (decimal !== undefined) {
    const { precision, scale } = decimal
    return {
      type: 'fixed',
      size: decimalBytes(precision),
      logicalType: 'decimal',
      precision,
      scale,
      name: `decimal_${precision}_${scale}`,
    }
  }
  const size = /^fixed\[(\d+)\]$/.exec(type)?.[1]
  return size === undefined ? type : { type: 'fixed', size: Number(size), name: `fixed_${size}` }
}

/** The fewest bytes that hold every value of a precision in two's complement. */
export function decimalBytes(precision: number): number {
  let bytes = 1
  while (2n ** BigInt(8 * bytes - 1) < 10n ** BigInt(precision)) bytes++
  return bytes
}
