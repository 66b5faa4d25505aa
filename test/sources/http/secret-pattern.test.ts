import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { secretPattern } from '../../../src/sources/http/secret-pattern.js'

const hex = (sign: string): string => sign.charCodeAt(0).toString(16).padStart(2, '0')
const ESCAPES: readonly ((sign: string) => string)[] = [
  sign => sign,
  sign => `%${hex(sign)}`,
  sign => `%${hex(sign).toUpperCase()}`,
  sign => `%25${hex(sign)}`,
  sign => `\\u00${hex(sign)}`,
  sign => `&#${sign.charCodeAt(0)};`,
  sign => `&#x${hex(sign)};`,
  sign => (sign === '/' || sign === '"' ? `\\${sign}` : sign),
]
const SIGNS = [...Array(94).keys()].map(n => String.fromCharCode(n + 33))

describe('secretPattern', () => {
  it('finds a text with each of its signs escaped in a way of its own', () => {
    const signs = fc.array(fc.tuple(fc.constantFrom(...SIGNS), fc.constantFrom(...ESCAPES)), { minLength: 1 })
    fc.assert(
      fc.property(signs, parts => {
        const value = parts.map(([sign]) => sign).join('')
        const written = parts.map(([sign, write]) => (/[\w.~-]/.test(sign) ? sign : write(sign))).join('')
        expect(written).toMatch(secretPattern(value))
      }),
    )
  })

  it.each([
    ['a&b', 'a&amp;b'],
    ['a&b', 'a&amp;amp;b'],
    ['a"b', 'a\\\\\\"b'],
    ['a b', 'a+b'],
    ['a\\b', 'a\\\\b'],
  ])('finds %s in %s, the whole of it', (value, written) => {
    expect(`<${written}>`.replace(secretPattern(value, 'g'), '***')).toBe('<***>')
  })

  it('does not take another text for it', () => {
    for (const other of ['a.c', 'axb', 'a/c', 'A/b', 'a//b']) expect(other).not.toMatch(secretPattern('a/b'))
    expect('axb').not.toMatch(secretPattern('a.b'))
  })
})
