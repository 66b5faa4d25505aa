import { describe, expect, it } from 'vitest'
import { checkRequirements, type Requirement } from '../../src/iceberg/requirements.js'
import type { Snapshot, TableMetadata } from '../../src/iceberg/types.js'
import type { Update } from '../../src/iceberg/update.js'
import { applyUpdates, checkUpdates } from '../../src/iceberg/updates.js'
import { tableOf } from './samples.js'

function snapshot(id: bigint, sequence: bigint, timestampMs = 2000): Snapshot {
  return {
    'snapshot-id': id,
    'sequence-number': sequence,
    'timestamp-ms': timestampMs,
    'manifest-list': `/lake/snap-${id}.avro`,
    summary: { operation: 'append' },
    'schema-id': 0,
  }
}
const add = (id: bigint, sequence: bigint, timestampMs?: number): Update => ({
  action: 'add-snapshot',
  snapshot: snapshot(id, sequence, timestampMs),
})
const point = (id: bigint, name = 'main'): Update => ({
  action: 'set-snapshot-ref',
  'ref-name': name,
  type: 'branch',
  'snapshot-id': id,
})

function tableWith(...ids: bigint[]): TableMetadata {
  return ids.reduce(
    (table, id, index) => applyUpdates(table, [add(id, BigInt(index + 1), 2000 + index), point(id)], 2000 + index),
    tableOf(),
  )
}

describe('requirements', () => {
  const table = tableWith(5n)
  it.each<[Requirement, boolean]>([
    [{ type: 'assert-create' }, false],
    [{ type: 'assert-table-uuid', uuid: table['table-uuid'] }, true],
    [{ type: 'assert-table-uuid', uuid: 'other' }, false],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 5n }, true],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 6n }, false],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }, false],
    [{ type: 'assert-ref-snapshot-id', ref: 'audit', 'snapshot-id': null }, true],
    [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 6 }, true],
    [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 5 }, false],
    [{ type: 'assert-current-schema-id', 'current-schema-id': 0 }, true],
    [{ type: 'assert-current-schema-id', 'current-schema-id': 1 }, false],
    [{ type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 1000 }, true],
    [{ type: 'assert-default-spec-id', 'default-spec-id': 1 }, false],
    [{ type: 'assert-default-sort-order-id', 'default-sort-order-id': 0 }, true],
  ])('%o holds: %s', (requirement, holds) => {
    const check = checkRequirements(table, [requirement])
    expect(check.outcome).toBe(holds ? 'met' : 'failed')
    if (check.outcome === 'failed') expect(check.requirement).toBe(requirement)
  })

  it('of a table that does not exist are met by creation only', () => {
    expect(checkRequirements(undefined, [{ type: 'assert-create' }]).outcome).toBe('met')
    expect(checkRequirements(undefined, [{ type: 'assert-current-schema-id', 'current-schema-id': 0 }])).toMatchObject({
      outcome: 'failed',
      reason: 'the table does not exist',
    })
  })
})

describe('updates', () => {
  it('make a snapshot the head, log it and raise the sequence number', () => {
    const table = tableWith(5n, 6n)
    expect(table).toMatchObject({ 'current-snapshot-id': 6n, 'last-sequence-number': 2n, 'last-updated-ms': 2001 })
    expect(table['snapshot-log']).toEqual([
      { 'timestamp-ms': 2000, 'snapshot-id': 5n },
      { 'timestamp-ms': 2001, 'snapshot-id': 6n },
    ])
  })

  it('log only the last head of one commit', () => {
    const table = applyUpdates(tableOf(), [add(5n, 1n), point(5n), add(6n, 2n), point(6n)], 2000)
    expect(table['snapshot-log'].map(entry => entry['snapshot-id'])).toEqual([6n])
  })

  it('of a branch leave main and its log alone', () => {
    const table = applyUpdates(tableWith(5n), [add(6n, 2n), point(6n, 'audit')], 2100)
    expect(table).toMatchObject({ 'current-snapshot-id': 5n, refs: { audit: { 'snapshot-id': 6n, type: 'branch' } } })
    expect(table['snapshot-log']).toHaveLength(1)
  })

  it('log a return to an older snapshot with the time of the return', () => {
    const table = applyUpdates(tableWith(5n, 6n), [point(5n)], 7000)
    expect(table['snapshot-log'].at(-1)).toEqual({ 'timestamp-ms': 7000, 'snapshot-id': 5n })
  })

  it('that remove a snapshot forget the log before it and refs to it', () => {
    const table = applyUpdates(
      applyUpdates(tableWith(5n, 6n, 7n), [point(6n, 'audit')], 3000),
      [{ action: 'remove-snapshots', 'snapshot-ids': [6n] }],
      3000,
    )
    expect(table.snapshots.map(one => one['snapshot-id'])).toEqual([5n, 7n])
    expect(table['snapshot-log'].map(entry => entry['snapshot-id'])).toEqual([7n])
    expect(Object.keys(table.refs)).toEqual(['main'])
  })

  it('with a stale sequence number or a known id are a lost race, as a value and as an error', () => {
    const table = tableWith(5n)
    for (const updates of [[add(6n, 1n)], [add(5n, 2n)], [add(6n, 2n), add(7n, 2n)]]) {
      expect(checkUpdates(table, updates)).toMatchObject({ outcome: 'failed', requirement: updates.at(-1) })
      expect(() => applyUpdates(table, updates, 3000)).toThrowError(
        expect.objectContaining({ code: 'SLUICE_REQUIREMENT_FAILED' }),
      )
    }
    expect(checkUpdates(table, [add(6n, 2n), add(7n, 3n)]).outcome).toBe('met')
  })

  it('add a schema and a spec and take them by -1', () => {
    const schema = { ...tableOf().schemas[0]!, 'schema-id': 1 }
    const widened = {
      ...schema,
      fields: [...schema.fields, { id: 7, name: 'venue', required: false, type: 'string' as const }],
    }
    const spec = {
      'spec-id': 1,
      fields: [{ 'source-id': 1, 'field-id': 1001, name: 'event_time_day', transform: 'day' as const }],
    }
    const table = applyUpdates(
      tableOf(),
      [
        { action: 'add-schema', schema: widened },
        { action: 'set-current-schema', 'schema-id': -1 },
        { action: 'add-spec', spec },
        { action: 'set-default-spec', 'spec-id': -1 },
      ],
      2000,
    )
    expect(table).toMatchObject({
      'current-schema-id': 1,
      'last-column-id': 7,
      'default-spec-id': 1,
      'last-partition-id': 1001,
    })
  })

  it('set and remove properties, location and uuid', () => {
    const table = applyUpdates(
      tableOf(),
      [
        { action: 'set-properties', updates: { a: '1', b: '2' } },
        { action: 'remove-properties', removals: ['a', 'owner'] },
        { action: 'set-location', location: '/elsewhere' },
        { action: 'assign-uuid', uuid: 'u' },
        { action: 'upgrade-format-version', 'format-version': 2 },
      ],
      2000,
    )
    expect(table).toMatchObject({ location: '/elsewhere', 'table-uuid': 'u' })
    expect(Object.keys(table.properties).sort()).toEqual(['b', 'schema.name-mapping.default'])
  })

  it('remember a hundred metadata files at most', () => {
    let table = tableOf()
    for (let version = 1; version <= 103; version++) table = applyUpdates(table, [], 2000 + version, `v${version}`)
    expect(table['metadata-log']).toHaveLength(100)
    expect(table['metadata-log'][0]).toEqual({ 'timestamp-ms': 2003, 'metadata-file': 'v4' })
  })

  it.each<[string, Update]>([
    ['a schema that is not there', { action: 'set-current-schema', 'schema-id': 9 }],
    ['-1 without anything added', { action: 'set-default-spec', 'spec-id': -1 }],
    ['a schema id that is taken', { action: 'add-schema', schema: tableOf().schemas[0]! }],
    ['a ref to nowhere', point(99n)],
    ['a newer format', { action: 'upgrade-format-version', 'format-version': 3 }],
    ['the current schema to be removed', { action: 'remove-schemas', 'schema-ids': [0] }],
  ])('refuse %s', (_what, update) => {
    expect(() => applyUpdates(tableWith(5n), [update], 3000)).toThrowError(
      expect.objectContaining({ code: 'SLUICE_ARGUMENT_INVALID' }),
    )
  })

  it('never change what they are given', () => {
    const table = tableWith(5n)
    const copy = structuredClone(table)
    applyUpdates(table, [add(6n, 2n), point(6n), { action: 'set-properties', updates: { a: '1' } }], 3000, 'v2')
    expect(table).toEqual(copy)
  })
})
