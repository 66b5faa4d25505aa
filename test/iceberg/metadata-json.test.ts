import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SluiceError } from '../../src/core/errors.js'
import { parseMetadata, printMetadata } from '../../src/iceberg/metadata-json.js'
import type { TableMetadata } from '../../src/iceberg/types.js'
import { tableOf } from './samples.js'

const id63 = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n })

const metadata = fc
  .record({
    ids: fc.uniqueArray(id63, { minLength: 1, maxLength: 5 }),
    // zod leaves a key `__proto__` out of a record; no table has a property of that name.
    text: fc.string({ unit: 'grapheme' }).filter(text => text !== '__proto__'),
    extra: id63,
  })
  .map(({ ids, text, extra }) => ({
    ...tableOf(),
    'last-sequence-number': BigInt(ids.length),
    'current-snapshot-id': ids.at(-1)!,
    refs: { main: { 'snapshot-id': ids.at(-1)!, type: 'branch' as const } },
    snapshots: ids.map((id, index) => ({
      'snapshot-id': id,
      ...(index === 0 ? {} : { 'parent-snapshot-id': ids[index - 1]! }),
      'sequence-number': BigInt(index + 1),
      'timestamp-ms': 1000 + index,
      'manifest-list': `/lake/${text}`,
      summary: { operation: 'append' as const, note: `${extra}` },
      'schema-id': 0,
    })),
    'snapshot-log': ids.map((id, index) => ({ 'timestamp-ms': 1000 + index, 'snapshot-id': id })),
    properties: { [text]: `"${extra}"`, '\uE000': '\uE00012345678901234567890' },
    'unknown-key': { nested: [(1n << 53n) + extra, text, 1.5, null] },
  }))

function fault(change: (table: Record<string, unknown>) => void): SluiceError {
  const table = JSON.parse(printMetadata(tableOf())) as Record<string, unknown>
  change(table)
  return thrownBy(() => parseMetadata(JSON.stringify(table), 'v7.metadata.json'))
}

function thrownBy(action: () => unknown): SluiceError {
  try {
    action()
  } catch (thrown) {
    return thrown as SluiceError
  }
  throw new Error('nothing was thrown')
}

describe('table metadata as JSON', () => {
  it('survives a round trip with 63-bit ids, odd texts and unknown keys', () => {
    fc.assert(
      fc.property(metadata, table => {
        expect(parseMetadata(printMetadata(table), 'f')).toEqual(table)
      }),
    )
  })

  it('prints an id beyond 2^53 as a plain integer with all its digits', () => {
    const table: TableMetadata = { ...tableOf(), 'last-sequence-number': 9223372036854775807n }
    expect(printMetadata(table)).toContain('"last-sequence-number":9223372036854775807,')
  })

  it('writes -1 and no main ref for a table without snapshots', () => {
    const table = JSON.parse(printMetadata(tableOf())) as Record<string, unknown>
    expect(table['current-snapshot-id']).toBe(-1)
    expect(table['refs']).toEqual({})
    expect(table).not.toHaveProperty('schema')
    expect(JSON.parse((table['properties'] as Record<string, string>)['schema.name-mapping.default']!)).toContainEqual({
      'field-id': 5,
      names: ['rules'],
      fields: [{ 'field-id': 6, names: ['element'] }],
    })
  })

  it('takes a missing or null current-snapshot-id for none', () => {
    const { 'current-snapshot-id': _, ...table } = JSON.parse(printMetadata(tableOf())) as Record<string, unknown>
    expect(parseMetadata(JSON.stringify(table), 'f')['current-snapshot-id']).toBe(-1n)
    expect(parseMetadata(JSON.stringify({ ...table, 'current-snapshot-id': null }), 'f')['current-snapshot-id']).toBe(
      -1n,
    )
  })

  it.each<[string, (table: Record<string, unknown>) => void, string]>([
    ['a missing key', t => delete t['table-uuid'], 'table-uuid'],
    ['format version 3', t => (t['format-version'] = 3), 'only format version 2'],
    [
      'an unknown type',
      t =>
        (t['schemas'] = [
          { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'a', required: false, type: 'timestamp_ns' }] },
        ]),
      'schemas.0.fields.0.type',
    ],
    [
      'an id used twice',
      t =>
        (t['schemas'] = [
          {
            type: 'struct',
            'schema-id': 0,
            fields: [1, 1].map(id => ({ id, name: 'a', required: false, type: 'int' })),
          },
        ]),
      'twice',
    ],
    ['a field id above the last', t => (t['last-column-id'] = 3), 'last-column-id'],
    ['a current schema that is not there', t => (t['current-schema-id'] = 9), 'current-schema-id 9'],
    ['a default spec that is not there', t => (t['default-spec-id'] = 9), 'default-spec-id 9'],
    ['a ref to nowhere', t => (t['refs'] = { audit: { 'snapshot-id': 5, type: 'branch' } }), 'snapshot 5'],
    ['a head that differs from main', t => (t['current-snapshot-id'] = 5), 'differs from ref main'],
    ['a property that is no text', t => (t['properties'] = { a: 1 }), 'properties.a'],
    ['a fractional id', t => (t['last-sequence-number'] = 1.5), 'last-sequence-number'],
    [
      'a log from the future',
      t => (t['snapshot-log'] = [{ 'timestamp-ms': 99_999_999, 'snapshot-id': 1 }]),
      'snapshot-log',
    ],
  ])('refuses %s, naming the file', (_what, change, message) => {
    const error = fault(change)
    expect(error.code).toBe('SLUICE_METADATA_CORRUPT')
    expect(error.message).toContain('v7.metadata.json')
    expect(error.message).toContain(message)
  })

  it('refuses a text cut at any place', () => {
    const text = printMetadata(tableOf())
    for (let length = 0; length < text.length; length += 13) {
      expect(thrownBy(() => parseMetadata(text.slice(0, length), 'f')).code).toBe('SLUICE_METADATA_CORRUPT')
    }
  })
})
