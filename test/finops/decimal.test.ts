import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  dividedBy,
  exactText,
  fixedText,
  isGreater,
  minus,
  parseDecimal,
  plus,
  times,
  whole,
} from '../../src/finops/decimal.js'

const decimal = (text: string) => parseDecimal(text)!

describe('decimals', () => {
  it('are exact where binary floats are not', () => {
    expect(exactText(plus(decimal('0.1'), decimal('0.2')))).toBe('0.3')
    expect(exactText(times(decimal('0.0000133334'), whole(3_600_000)))).toBe('48.00024')
    expect(exactText(dividedBy(whole(1), 2n ** 30n))).toBe('0.000000000931322574615478515625')
  })

  it.each(['', '-1', '+1', '1e-7', '1,5', '.5', '1.', '01', 'NaN', '1 ', '0x1'])('%j is none', text => {
    expect(parseDecimal(text)).toBeUndefined()
  })

  it('refuse a division that would not end', () => {
    expect(() => dividedBy(whole(1), 3n)).toThrow(RangeError)
    expect(() => dividedBy(whole(1), 0n)).toThrow(RangeError)
  })

  it('are rounded for reading, halves away from zero', () => {
    const texts = ['0.0000005', '0.00000049', '12.345678', '0'].map(text => fixedText(decimal(text), 6))
    expect(texts).toEqual(['0.000001', '0.000000', '12.345678', '0.000000'])
    expect(fixedText(minus(decimal('1'), decimal('1.5')), 0)).toBe('-1')
    expect(fixedText(minus(decimal('1'), decimal('1.4')), 0)).toBe('0')
  })

  it('come back from their text, and add and compare as whole numbers do', () => {
    const cents = fc.integer({ min: 0, max: 1e9 })
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const [x, y] = [dividedBy(whole(a), 100n), dividedBy(whole(b), 100n)]
        expect(exactText(decimal(exactText(x)))).toBe(exactText(x))
        expect(exactText(times(plus(x, y), whole(100)))).toBe(String(a + b))
        expect(isGreater(x, y)).toBe(a > b)
      }),
    )
  })
})
