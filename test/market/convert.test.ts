import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  conversionOf,
  convertAmount,
  type DayRate,
  moneyOf,
  unroundedAmount,
} from '../../src/market/currency/convert.js'

const rate = (base: string, quote: string, leg: string, rest: Partial<DayRate> = {}): DayRate => ({
  ...{ base, quote, rate: Number(leg), path: 'published', rateDate: '2025-03-03', fixingNo: '042/A', baseLeg: leg },
  ...{ quoteLeg: null },
  ...rest,
})
const NBP = [
  rate('USD', 'PLN', '4'),
  rate('EUR', 'PLN', '5'),
  rate('EUR', 'USD', '5', { rate: 1.25, quoteLeg: '4', path: 'cross through PLN' }),
]

describe('a conversion', () => {
  it('takes the published pair as it is', () => {
    expect(conversionOf('USD', 'PLN', NBP)).toMatchObject({ numerator: '4', denominator: '1', path: 'published' })
  })

  it('turns a pair round without rounding it', () => {
    expect(conversionOf('PLN', 'USD', NBP)).toMatchObject({
      ...{ numerator: '1', denominator: '4', path: 'inverse of USD/PLN' },
    })
  })

  it('keeps both published figures of a stored cross, whichever way they were published', () => {
    expect(conversionOf('EUR', 'USD', NBP)).toMatchObject({ numerator: '5', denominator: '4' })
    const ecb = rate('USD', 'PLN', '1.25', { rate: 4, quoteLeg: '5', path: 'cross through EUR' })
    expect(conversionOf('USD', 'PLN', [ecb])).toMatchObject({ numerator: '5', denominator: '1.25' })
  })

  it('goes through money that both have a published rate in', () => {
    const rates = [
      rate('GBP', 'EUR', '6', { rate: 1.2, quoteLeg: '5', path: 'cross through PLN' }),
      rate('GBP', 'PLN', '6'),
    ]
    const yen = [
      rate('JPY', 'EUR', '0.03', { rate: 0.006, quoteLeg: '5', path: 'cross through PLN' }),
      rate('JPY', 'PLN', '0.03'),
    ]
    expect(conversionOf('GBP', 'JPY', [...rates, ...yen])).toMatchObject({
      ...{ numerator: '6', denominator: '0.03', path: 'cross through PLN', fixingNo: '042/A' },
    })
  })

  it('never crosses rates of two days', () => {
    const rates = [rate('GBP', 'PLN', '6'), rate('JPY', 'PLN', '0.03', { rateDate: '2025-02-28' })]
    expect(conversionOf('GBP', 'JPY', rates)).toBeUndefined()
  })
})

describe('an amount', () => {
  it.each([
    ['1000', '3.9876', '1', 2, '3987.60'],
    ['0.005', '1', '1', 2, '0.01'],
    ['-0.005', '1', '1', 2, '-0.01'],
    ['0.0049999999999999999', '1', '1', 2, '0.00'],
    ['-0.001', '1', '1', 2, '0.00'],
    ['1.005', '100', '1', 0, '101'],
    ['100', '1', '3', 4, '33.3333'],
    ['99999999999999999999999999.99', '1', '1', 2, '99999999999999999999999999.99'],
  ])('of %s times %s over %s with %i digits is %s', (amount, numerator, denominator, digits, expected) => {
    expect(convertAmount(amount, numerator, denominator, digits)).toBe(expected)
  })

  it.each([
    ['1000', '3.9876', '1', '3987.6'],
    ['0', '3.9876', '1', '0'],
    ['-0.001', '3.9876', '1', '-0.0039876'],
    ['0.000000000000000001', '1', '40000', '0.000000000000000000000025'],
    ['0.000000000000000001', '1', '30000', '0.00000000000000000000003333333'],
    ['10', '1', '3', '3.333333333333333333'],
    ['99999999999999999999.999999999999999999', '1', '1', '99999999999999999999.999999999999999999'],
  ])('of %s times %s over %s is %s before it is rounded', (amount, numerator, denominator, expected) => {
    expect(unroundedAmount(amount, numerator, denominator)).toBe(expected)
  })

  it('is within half a unit of the last digit, always', () => {
    const decimal = fc
      .tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 9999 }))
      .map(([a, b]) => `${a}.${b}`)
    fc.assert(
      fc.property(decimal, decimal, decimal, (amount, top, bottom) => {
        const exact = (Number(amount) * Number(top)) / Number(bottom)
        expect(Math.abs(Number(convertAmount(amount, top, bottom, 2)) - exact)).toBeLessThanOrEqual(
          0.005 + exact * 1e-14,
        )
      }),
    )
  })
})

it('pence are hundredths of a pound, other money is itself', () => {
  expect(moneyOf('GBX')).toEqual({ money: 'GBP', parts: 100 })
  expect(moneyOf('USD')).toEqual({ money: 'USD', parts: 1 })
})
