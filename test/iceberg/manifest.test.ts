import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/core/errors.js'
import { writeAvroFile } from '../../src/iceberg/avro.js'
import { readManifest, writeManifest } from '../../src/iceberg/manifest.js'
import type { DataFile, ManifestEntry, PartitionSpec } from '../../src/iceberg/types.js'
import { readWithOracle, schemaParts } from './avro-oracle.js'
import { added, fileAt, SPEC, schemaOf } from './samples.js'

const schema = schemaOf()
const UNPARTITIONED: PartitionSpec = { 'spec-id': 0, fields: [] }
const write = (entries: readonly ManifestEntry[], spec = SPEC) =>
  writeManifest({ schema, spec, content: 'data', entries, snapshotId: 7n })

const int63 = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n })
const counts = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 2 ** 31 - 1 }), int63), {
  selector: ([id]) => id,
  maxLength: 4,
})
const bounds = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.uint8Array({ maxLength: 20 })), {
  selector: ([id]) => id,
  maxLength: 4,
})
const countMap = counts.map(pairs => new Map([...pairs].sort(([a], [b]) => a - b)))
const boundMap = bounds.map(
  pairs => new Map([...pairs].sort(([a], [b]) => a - b).map(([id, bytes]) => [id, Buffer.from(bytes)])),
)
const dataFile: fc.Arbitrary<DataFile> = fc.record(
  {
    content: fc.constant(0 as const),
    'file-path': fc.string({ unit: 'grapheme' }),
    'file-format': fc.constant('PARQUET'),
    partition: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })).map(hour => ({ 1000: hour })),
    'record-count': int63,
    'file-size-in-bytes': int63,
    'column-sizes': countMap,
    'null-value-counts': countMap,
    'nan-value-counts': countMap,
    'lower-bounds': boundMap,
    'upper-bounds': boundMap,
    'split-offsets': fc.array(int63),
    'equality-ids': fc.array(fc.integer({ min: 1, max: 9 })),
    'sort-order-id': fc.nat(9),
    'referenced-data-file': fc.string(),
  },
  { requiredKeys: ['content', 'file-path', 'file-format', 'partition', 'record-count', 'file-size-in-bytes'] },
)
const entry: fc.Arbitrary<ManifestEntry> = fc.oneof(
  dataFile.map(file => added(file)),
  fc
    .record({ 'data-file': dataFile, 'sequence-number': int63, 'file-sequence-number': int63 })
    .chain(part =>
      fc.constantFrom('existing' as const, 'deleted' as const).map(status => ({ ...part, status, 'snapshot-id': 7n })),
    ),
)

describe('a manifest', () => {
  it('reads back as it was written, 63-bit numbers and null partitions included', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), entries => {
        expect(readManifest(write(entries), 'm.avro', [SPEC])).toEqual(entries)
      }),
    )
  })

  it('holds 10,000 entries in blocks that stay near 64,000 bytes', () => {
    const entries = Array.from({ length: 10_000 }, (_, index) =>
      added(fileAt(index, `file-${index}`, BigInt(index + 1))),
    )
    const bytes = write(entries)
    const oracle = readWithOracle(bytes)
    expect(oracle.rows).toHaveLength(10_000)
    expect(oracle.blockBytes.length).toBeGreaterThan(5)
    expect(Math.max(...oracle.blockBytes)).toBeLessThan(64_200)
    expect(readManifest(bytes, 'm.avro', [SPEC])).toEqual(entries)
  })

  it('of an unpartitioned table has an empty partition struct', () => {
    const file = { ...fileAt(null, 'a'), partition: {} }
    expect(readManifest(write([added(file)], UNPARTITIONED), 'm.avro', [UNPARTITIONED])).toEqual([added(file)])
  })

  it('without entries is a header that reads as no rows', () => {
    expect(readWithOracle(write([])).rows).toEqual([])
    expect(readManifest(write([]), 'm.avro', [SPEC])).toEqual([])
  })

  it('has a field id on every field, the record names and unions that other readers insist on', () => {
    const oracle = readWithOracle(write([]))
    const { records, fields } = schemaParts(oracle.schema)
    const maps = ['k117_v118', 'k119_v120', 'k121_v122', 'k138_v139', 'k126_v127', 'k129_v130']
    expect(records).toEqual(['manifest_entry', 'r2', 'r102', ...maps])
    for (const field of fields) {
      expect(field['field-id'], field.name).toBeTypeOf('number')
      if (Array.isArray(field.type)) expect([field.type[0], field['default']], field.name).toEqual(['null', null])
    }
    const ids = Object.fromEntries(fields.map(field => [field.name, field['field-id']]))
    expect(ids).toMatchObject({
      status: 0,
      data_file: 2,
      content: 134,
      partition: 102,
      event_time_hour: 1000,
      lower_bounds: 125,
    })
  })

  it('carries the table schema, the spec and the kind of content in its header', () => {
    const { metadata } = readWithOracle(write([]))
    expect(JSON.parse(metadata['schema']!)).toEqual(schema)
    expect(JSON.parse(metadata['partition-spec']!)).toEqual(SPEC.fields)
    expect(metadata).toMatchObject({
      'schema-id': '0',
      'partition-spec-id': '0',
      'format-version': '2',
      content: 'data',
    })
  })

  it('leaves sequence numbers of added entries null for the reader to inherit', () => {
    const row = readWithOracle(write([added(fileAt(3, 'a'))])).rows[0]!
    expect(row).toMatchObject({ status: 1, snapshot_id: 7n, sequence_number: null, file_sequence_number: null })
    expect(row['data_file']).toMatchObject({
      partition: { event_time_hour: 3 },
      file_format: 'PARQUET',
      lower_bounds: null,
    })
  })

  it('decodes with the Avro library as well', async () => {
    const bytes = write([added(fileAt(3, 'a')), added(fileAt(null, 'b'))])
    const rows: unknown[] = []
    const decoder = new avro.streams.BlockDecoder()
    decoder.on('data', row => rows.push(row))
    const done = new Promise((resolve, reject) => decoder.on('end', resolve).on('error', reject))
    decoder.end(bytes)
    await done
    expect(rows).toMatchObject([
      { data_file: { file_path: '/lake/a.parquet' } },
      { data_file: { file_path: '/lake/b.parquet' } },
    ])
  })

  it('is the same bytes for the same content', () => {
    expect(write([added(fileAt(3, 'a'))])).toEqual(write([added(fileAt(3, 'a'))]))
  })

  it('refuses to write an existing entry without its sequence numbers', () => {
    expect(() => write([{ ...added(fileAt(3, 'a')), status: 'existing' }])).toThrow('has no sequence numbers')
  })

  it('is keyed by field id, whatever its fields are called', () => {
    const fields = [
      { name: 'content', type: 'int', 'field-id': 134 },
      { name: 'location', type: 'string', 'field-id': 100 },
      { name: 'format', type: 'string', 'field-id': 101 },
      { name: 'tuple', type: { type: 'record', name: 'tuple', fields: [] }, 'field-id': 102 },
      { name: 'rows', type: 'long', 'field-id': 103 },
      { name: 'size', type: 'long', 'field-id': 104 },
    ]
    const file = { type: 'record', name: 'file', fields }
    const bytes = writeAvroFile({
      schema: {
        type: 'record',
        name: 'e',
        fields: [
          { name: 'f', type: file, 'field-id': 2 },
          { name: 's', type: 'int', 'field-id': 0 },
        ],
      },
      metadata: {},
      rows: [{ s: 2, f: { content: 0, location: 'x', format: 'PARQUET', tuple: {}, rows: 5n, size: 6n } }],
    })
    expect(readManifest(bytes, 'm.avro', [SPEC])[0]).toMatchObject({
      status: 'deleted',
      'data-file': { 'file-path': 'x', 'record-count': 5n, partition: { 1000: null } },
    })
  })
})

describe('a damaged manifest', () => {
  const whole = write(Array.from({ length: 20 }, (_, index) => added(fileAt(index, `f${index}`))))

  const outcomeOf = (bytes: Buffer): string => {
    try {
      readManifest(bytes, 'broken.avro', [SPEC])
      return 'read'
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(SluiceError)
      const error = thrown as SluiceError
      expect(error.message).toContain('broken.avro')
      return error.code
    }
  }

  it('that is cut at any byte within a block is refused by name', () => {
    const { metadata } = readWithOracle(whole)
    const headerEnd = whole.indexOf(metadata['avro.schema']!) + metadata['avro.schema']!.length
    for (let length = 0; length < whole.length; length += length < headerEnd ? 101 : 1) {
      const cut = whole.subarray(0, length)
      if (outcomeOf(cut) === 'read') expect(readManifest(cut, 'cut', [SPEC])).toEqual([])
    }
  })

  it('with any byte changed is read or refused by name, never anything else', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(whole)
        bytes[at]! ^= flip
        expect(['read', 'SLUICE_MANIFEST_CORRUPT']).toContain(outcomeOf(bytes))
      }),
      { numRuns: 500 },
    )
  })

  it('that is any bytes at all is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array(), noise => {
        expect(outcomeOf(Buffer.concat([Buffer.from('Obj\x01', 'latin1'), noise]))).toBe('SLUICE_MANIFEST_CORRUPT')
      }),
    )
  })

  it('that counts more items than it has bytes is refused at once', () => {
    const schemaOfArray = {
      type: 'record',
      name: 'e',
      fields: [{ name: 'a', type: { type: 'array', items: 'null' }, 'field-id': 1 }],
    }
    const bytes = writeAvroFile({ schema: schemaOfArray, metadata: {}, rows: [{ a: Array(1_000_000).fill(null) }] })
    expect(outcomeOf(bytes)).toBe('SLUICE_MANIFEST_CORRUPT')
  })

  it('of a partition spec that the table does not have is refused', () => {
    expect(() => readManifest(write([]), 'm.avro', [{ 'spec-id': 4, fields: [] }])).toThrow('partition spec 0')
  })
})
