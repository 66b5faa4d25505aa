import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BoundValue,
  compareValues,
  decodeValue,
  encodeValue,
  lowerBoundOf,
  upperBoundOf,
} from '../../src/iceberg/bounds.js'
import type { PrimitiveType } from '../../src/iceberg/types.js'

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\uFFFF', '\uE000', '\u{10FFFF}', '\u{1F600}', '\uD7FF'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
})
const hex = (type: PrimitiveType, value: BoundValue) => encodeValue(type, value).toString('hex')

describe('a single value', () => {
  it.each<[PrimitiveType, BoundValue, string]>([
    ['boolean', true, '01'],
    ['int', -2, 'feffffff'],
    ['date', 20_475, 'fb4f0000'],
    ['long', -1n, 'ffffffffffffffff'],
    ['timestamptz', 1_510_871_468_000_001n, '01c3262d215e0500'],
    ['float', 1.5, '0000c03f'],
    ['double', -0, '0000000000000080'],
    ['string', 'ż', 'c5bc'],
    ['decimal(9,2)', 0n, '00'],
    ['decimal(9,2)', 127n, '7f'],
    ['decimal(9,2)', 128n, '0080'],
    ['decimal(9,2)', -128n, '80'],
    ['decimal(9,2)', -129n, 'ff7f'],
    ['decimal(9,2)', -1n, 'ff'],
    ['decimal(38,18)', 10n ** 38n - 1n, '4b3b4ca85a86c47a098a223fffffffff'],
    ['binary', Buffer.from([1, 255]), '01ff'],
  ])('%s %s is written as %s', (type, value, bytes) => {
    expect(hex(type, value)).toBe(bytes)
    expect(decodeValue(type, Buffer.from(bytes, 'hex'))).toEqual(value)
  })

  it('of a decimal survives a round trip in the fewest bytes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), value => {
        const bytes = encodeValue('decimal(38,0)', value)
        expect(decodeValue('decimal(38,0)', bytes)).toBe(value)
        expect(bytes.length === 1 || BigInt.asIntN(8 * (bytes.length - 1), value) !== value).toBe(true)
      }),
    )
  })

  it('written before the column was widened is read as the wider type', () => {
    expect(decodeValue('long', encodeValue('int', -7))).toBe(-7n)
    expect(decodeValue('double', encodeValue('float', 1.5))).toBe(1.5)
  })

  it('that is not one of the type is unknown', () => {
    expect(decodeValue('long', Buffer.alloc(3))).toBeUndefined()
    expect(decodeValue('decimal(9,2)', Buffer.alloc(0))).toBeUndefined()
    expect(decodeValue('string', Buffer.from([0xc5]))).toBeUndefined()
  })
})

describe('a truncated bound', () => {
  it('of a text encloses it, is valid and has at most 16 code points', () => {
    fc.assert(
      fc.property(text, value => {
        const [lower, upper] = [lowerBoundOf(value) as string, upperBoundOf(value) as string | undefined]
        expect(Buffer.compare(Buffer.from(lower), Buffer.from(value))).toBeLessThanOrEqual(0)
        expect([...lower].length).toBeLessThanOrEqual(16)
        expect(Buffer.from(lower).toString()).toBe(lower)
        if (upper === undefined) return expect([...value].slice(0, 16).every(char => char === '\u{10FFFF}')).toBe(true)
        expect(Buffer.compare(Buffer.from(upper), Buffer.from(value))).toBeGreaterThanOrEqual(0)
        expect([...upper].length).toBeLessThanOrEqual(16)
        expect(Buffer.from(upper).toString()).toBe(upper)
      }),
    )
  })

  it('of a long text grows its last code point, skips surrogates and drops what cannot grow', () => {
    expect(upperBoundOf('a'.repeat(17))).toBe(`${'a'.repeat(15)}b`)
    expect(upperBoundOf(`${'a'.repeat(15)}\uD7FFx`)).toBe(`${'a'.repeat(15)}\uE000`)
    expect(upperBoundOf(`a${'\u{10FFFF}'.repeat(20)}`)).toBe('b')
    expect(upperBoundOf('\u{10FFFF}'.repeat(17))).toBeUndefined()
    expect(upperBoundOf('a'.repeat(16))).toBe('a'.repeat(16))
  })

  it('of bytes encloses them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }).map(Buffer.from), value => {
        const upper = upperBoundOf(value) as Buffer | undefined
        expect(Buffer.compare(lowerBoundOf(value) as Buffer, value)).toBeLessThanOrEqual(0)
        if (upper === undefined) return expect(value.subarray(0, 16).every(byte => byte === 0xff)).toBe(true)
        expect(Buffer.compare(upper, value)).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe('the order of values', () => {
  it('of texts is that of their UTF-8 bytes, not of UTF-16', () => {
    expect(compareValues('\uFFFF', '\u{1F600}')).toBeLessThan(0)
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareValues(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)))
      }),
    )
  })
})
