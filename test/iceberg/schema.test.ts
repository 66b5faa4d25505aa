import { describe, expect, it } from 'vitest'
import { assignIds, type ColumnDeclaration, evolveSchema, nameMapping } from '../../src/iceberg/schema.js'
import type { PrimitiveType, TableMetadata } from '../../src/iceberg/types.js'
import { applyUpdates } from '../../src/iceberg/updates.js'
import { COLUMNS, tableOf } from './samples.js'

function evolved(table: TableMetadata, columns: readonly ColumnDeclaration[]): TableMetadata {
  const evolution = evolveSchema(table, columns)
  if (evolution.outcome !== 'changed') throw new Error(JSON.stringify(evolution))
  const { schema } = evolution
  return applyUpdates(
    table,
    [
      { action: 'add-schema', schema },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
    2000,
  )
}

const current = (table: TableMetadata) =>
  table.schemas.find(schema => schema['schema-id'] === table['current-schema-id'])!
const ids = (table: TableMetadata) => Object.fromEntries(current(table).fields.map(field => [field.name, field.id]))

describe('a first schema', () => {
  it('numbers columns in order, then list elements, after the last id', () => {
    const schema = assignIds(COLUMNS, 10)
    expect(schema.fields.map(field => field.id)).toEqual([11, 12, 13, 14, 15])
    expect(schema.fields[4]!.type).toEqual({
      type: 'list',
      'element-id': 16,
      element: 'string',
      'element-required': false,
    })
    expect(schema.fields[0]).toEqual({ id: 11, name: 'event_time', required: true, type: 'timestamptz' })
  })

  it('maps names to ids, nested ones too', () => {
    expect(JSON.parse(nameMapping(assignIds([{ name: 'a', type: { list: 'int' } }], 0)))).toEqual([
      { 'field-id': 1, names: ['a'], fields: [{ 'field-id': 2, names: ['element'] }] },
    ])
  })
})

describe('schema evolution', () => {
  it('finds nothing to do for the same declaration', () => {
    expect(evolveSchema(tableOf(), COLUMNS)).toEqual({ outcome: 'unchanged' })
  })

  it('gives an added column a new id and never reuses one', () => {
    const grown = evolved(tableOf(), [...COLUMNS, { name: 'venue', type: 'string' }])
    expect(ids(grown)['venue']).toBe(7)
    const shrunk = evolved(grown, COLUMNS)
    expect(shrunk['current-schema-id']).toBe(2)
    expect(ids(evolved(shrunk, [...COLUMNS, { name: 'venue', type: 'string' }]))['venue']).toBe(8)
  })

  it('keeps the id of a renamed and reordered column, and takes another name for another column', () => {
    const [first, second, ...rest] = COLUMNS
    const renamed = evolved(tableOf(), [
      { name: 'symbol', type: 'string', renamedFrom: 'instrument_id' },
      first!,
      ...rest,
    ])
    expect(ids(renamed)).toMatchObject({ symbol: 2, event_time: 1 })
    expect(
      evolveSchema(renamed, [{ name: 'symbol', type: 'string', renamedFrom: 'instrument_id' }, first!, ...rest])
        .outcome,
    ).toBe('unchanged')
    expect(ids(evolved(tableOf(), [first!, { ...second!, name: 'symbol' }, ...rest]))['symbol']).toBe(7)
  })

  it.each<[PrimitiveType, PrimitiveType, boolean]>([
    ['int', 'long', true],
    ['float', 'double', true],
    ['decimal(9,2)', 'decimal(18,2)', true],
    ['decimal(9,2)', 'decimal(9, 2)', true],
    ['long', 'int', false],
    ['double', 'float', false],
    ['decimal(9,2)', 'decimal(18,3)', false],
    ['decimal(18,2)', 'decimal(9,2)', false],
    ['int', 'string', false],
    ['timestamp', 'timestamptz', false],
    ['date', 'timestamptz', false],
  ])('%s may become %s: %s', (from, to, may) => {
    const event = COLUMNS[0]!
    const scalar = evolveSchema(tableOf([event, { name: 'a', type: from }]), [event, { name: 'a', type: to }])
    const list = evolveSchema(tableOf([event, { name: 'a', type: { list: from } }]), [
      event,
      { name: 'a', type: { list: to } },
    ])
    expect([scalar.outcome === 'incompatible', list.outcome === 'incompatible']).toEqual([!may, !may])
  })

  it.each<[string, (columns: readonly ColumnDeclaration[]) => ColumnDeclaration[], string]>([
    [
      'a new required column',
      columns => [...columns, { name: 'venue', type: 'string', required: true }],
      'venue is new and required',
    ],
    [
      'a list that was no list',
      columns => columns.with(1, { name: 'instrument_id', type: { list: 'string' } }),
      'from string to list of string',
    ],
    ['a dropped partition source', columns => columns.slice(1), 'event_time is dropped'],
    ['a name declared twice', columns => [...columns, columns[1]!], 'instrument_id is declared twice'],
    [
      'a rename from a name that stays',
      columns => [...columns, { name: 'b', type: 'int', renamedFrom: 'volume' }],
      'still declared',
    ],
  ])('refuses %s and says why', (_what, change, reason) => {
    const evolution = evolveSchema(tableOf(), change(COLUMNS))
    expect(evolution.outcome).toBe('incompatible')
    if (evolution.outcome === 'incompatible') expect(evolution.reasons.join()).toContain(reason)
  })

  it('lets a required column become optional, never the reverse', () => {
    const loose = evolved(tableOf(), [{ ...COLUMNS[0]!, required: false }, ...COLUMNS.slice(1)])
    expect(current(loose).fields[0]!.required).toBe(false)
    const strict = COLUMNS.map(column => ({ ...column, required: true }))
    expect(evolveSchema(tableOf(), strict)).toEqual({ outcome: 'unchanged' })
  })
})
