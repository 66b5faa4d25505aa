import { describe, expect, it } from 'vitest'
import { silverShape } from '../../src/contract/tables.js'
import { PRICE, type TicksOptions, ticks } from '../support/contracts.js'

const SINCE = '{ name: since, logicalType: date }'

describe('the merge policy versions', () => {
  it('gives silver a table of its own name, ordered by key and knowledge, that knows its key', () => {
    const shape = silverShape(ticks({ mergePolicy: 'versions' }))
    expect(shape.name).toEqual({ layer: 'silver', dataset: 'ticks_versions', major: 1 })
    expect(shape.order).toEqual(['id', 'moment', '_known_at'])
    expect(shape.properties).toMatchObject({ 'sluice.version-key': '["id","moment"]' })
    expect(silverShape(ticks()).name.dataset).toBe('ticks')
  })

  it.each<[string, TicksOptions, RegExp]>([
    ['an ordering column', { mergePolicy: 'versions', mergeOrderBy: 'price' }, /ordered by knowledge time/],
    ['a key without the event time', { mergePolicy: 'versions', key: 'id' }, /must hold the event time/],
    ['a vintage that is no column', { vintage: 'sinse', properties: [PRICE, SINCE] }, /nearest is `since`/],
    ['a vintage that is no time', { vintage: 'price' }, /`price` must be a timestamp or a date/],
  ])('is refused with %s', (_, options, message) => {
    expect(() => ticks(options)).toThrow(message)
  })
})

describe('a vintage', () => {
  it('is part of what a contract promises, and of its hash', () => {
    const properties = [PRICE, SINCE]
    const contract = ticks({ properties, vintage: 'since' })
    expect(contract.vintage).toBe('since')
    expect(contract.hash).not.toBe(ticks({ properties }).hash)
  })
})
