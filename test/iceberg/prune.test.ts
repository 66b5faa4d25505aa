import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BoundValue, compareValues, encodeValue, lowerBoundOf, upperBoundOf } from '../../src/iceberg/bounds.js'
import { manifestFileOf } from '../../src/iceberg/manifest-file.js'
import { timeSpec } from '../../src/iceberg/partition.js'
import { mayMatchFile, mayMatchManifest, type Predicate } from '../../src/iceberg/prune.js'
import { type TimeGrain, transformOrdinal } from '../../src/iceberg/transforms.js'
import type { DataFile, PartitionSpec, PrimitiveType } from '../../src/iceberg/types.js'
import { added, schemaOf } from './samples.js'

const schema = schemaOf([
  { name: 'at', type: 'timestamptz' },
  { name: 'day', type: 'date' },
  { name: 'text', type: 'string' },
  { name: 'price', type: 'decimal(18,2)' },
  { name: 'ratio', type: 'double' },
  { name: 'small', type: 'float' },
  { name: 'count', type: 'int' },
  { name: 'flag', type: 'boolean' },
])
type Row = Readonly<Record<string, BoundValue | null>>

const values: Readonly<Record<string, fc.Arbitrary<BoundValue>>> = {
  at: fc
    .tuple(fc.constantFrom(-9000n, -1n, 0n, 1n, 30n, 750n, 9000n), fc.bigInt({ min: 0n, max: 3n }))
    .map(([hour, micros]) => hour * 3_600_000_000n + micros),
  day: fc.integer({ min: -800, max: 800 }),
  text: fc
    .tuple(
      fc.constantFrom('', 'fx:nbp:aaaaaaaaaa', '\uFFFF', '\u{1F600}'),
      fc.string({ unit: 'binary', maxLength: 12 }),
    )
    .map(parts => parts.join('')),
  price: fc.bigInt({ min: -300n, max: 300n }),
  ratio: fc.oneof(fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0), fc.double({ min: -3, max: 3 })),
  small: fc.oneof(fc.constantFrom(Number.NaN, 0, -0), fc.float({ min: -3, max: 3 })),
  count: fc.integer({ min: -5, max: 5 }),
  flag: fc.boolean(),
}
const row: fc.Arbitrary<Row> = fc.record(
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fc.option(value, { freq: 4 })])),
)

const leaf: fc.Arbitrary<Predicate> = fc.constantFrom(...Object.keys(values)).chain(column =>
  fc.oneof(
    fc.record({
      column: fc.constant(column),
      op: fc.constantFrom('=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
      value: values[column]!,
    }),
    fc.record({
      column: fc.constant(column),
      op: fc.constant('in' as const),
      values: fc.array(values[column]!, { maxLength: 3 }),
    }),
    fc.constantFrom<Predicate>({ column, op: 'is-null' }, { column, op: 'not-null' }),
  ),
)
const { predicate } = fc.letrec<{ predicate: Predicate }>(tie => ({
  predicate: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ and: fc.array(tie('predicate'), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('predicate'), { maxLength: 3 }) }),
  ),
}))

/** DuckDB's order: NaN equals itself and is above every number. */
function compareAsEngine(left: BoundValue, right: BoundValue): number {
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right))
  return compareValues(left, right)
}

function matches(predicate: Predicate, of: Row): boolean {
  if ('and' in predicate) return predicate.and.every(part => matches(part, of))
  if ('or' in predicate) return predicate.or.some(part => matches(part, of))
  const value = of[predicate.column]!
  if (predicate.op === 'is-null') return value === null
  if (value === null) return false
  if (predicate.op === 'not-null') return true
  if (predicate.op === 'in') return predicate.values.some(one => compareAsEngine(value, one) === 0)
  const order = compareAsEngine(value, predicate.value)
  if (predicate.op === '=') return order === 0
  return predicate.op[0] === '<'
    ? order < 0 || (order === 0 && predicate.op === '<=')
    : order > 0 || (order === 0 && predicate.op === '>=')
}

/** A file of these rows as a writer describes it; `figures` false leaves all metrics out. */
function fileOf(rows: readonly Row[], partition: DataFile['partition'], figures: boolean): DataFile {
  const base: DataFile = {
    content: 0,
    'file-path': 'f',
    'file-format': 'PARQUET',
    partition,
    'record-count': BigInt(rows.length),
    'file-size-in-bytes': 1n,
  }
  if (!figures) return base
  const maps = {
    nulls: new Map<number, bigint>(),
    nans: new Map<number, bigint>(),
    lower: new Map<number, Buffer>(),
    upper: new Map<number, Buffer>(),
  }
  for (const field of schema.fields) {
    const all = rows.map(one => one[field.name]!)
    const numbers = all.filter(value => value !== null && !Number.isNaN(value)) as BoundValue[]
    const sorted = numbers.sort(compareValues)
    maps.nulls.set(field.id, BigInt(all.filter(value => value === null).length))
    if (!all.some(value => Number.isNaN(value))) maps.nans.set(field.id, 0n)
    if (sorted.length === 0) continue
    const upper = upperBoundOf(sorted.at(-1)!)
    maps.lower.set(field.id, encodeValue(field.type as PrimitiveType, lowerBoundOf(sorted[0]!)))
    if (upper !== undefined) maps.upper.set(field.id, encodeValue(field.type as PrimitiveType, upper))
  }
  return {
    ...base,
    'value-counts': new Map(schema.fields.map(field => [field.id, BigInt(rows.length)])),
    'null-value-counts': maps.nulls,
    'nan-value-counts': maps.nans,
    'lower-bounds': maps.lower,
    'upper-bounds': maps.upper,
  }
}

function partitionOf(grain: TimeGrain | 'identity', of: Row): DataFile['partition'] {
  if (grain === 'identity') return { 1000: of['text'] as string | null }
  const at = of['at'] as bigint | null
  return { 1000: at === null ? null : transformOrdinal(grain, at) }
}

function specOf(grain: TimeGrain | 'identity'): PartitionSpec {
  if (grain !== 'identity') return timeSpec(1, 'at', grain)
  return { 'spec-id': 0, fields: [{ 'source-id': 3, 'field-id': 1000, name: 'text', transform: 'identity' }] }
}

describe('pruning', () => {
  it('never leaves out a file or a manifest with a matching row', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 4 }),
        predicate,
        fc.constantFrom<TimeGrain | 'identity'>('hour', 'day', 'month', 'year', 'identity'),
        fc.boolean(),
        (rows, filter, grain, figures) => {
          const spec = specOf(grain)
          const files = rows.map(first => {
            const partition = partitionOf(grain, first)
            const members = rows.filter(one => partitionOf(grain, one)[1000] === partition[1000])
            return { members, file: fileOf(members, partition, figures) }
          })
          for (const { members, file } of files) {
            if (members.some(one => matches(filter, one))) expect(mayMatchFile(file, spec, schema, filter)).toBe(true)
          }
          const entries = files.map(({ file }) => added(file))
          const content = { schema, spec, content: 'data' as const, entries, snapshotId: 7n }
          const manifest = manifestFileOf({ ...content, path: 'm', sizeBytes: 1, sequenceNumber: 1n })
          if (rows.some(one => matches(filter, one)))
            expect(mayMatchManifest(manifest, spec, schema, filter)).toBe(true)
        },
      ),
      { numRuns: 3000 },
    )
  })

  const hour = 490_000
  const rowAt = {
    at: BigInt(hour) * 3_600_000_000n + 5n,
    day: 3,
    text: 'm',
    price: 150n,
    ratio: 1,
    small: 1,
    count: 3,
    flag: true,
  }
  const file = fileOf([rowAt], { 1000: hour }, true)
  const spec = specOf('hour')

  it.each<[string, Predicate]>([
    ['a later hour', { column: 'at', op: '>=', value: BigInt(hour + 1) * 3_600_000_000n }],
    ['an earlier hour, as text', { column: 'at', op: '<', value: '1970-01-02 00:00:00+00' }],
    ['another text', { column: 'text', op: 'in', values: ['l', 'n'] }],
    ['a decimal above, as text', { column: 'price', op: '>', value: '1.50' }],
    ['an int, given as bigint', { column: 'count', op: '=', value: 4n }],
    ['a column without nulls', { column: 'flag', op: 'is-null' }],
    ['an empty list', { column: 'flag', op: 'in', values: [] }],
    [
      'one false part of and',
      {
        and: [
          { column: 'flag', op: '=', value: true },
          { column: 'day', op: '<', value: 3 },
        ],
      },
    ],
    [
      'all false parts of or',
      {
        or: [
          { column: 'ratio', op: '>', value: 1 },
          { column: 'day', op: '<', value: 3 },
        ],
      },
    ],
  ])('leaves out a file for %s', (_what, filter) => {
    expect(mayMatchFile(file, spec, schema, filter)).toBe(false)
  })

  it.each<[string, Predicate]>([
    ['a column it does not know', { column: 'nowhere', op: '=', value: 1 }],
    ['a value it cannot compare exactly', { column: 'price', op: '>', value: '1.501' }],
    ['a time without a zone', { column: 'at', op: '=', value: '1970-01-01 00:00:00' }],
    ['a number that a float cannot hold', { column: 'small', op: '=', value: 0.1 }],
    ['a value of another kind', { column: 'text', op: '=', value: 5 }],
  ])('keeps a file for %s', (_what, filter) => {
    expect(mayMatchFile(file, spec, schema, filter)).toBe(true)
  })

  it('leaves out a manifest by the hours of its files', () => {
    const content = { schema, spec, content: 'data' as const, entries: [added(file)], snapshotId: 7n }
    const manifest = manifestFileOf({ ...content, path: 'm', sizeBytes: 1, sequenceNumber: 1n })
    expect(
      mayMatchManifest(manifest, spec, schema, { column: 'at', op: '>', value: BigInt(hour + 1) * 3_600_000_000n }),
    ).toBe(false)
    expect(mayMatchManifest(manifest, spec, schema, { column: 'at', op: 'is-null' })).toBe(false)
    expect(mayMatchManifest({ ...manifest, partitions: [] }, spec, schema, { column: 'at', op: 'is-null' })).toBe(true)
  })
})
