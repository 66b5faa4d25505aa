import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SluiceError } from '../../src/core/errors.js'
import { parseYaml, readYaml } from '../../src/core/yaml-document.js'

const schema = z.strictObject({
  name: z.string(),
  columns: z.array(z.strictObject({ name: z.string(), required: z.boolean().default(false) })).default([]),
  params: z
    .record(z.string(), z.union([z.string(), z.strictObject({ from: z.string(), column: z.string() })]))
    .default({}),
})

function fault(text: string): SluiceError {
  try {
    parseYaml(text, 'a.yaml', schema, 'SLUICE_PIPE_INVALID')
  } catch (thrown) {
    if (thrown instanceof SluiceError) return thrown
  }
  throw new Error('the text was accepted')
}

describe('parseYaml', () => {
  it('returns the checked value with defaults filled in', () => {
    const { value } = parseYaml('name: x\ncolumns:\n  - name: a\n', 'a.yaml', schema)
    expect(value).toEqual({ name: 'x', columns: [{ name: 'a', required: false }], params: {} })
  })

  it('names the nearest known key of an unknown one, at the place of the key', () => {
    const error = fault('name: x\ncolumns:\n  - name: a\n    reqired: true\n')
    expect(error.message).toBe('unknown key `reqired`, nearest is `required`')
    expect(error.place).toBe('a.yaml:4:5')
    expect(error.code).toBe('SLUICE_PIPE_INVALID')
  })

  it('lists what is known when nothing is near', () => {
    expect(fault('name: x\nzzzzzzz: 1\n').message).toBe('unknown key `zzzzzzz`, known here: name, columns, params')
  })

  it('points at the value of a wrong type', () => {
    const error = fault('name: x\ncolumns:\n  - { name: a, required: "yes" }\n')
    expect(error.place).toBe('a.yaml:3:26')
    expect(error.message).toContain('`required`')
  })

  it('points at the parent when a key is missing', () => {
    const error = fault('name: x\ncolumns:\n  - required: true\n')
    expect(error.place).toBe('a.yaml:3:5')
    expect(error.message).toContain('`name`')
  })

  it('refuses a duplicate key at its second place', () => {
    const error = fault('name: x\nname: y\n')
    expect(error.place).toBe('a.yaml:2:1')
    expect(error.message).toContain('unique')
  })

  it('refuses broken syntax with its place', () => {
    expect(fault('name: [x\n').place).toMatch(/^a\.yaml:\d+:\d+$/)
  })

  it('reports every fault, first in the file first', () => {
    const error = fault('nmae: x\ncolumns:\n  - { name: 1 }\n')
    expect(error.message).toMatch(/\(and 2 more\)$/)
    expect(error.details['problems']).toHaveLength(3)
    expect(error.details.place).toEqual({ file: 'a.yaml', line: 1, column: 1 })
  })

  it('refuses an alias bomb instead of expanding it', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (let i = 1; i < 9; i++) {
      const [name, last] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)]
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${last}`).join(',')}]`)
    }
    expect(fault(bomb.join('\n')).place).toBe('a.yaml:1:1')
  })

  it('takes an alias as often as it is used', () => {
    const text = `name: x\ncolumns:\n  - &c { name: a }\n${'  - *c\n'.repeat(1000)}`
    const { value, document } = parseYaml(text, 'a.yaml', schema)
    expect(value.columns).toHaveLength(1001)
    expect(document.place(['columns', 500])).toEqual({ file: 'a.yaml', line: 503, column: 5 })
  })

  it('says which line holds a fault inside of an alias', () => {
    expect(fault('name: x\ncolumns:\n  - &c { nme: a }\n  - *c\n').place).toBe('a.yaml:3:8')
  })

  it('refuses a second document', () => {
    expect(fault('name: x\n---\nname: y\n').place).toMatch(/^a\.yaml:2:/)
  })

  it('takes an empty text as an empty map', () => {
    expect(parseYaml('', 'a.yaml', z.strictObject({ a: z.string().optional() })).value).toEqual({})
  })
})

describe('textPlace', () => {
  const text = 'plain: a > 1\nquoted: "a > 1"\nblock: |\n  a > 1\n  and b\nfold: >-\n  a\n  b\n'
  const document = readYaml({ text, file: 'f', code: 'SLUICE_CONFIG_INVALID' })

  it.each([
    ['plain', { line: 1, column: 8, step: 'single' }],
    ['quoted', { line: 2, column: 10, step: 'single' }],
    ['block', { line: 4, column: 3, step: 'literal' }],
    ['fold', { line: 7, column: 3, step: 'folded' }],
  ])('finds the first character of a %s text', (key, place) => {
    expect(document.textPlace([key])).toEqual({ file: 'f', ...place })
  })
})
