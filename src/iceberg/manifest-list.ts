import { SluiceError } from '../core/errors.js'
import { readAvroFile, writeAvroFile } from './avro.js'
import type { AvroRecord } from './avro-decode.js'
import { MANIFEST_LIST_SCHEMA } from './manifest-schema.js'
import type { FieldSummary, ManifestFile } from './types.js'

const CONTENT = ['data', 'deletes'] as const

/** The bytes of a snapshot's manifest list, in the given order. */
export function writeManifestList(list: {
  readonly manifests: readonly ManifestFile[]
  readonly snapshotId: bigint
  readonly parentSnapshotId: bigint | undefined
  readonly sequenceNumber: bigint
}): Buffer {
  return writeAvroFile({
    schema: MANIFEST_LIST_SCHEMA,
    metadata: {
      'snapshot-id': String(list.snapshotId),
      'parent-snapshot-id': String(list.parentSnapshotId ?? null),
      'sequence-number': String(list.sequenceNumber),
      'format-version': '2',
    },
    rows: list.manifests.map(manifestRow),
  })
}

/** The manifests of a snapshot. Throws SLUICE_MANIFEST_CORRUPT, naming `file`. */
export function readManifestList(bytes: Buffer, file: string): ManifestFile[] {
  return readAvroFile(bytes, file).rows.map((row, index) => {
    try {
      return readManifestFile(row)
    } catch (thrown) {
      const what = `row ${index}: ${thrown instanceof Error ? thrown.message : String(thrown)}`
      throw new SluiceError('SLUICE_MANIFEST_CORRUPT', `${file} cannot be read: ${what}. Nothing was changed.`, {
        place: { file },
      })
    }
  })
}

const REQUIRED = [
  [500, 'string'],
  [501, 'bigint'],
  [502, 'number'],
  [503, 'bigint'],
  [504, 'number'],
  [505, 'number'],
  [506, 'number'],
  [512, 'bigint'],
  [513, 'bigint'],
  [514, 'bigint'],
] as const

function manifestRow(manifest: ManifestFile): Record<string, unknown> {
  return {
    manifest_path: manifest['manifest-path'],
    manifest_length: manifest['manifest-length'],
    partition_spec_id: manifest['partition-spec-id'],
    content: CONTENT.indexOf(manifest.content),
    sequence_number: manifest['sequence-number'],
    min_sequence_number: manifest['min-sequence-number'],
    added_snapshot_id: manifest['added-snapshot-id'],
    added_files_count: manifest['added-files-count'],
    existing_files_count: manifest['existing-files-count'],
    deleted_files_count: manifest['deleted-files-count'],
    added_rows_count: manifest['added-rows-count'],
    existing_rows_count: manifest['existing-rows-count'],
    deleted_rows_count: manifest['deleted-rows-count'],
    partitions: manifest.partitions.map(summary => ({
      contains_null: summary['contains-null'],
      contains_nan: summary['contains-nan'],
      lower_bound: summary['lower-bound'] ?? null,
      upper_bound: summary['upper-bound'] ?? null,
    })),
    key_metadata: manifest['key-metadata'] ?? null,
  }
}

/** Lists of v1 tables have no sequence numbers (0) and no content (data). */
function readManifestFile(row: AvroRecord): ManifestFile {
  const missing = REQUIRED.find(([id, type]) => typeof row.get(id) !== type)
  if (missing !== undefined) throw new Error(`field ${missing[0]} is missing or has a wrong type`)
  const content = CONTENT[(row.get(517) ?? 0) as number]
  if (content === undefined) throw new Error(`content ${String(row.get(517))} is unknown`)
  return {
    'manifest-path': row.get(500) as string,
    'manifest-length': row.get(501) as bigint,
    'partition-spec-id': row.get(502) as number,
    content,
    'sequence-number': (row.get(515) ?? 0n) as bigint,
    'min-sequence-number': (row.get(516) ?? 0n) as bigint,
    'added-snapshot-id': row.get(503) as bigint,
    'added-files-count': row.get(504) as number,
    'existing-files-count': row.get(505) as number,
    'deleted-files-count': row.get(506) as number,
    'added-rows-count': row.get(512) as bigint,
    'existing-rows-count': row.get(513) as bigint,
    'deleted-rows-count': row.get(514) as bigint,
    partitions: ((row.get(507) ?? []) as AvroRecord[]).map(readSummary),
    ...bytesOf('key-metadata', row.get(519)),
  }
}

/** A writer that does not say whether there are NaNs may have some. */
function readSummary(row: AvroRecord): FieldSummary {
  return {
    'contains-null': row.get(509) as boolean,
    'contains-nan': (row.get(518) ?? true) as boolean,
    ...bytesOf('lower-bound', row.get(510)),
    ...bytesOf('upper-bound', row.get(511)),
  }
}

function bytesOf<Key extends string>(key: Key, value: unknown): Partial<Record<Key, Buffer>> {
  return Buffer.isBuffer(value) ? ({ [key]: value } as Record<Key, Buffer>) : {}
}
