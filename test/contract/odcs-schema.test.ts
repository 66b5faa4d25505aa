import { readFileSync } from 'node:fs'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { describe, expect, it } from 'vitest'
import { odcsFaults } from '../../src/contract/odcs-schema.js'

const HEAD = { apiVersion: 'v3.1.0', kind: 'DataContract', id: 'a', version: '1.0.0', status: 'active' }

describe('odcsFaults', () => {
  it('finds nothing in a minimal document', () => {
    expect(odcsFaults(HEAD)).toEqual([])
  })

  it('names a missing key once', () => {
    const { id: _id, ...rest } = HEAD
    expect(odcsFaults(rest)).toEqual([{ path: [], message: 'this entry lacks the key `id`' }])
  })

  it('gives paths with list positions as numbers', () => {
    const value = { ...HEAD, schema: [{ name: 'x', properties: [{ name: 'a', logicalType: 'strng' }] }] }
    const [fault] = odcsFaults(value)
    expect(fault?.path).toEqual(['schema', 0, 'properties', 0, 'logicalType'])
    expect(fault?.message).toContain('must be one of string, date')
  })

  it('does not blame the keys of a branch that failed for another reason', () => {
    const quality = [{ type: 'sql', query: 1, mustBe: 0 }]
    const faults = odcsFaults({ ...HEAD, schema: [{ name: 'x', quality }] })
    expect(faults.map(fault => fault.message)).toEqual(['`query` must be string'])
  })

  it('checks servers too', () => {
    expect(odcsFaults({ ...HEAD, servers: [{ server: 'local', type: 'duckdb', database: 'lake.duckdb' }] })).toEqual([])
    expect(odcsFaults({ ...HEAD, servers: [{ server: 'local', type: 'duckbd' }] })).not.toEqual([])
  })

  it.each([[null], [[]], ['text'], [1], [{}]])('refuses %j', value => {
    expect(odcsFaults(value)).not.toEqual([])
  })

  it('works with a schema that is itself valid', () => {
    const schema = JSON.parse(readFileSync('schemas/odcs-json-schema-v3.1.0.json', 'utf8'))
    expect(new Ajv2019({ strict: false }).validateSchema(schema)).toBe(true)
  })
})
