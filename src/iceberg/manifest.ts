import { SluiceError } from '../core/errors.js'
import { readAvroFile, writeAvroFile } from './avro.js'
import type { AvroRecord } from './avro-decode.js'
import { dataFileRow, readDataFile } from './data-file-row.js'
import { manifestSchema } from './manifest-schema.js'
import type { EntryStatus, ManifestEntry, PartitionSpec, Schema } from './types.js'

const STATUS: readonly EntryStatus[] = ['existing', 'added', 'deleted']

export interface ManifestContent {
  readonly schema: Schema
  readonly spec: PartitionSpec
  readonly content: 'data' | 'deletes'
  readonly entries: readonly ManifestEntry[]
  /** The snapshot that adds and deletes: it is written into added and deleted entries. */
  readonly snapshotId: bigint
}

/**
 * A manifest's bytes. Existing and deleted entries must carry the sequence numbers they had; added ones leave them null,
 * so that a retry needs only a new manifest list. Throws SLUICE_INTERNAL when they do not.
 */
export function writeManifest(manifest: ManifestContent): Buffer {
  const { schema, spec, content, entries, snapshotId } = manifest
  return writeAvroFile({
    schema: manifestSchema(spec, schema),
    metadata: {
      schema: JSON.stringify(schema),
      'schema-id': String(schema['schema-id']),
      'partition-spec': JSON.stringify(spec.fields),
      'partition-spec-id': String(spec['spec-id']),
      'format-version': '2',
      content,
    },
    rows: entries.map(entry => entryRow(entry, spec, schema, snapshotId)),
  })
}

/**
 * A manifest's entries; what they inherit from the manifest list is still null. `specs` are the table's.
 * Throws SLUICE_MANIFEST_CORRUPT, naming `file`.
 */
export function readManifest(bytes: Buffer, file: string, specs: readonly PartitionSpec[]): ManifestEntry[] {
  const { metadata, rows } = readAvroFile(bytes, file)
  const specId = Number(metadata['partition-spec-id'] ?? 0)
  const spec = specs.find(one => one['spec-id'] === specId)
  if (spec === undefined) throw corrupt(file, `its partition spec ${specId} is not one of the table`)
  return rows.map((row, index) => {
    try {
      return readEntry(row, spec)
    } catch (thrown) {
      throw corrupt(file, `entry ${index}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  })
}

function entryRow(
  entry: ManifestEntry,
  spec: PartitionSpec,
  schema: Schema,
  snapshotId: bigint,
): Record<string, unknown> {
  const inherits = entry.status === 'added'
  if (!inherits && (entry['sequence-number'] === null || entry['file-sequence-number'] === null)) {
    throw new SluiceError(
      'SLUICE_INTERNAL',
      `The ${entry.status} entry of ${entry['data-file']['file-path']} has no sequence numbers. No manifest was written.`,
    )
  }
  return {
    status: STATUS.indexOf(entry.status),
    snapshot_id: entry.status === 'existing' ? entry['snapshot-id'] : snapshotId,
    sequence_number: entry['sequence-number'],
    file_sequence_number: inherits ? null : entry['file-sequence-number'],
    data_file: dataFileRow(entry['data-file'], spec, schema),
  }
}

function readEntry(row: AvroRecord, spec: PartitionSpec): ManifestEntry {
  const status = STATUS[row.get(0) as number]
  if (status === undefined) throw new Error(`status ${String(row.get(0))} is unknown`)
  const dataFile = row.get(2)
  if (!(dataFile instanceof Map)) throw new Error('it has no data_file')
  return {
    status,
    'snapshot-id': (row.get(1) as bigint | null | undefined) ?? null,
    'sequence-number': (row.get(3) as bigint | null | undefined) ?? null,
    'file-sequence-number': (row.get(4) as bigint | null | undefined) ?? null,
    'data-file': readDataFile(dataFile, spec),
  }
}

function corrupt(file: string, what: string): SluiceError {
  return new SluiceError('SLUICE_MANIFEST_CORRUPT', `${file} cannot be read: ${what}. Nothing was changed.`, {
    place: { file },
  })
}
