import { type BoundValue, compareValues, encodeValue } from './bounds.js'
import type { ManifestContent } from './manifest.js'
import { boundValueOf } from './partition-value.js'
import { primitiveOf } from './schema-fields.js'
import { transformedType } from './transforms.js'
import type { EntryStatus, FieldSummary, ManifestEntry, ManifestFile, PartitionField, Schema } from './types.js'

/** The manifest list's row for a manifest that this snapshot wrote: counts, least sequence number, partition summaries. */
export function manifestFileOf(
  manifest: ManifestContent & {
    readonly path: string
    readonly sizeBytes: number
    /** Of the snapshot being written; entries that inherit count with it. */
    readonly sequenceNumber: bigint
  },
): ManifestFile {
  const { entries, sequenceNumber } = manifest
  return {
    'manifest-path': manifest.path,
    'manifest-length': BigInt(manifest.sizeBytes),
    'partition-spec-id': manifest.spec['spec-id'],
    content: manifest.content,
    'sequence-number': sequenceNumber,
    'min-sequence-number': leastSequenceNumber(entries, sequenceNumber),
    'added-snapshot-id': manifest.snapshotId,
    'added-files-count': withStatus(entries, 'added').length,
    'existing-files-count': withStatus(entries, 'existing').length,
    'deleted-files-count': withStatus(entries, 'deleted').length,
    'added-rows-count': rowsOf(withStatus(entries, 'added')),
    'existing-rows-count': rowsOf(withStatus(entries, 'existing')),
    'deleted-rows-count': rowsOf(withStatus(entries, 'deleted')),
    partitions: manifest.spec.fields.map(field => summarise(field, manifest.schema, entries)),
  }
}

function withStatus(entries: readonly ManifestEntry[], status: EntryStatus): ManifestEntry[] {
  return entries.filter(entry => entry.status === status)
}

function rowsOf(entries: readonly ManifestEntry[]): bigint {
  return entries.reduce((sum, entry) => sum + entry['data-file']['record-count'], 0n)
}

function leastSequenceNumber(entries: readonly ManifestEntry[], inherited: bigint): bigint {
  return entries
    .filter(entry => entry.status !== 'deleted')
    .reduce((least, { 'sequence-number': own }) => (own !== null && own < least ? own : least), inherited)
}

/** Deleted entries count too: their partitions must be found by readers of incremental changes. */
function summarise(field: PartitionField, schema: Schema, entries: readonly ManifestEntry[]): FieldSummary {
  const type = transformedType(field.transform, primitiveOf(schema, field['source-id'])!)
  const values = entries.map(entry => boundValueOf(type, entry['data-file'].partition[field['field-id']] ?? null))
  const numbers = values.filter(value => value !== undefined && !Number.isNaN(value)) as BoundValue[]
  const lower = numbers.length === 0 ? undefined : numbers.reduce((a, b) => (compareValues(b, a) < 0 ? b : a))
  const upper = numbers.length === 0 ? undefined : numbers.reduce((a, b) => (compareValues(b, a) > 0 ? b : a))
  return {
    'contains-null': values.includes(undefined),
    'contains-nan': values.some(value => Number.isNaN(value)),
    ...(lower === undefined ? {} : { 'lower-bound': encodeValue(type, lower) }),
    ...(upper === undefined ? {} : { 'upper-bound': encodeValue(type, upper) }),
  }
}
