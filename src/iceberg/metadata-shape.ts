import { z } from 'zod'

/** The shape of table metadata v2 as it stands in JSON. Unknown keys pass through; ids become bigints; what v2 lets a writer leave out is filled in. */

const PRIMITIVE =
  /^(?:boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary|decimal\(\s*\d+\s*,\s*\d+\s*\)|fixed\[\d+\])$/

const int = z.int()
const id = z.union([z.bigint(), z.int()], { error: 'expected an integer' }).transform(BigInt)
const text = z.string()

const type: z.ZodType = z.lazy(() =>
  z.union([text.regex(PRIMITIVE), struct, list, map], { error: 'not a type of Iceberg v2' }),
)
const field = z.looseObject({ id: int, name: text, required: z.boolean(), type, doc: text.optional() })
const struct = z.looseObject({ type: z.literal('struct'), fields: z.array(field) })
const list = z.looseObject({
  type: z.literal('list'),
  'element-id': int,
  element: type,
  'element-required': z.boolean(),
})
const map = z.looseObject({
  type: z.literal('map'),
  'key-id': int,
  key: type,
  'value-id': int,
  value: type,
  'value-required': z.boolean(),
})

export const schemaShape = struct.extend({ 'schema-id': int, 'identifier-field-ids': z.array(int).optional() })

const partitionField = z.looseObject({
  'source-id': int,
  'field-id': int,
  name: text,
  transform: text.regex(/^(?:identity|year|month|day|hour|void|bucket\[\d+\]|truncate\[\d+\])$/),
})
const partitionSpec = z.looseObject({ 'spec-id': int, fields: z.array(partitionField) })
const sortField = z.looseObject({
  transform: text,
  'source-id': int,
  direction: z.enum(['asc', 'desc']),
  'null-order': z.enum(['nulls-first', 'nulls-last']),
})

const OPERATIONS: readonly unknown[] = ['append', 'replace', 'overwrite', 'delete']

export const isOperation = (name: unknown): boolean => OPERATIONS.includes(name)

const snapshot = z.looseObject({
  'snapshot-id': id,
  'parent-snapshot-id': id.optional(),
  'sequence-number': id,
  'timestamp-ms': int,
  'manifest-list': text,
  summary: z.record(text, text).refine(summary => isOperation(summary['operation']), 'has no known operation'),
  'schema-id': int.optional(),
})

const ref = z.looseObject({
  'snapshot-id': id,
  type: z.enum(['branch', 'tag']),
  'min-snapshots-to-keep': int.optional(),
  'max-snapshot-age-ms': int.optional(),
  'max-ref-age-ms': int.optional(),
})

export const metadataShape = z.looseObject({
  'format-version': z.literal(2, { error: 'only format version 2 is supported' }),
  'table-uuid': text.min(1),
  location: text.min(1),
  'last-sequence-number': id,
  'last-updated-ms': int,
  'last-column-id': int,
  schemas: z.array(schemaShape).min(1),
  'current-schema-id': int,
  'partition-specs': z.array(partitionSpec).min(1),
  'default-spec-id': int,
  'last-partition-id': int,
  'sort-orders': z.array(z.looseObject({ 'order-id': int, fields: z.array(sortField) })).min(1),
  'default-sort-order-id': int,
  properties: z.record(text, text).default({}),
  'current-snapshot-id': id.nullish().transform(value => value ?? -1n),
  refs: z.record(text, ref).optional(),
  snapshots: z.array(snapshot).default([]),
  'snapshot-log': z.array(z.looseObject({ 'timestamp-ms': int, 'snapshot-id': id })).default([]),
  'metadata-log': z.array(z.looseObject({ 'timestamp-ms': int, 'metadata-file': text })).default([]),
  statistics: z.array(z.unknown()).default([]),
  'partition-statistics': z.array(z.unknown()).default([]),
})
