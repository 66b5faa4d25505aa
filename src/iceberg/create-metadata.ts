import { nameMapping } from './schema.js'
import { fieldsById } from './schema-fields.js'
import type { PartitionSpec, Schema, TableMetadata } from './types.js'

/** The property that maps column names to field ids for data files written without ids. */
export const NAME_MAPPING = 'schema.name-mapping.default'

/** The partition field ids of a spec start here; a table without partition fields has this minus one as its last. */
const FIRST_PARTITION_ID = 1000

/** What the metadata of a table says that has no snapshot. */
export const NO_SNAPSHOT = {
  'last-sequence-number': 0n,
  'current-snapshot-id': -1n,
  refs: {},
  snapshots: [],
  'snapshot-log': [],
  'metadata-log': [],
  statistics: [],
  'partition-statistics': [],
} as const satisfies Partial<TableMetadata>

/** Metadata v2 of a table that has no snapshot yet. `location` is immutable from here on. */
export function newTableMetadata(table: {
  readonly uuid: string
  readonly location: string
  readonly schema: Schema
  readonly spec: PartitionSpec
  readonly properties: Readonly<Record<string, string>>
  readonly nowMs: number
}): TableMetadata {
  const { schema, spec } = table
  return {
    'format-version': 2,
    'table-uuid': table.uuid,
    location: table.location,
    'last-updated-ms': table.nowMs,
    'last-column-id': Math.max(0, ...fieldsById(schema).byId.keys()),
    schemas: [schema],
    'current-schema-id': schema['schema-id'],
    'partition-specs': [spec],
    'default-spec-id': spec['spec-id'],
    'last-partition-id': Math.max(FIRST_PARTITION_ID - 1, ...spec.fields.map(field => field['field-id'])),
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': 0,
    properties: { ...table.properties, [NAME_MAPPING]: nameMapping(schema) },
    ...NO_SNAPSHOT,
  }
}
