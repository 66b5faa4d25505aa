import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CURRENCIES } from '../../src/market/currency/currencies.js'
import { decimalProduct } from '../../src/market/currency/decimal-product.js'
import { allSuccessors, redenominationChain } from '../../src/market/currency/redenomination-chain.js'
import { REDENOMINATIONS } from '../../src/market/currency/redenominations.js'

const steps = (code: string, date?: string) => redenominationChain(code, date).map(step => step.to)

describe('redenominations', () => {
  it.each([
    ['BYR', 'BYN', '2016-07-01', '10000'],
    ['STD', 'STN', '2018-01-01', '1000'],
    ['VEF', 'VES', '2018-08-20', '100000'],
    ['HRK', 'EUR', '2023-01-01', '7.53450'],
    ['BGN', 'EUR', '2026-01-01', '1.95583'],
    ['ZMK', 'ZMW', '2013-01-01', '1000'],
    ['SLL', 'SLE', '2022-07-01', '1000'],
    ['TRL', 'TRY', '2005-01-01', '1000000'],
    ['PLZ', 'PLN', '1995-01-01', '10000'],
    ['DEM', 'EUR', '1999-01-01', '1.95583'],
  ])('%s became %s on %s at %s', (from, to, effective, factor) => {
    expect(redenominationChain(from)[0]).toMatchObject({ from, to, effective, factor })
  })

  it('name codes that the list of currencies has, each ended once', () => {
    expect(REDENOMINATIONS.flatMap(({ from, to }) => [from, to]).filter(code => !CURRENCIES.has(code))).toEqual([])
    expect(new Set(REDENOMINATIONS.map(({ from }) => from)).size).toBe(REDENOMINATIONS.length)
  })

  it('end every past currency, or its own end is stated', () => {
    const past = [...CURRENCIES.values()].filter(
      ({ kind, numericCode }) => kind === 'money' && numericCode === undefined,
    )
    expect(past.length).toBeGreaterThan(60)
    expect(past.filter(({ validTo }) => validTo === undefined)).toEqual([])
  })

  it('have dates and factors that can be read', () => {
    for (const { effective, factor } of REDENOMINATIONS) {
      expect(new Date(`${effective}T00:00:00Z`).toISOString().slice(0, 10)).toBe(effective)
      expect(factor).toMatch(/^\d+(\.\d+)?$/)
    }
  })

  it('of the euro have the six significant figures of Regulation 1103/97', () => {
    const legacy = REDENOMINATIONS.filter(({ from, to }) => to === 'EUR' && from !== 'XEU')
    expect(legacy).toHaveLength(22)
    for (const { factor } of legacy) expect(factor.replace('.', '').replace(/^0+/, ''), factor).toHaveLength(6)
  })
})

describe('redenominationChain', () => {
  it('follows a currency through all its successors, up to a day and including it', () => {
    expect(steps('VEB')).toEqual(['VEF', 'VES', 'VED'])
    expect(steps('VEB', '2018-08-19')).toEqual(['VEF'])
    expect(steps('VEB', '2018-08-20')).toEqual(['VEF', 'VES'])
    expect(steps('BGL')).toEqual(['BGN', 'EUR'])
  })

  it('is empty for a currency that was never replaced, or not yet', () => {
    expect([steps('USD'), steps('HRK', '2022-12-31')]).toEqual([[], []])
  })

  it.each(['QQQ', 'usd', '', undefined])('refuses %j, which is no currency', code => {
    expect(() => steps(code as string)).toThrow(
      expect.objectContaining({ code: 'SLUICE_ARGUMENT_INVALID', message: expect.stringContaining('no currency') }),
    )
  })

  it.each(['20220101', '2026', '2024-02-30', 'garbage', '', null])('refuses %j, which is no day', date => {
    expect(() => steps('BYR', date as string)).toThrow(expect.objectContaining({ code: 'SLUICE_ARGUMENT_INVALID' }))
  })

  it('goes forward in time and never round', () => {
    for (const { from } of REDENOMINATIONS) {
      const dates = redenominationChain(from).map(step => step.effective)
      expect(dates).toEqual([...dates].sort())
    }
  })
})

describe('allSuccessors', () => {
  it('multiplies the factors of the way exactly', () => {
    const factors = Object.fromEntries(allSuccessors().map(({ from, to, factor }) => [`${from} ${to}`, factor]))
    expect(factors['BGL EUR']).toBe('1955.83')
    expect(factors['BYB BYN']).toBe('10000000')
    expect(factors['VEB VED']).toBe('100000000000000')
    expect(factors['BRB BRL']).toBe('2750000000000')
    expect(factors['LVR EUR']).toBe('140.5608')
  })

  it('fits the column that SQL has for it', () => {
    for (const { factor } of allSuccessors()) expect(factor).toMatch(/^\d{1,29}(\.\d{1,9})?$/)
  })
})

describe('decimalProduct', () => {
  it('is exact, without trailing zeros', () => {
    expect(decimalProduct([])).toBe('1')
    expect(decimalProduct(['0.5', '0.2'])).toBe('0.1')
    expect(decimalProduct(['7.53450'])).toBe('7.5345')
    expect(decimalProduct(['1.95583', '1000', '1000000'])).toBe('1955830000')
  })

  it('does not depend on the order of its factors', () => {
    const factor = fc
      .tuple(fc.nat(), fc.nat({ max: 999_999 }))
      .map(([whole, part]) => `${whole}.${String(part).padStart(6, '0')}`)
    fc.assert(
      fc.property(fc.array(factor, { maxLength: 5 }), factors => {
        expect(decimalProduct([...factors].reverse())).toBe(decimalProduct(factors))
      }),
    )
  })
})
