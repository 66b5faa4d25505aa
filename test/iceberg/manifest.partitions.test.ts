import { describe, expect, it } from 'vitest'
import { readManifest, writeManifest } from '../../src/iceberg/manifest.js'
import { manifestFileOf } from '../../src/iceberg/manifest-file.js'
import type { PartitionSpec, PartitionValue, PrimitiveType, Transform } from '../../src/iceberg/types.js'
import { readWithOracle, schemaParts } from './avro-oracle.js'
import { added, fileAt, schemaOf } from './samples.js'

function written(type: PrimitiveType, transform: Transform, values: readonly PartitionValue[], name = 'p') {
  const spec: PartitionSpec = { 'spec-id': 0, fields: [{ 'source-id': 1, 'field-id': 1000, name, transform }] }
  const entries = values.map((value, index) => added({ ...fileAt(null, `f${index}`), partition: { 1000: value } }))
  const content = { schema: schemaOf([{ name: 'a', type }]), spec, content: 'data' as const, entries, snapshotId: 7n }
  const bytes = writeManifest(content)
  const file = manifestFileOf({ ...content, path: 'm', sizeBytes: bytes.length, sequenceNumber: 1n })
  const field = schemaParts(readWithOracle(bytes).schema).fields.find(one => one['field-id'] === 1000)!
  const read = readManifest(bytes, 'm', [spec]).map(entry => entry['data-file'].partition[1000])
  return { field, read, summary: file.partitions[0]! }
}

describe('a partition tuple', () => {
  it.each<[PrimitiveType, Transform, unknown, PartitionValue]>([
    ['timestamptz', 'hour', 'int', 490_000],
    ['timestamptz', 'day', { type: 'int', logicalType: 'date' }, -1],
    ['date', 'month', 'int', 672],
    ['date', 'identity', { type: 'int', logicalType: 'date' }, 20_475],
    ['long', 'identity', 'long', 2n ** 63n - 1n],
    ['string', 'truncate[4]', 'string', 'fx:n'],
    ['string', 'bucket[16]', 'int', 3],
    ['timestamptz', 'identity', { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': true }, -1n],
    ['timestamp', 'identity', { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': false }, 1n],
    ['boolean', 'identity', 'boolean', false],
    ['double', 'identity', 'double', -1.5],
    ['binary', 'identity', 'bytes', Buffer.from('x')],
    ['uuid', 'identity', { type: 'fixed', size: 16, name: 'uuid_fixed', logicalType: 'uuid' }, Buffer.alloc(16, 7)],
  ])('of %s by %s is %j and reads back, null too', (type, transform, avroType, value) => {
    const { field, read, summary } = written(type, transform, [value, null])
    expect(field.type).toEqual(['null', avroType])
    expect(read).toEqual([value, null])
    expect(summary).toMatchObject({ 'contains-null': true, 'contains-nan': false })
    expect(summary['lower-bound']).toEqual(summary['upper-bound'])
  })

  it('of a decimal has a fixed size in Avro and the fewest bytes in its bounds', () => {
    const { field, read, summary } = written('decimal(9,2)', 'identity', [-1n, 300n])
    expect(field.type).toMatchObject([
      'null',
      { type: 'fixed', size: 4, logicalType: 'decimal', precision: 9, scale: 2 },
    ])
    expect(read).toEqual([Buffer.from('ffffffff', 'hex'), Buffer.from('0000012c', 'hex')])
    expect(summary['lower-bound']).toEqual(Buffer.from('ff', 'hex'))
    expect(summary['upper-bound']).toEqual(Buffer.from('012c', 'hex'))
    expect(written('decimal(9,2)', 'identity', read as Buffer[])).toEqual({ field, read, summary })
  })

  it('keeps NaN out of the bounds and says that there is one', () => {
    const { summary } = written('double', 'identity', [Number.NaN, 2, 1])
    expect(summary).toMatchObject({ 'contains-nan': true, 'contains-null': false })
    expect(summary['lower-bound']!.readDoubleLE()).toBe(1)
    expect(written('double', 'identity', [Number.NaN]).summary).not.toHaveProperty('lower-bound')
  })

  it('spells a field name that Avro does not allow and keeps the real one beside it', () => {
    const { field, read } = written('int', 'identity', [5], '1 ż')
    expect(field).toMatchObject({ name: '_1_x20_x17C', 'iceberg-field-name': '1 ż' })
    expect(read).toEqual([5])
  })
})
