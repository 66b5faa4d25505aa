import { describe, expect, it } from 'vitest'
import { CURRENCIES, currencyOn, QUOTED_UNITS } from '../../src/market/currency/currencies.js'
import { currencyTables } from '../../src/market/currency/currency-tables.js'

const all = [...CURRENCIES.values()]

describe('the list of currencies', () => {
  it('has all 178 codes of ISO 4217 as of 2026-01-01, each with a numeric code of its own', () => {
    const listed = all.filter(currency => currency.numericCode !== undefined)
    expect(listed).toHaveLength(178)
    expect(new Set(listed.map(currency => currency.numericCode)).size).toBe(178)
    for (const { code, numericCode } of listed)
      expect([code, numericCode]).toEqual([expect.stringMatching(/^[A-Z]{3}$/), expect.stringMatching(/^\d{3}$/)])
  })

  it.each([
    ['USD', '840', 2],
    ['JPY', '392', 0],
    ['KWD', '414', 3],
    ['CLF', '990', 4],
    ['PLN', '985', 2],
    ['XAU', '959', undefined],
    ['SLE', '925', 2],
  ])('knows %s as %s with %s digits', (code, numericCode, minorUnits) => {
    expect(CURRENCIES.get(code)).toMatchObject({ code, numericCode, minorUnits })
  })

  it.each([
    ['GBX', 'GBP', 100],
    ['GBp', 'GBP', 100],
    ['ZAc', 'ZAR', 100],
    ['ILA', 'ILS', 100],
    ['KWF', 'KWD', 1000],
  ])('knows %s as a part of %s', (code, whole, count) => {
    expect(CURRENCIES.get(code)?.partOf).toEqual({ code: whole, count })
    expect(CURRENCIES.get(whole)?.partOf).toBeUndefined()
  })

  it('keeps pence and pounds apart by case, and does not know other spellings', () => {
    expect(CURRENCIES.get('GBp')?.name).toBe('Penny Sterling')
    expect(CURRENCIES.get('GBP')?.name).toBe('Pound Sterling')
    expect(CURRENCIES.get('gbp')).toBeUndefined()
  })

  it('counts a stablecoin as itself, never as its currency', () => {
    expect(CURRENCIES.get('USDC')).toMatchObject({ kind: 'stablecoin', partOf: undefined })
  })

  it('quotes the yen of the printed tables of NBP by the hundred', () => {
    expect(QUOTED_UNITS.find(quote => quote.source === 'nbp.table' && quote.currency === 'JPY')?.units).toBe(100)
    expect(QUOTED_UNITS.filter(quote => !CURRENCIES.has(quote.currency))).toEqual([])
  })
})

describe('currencyOn', () => {
  it.each(['20220101', '2026', '2024-02-30', 'garbage', undefined])('refuses %j, which is no day', date => {
    expect(() => currencyOn('USD', date as string)).toThrow(
      expect.objectContaining({ code: 'SLUICE_ARGUMENT_INVALID' }),
    )
  })

  it.each([
    ['BGN', '2025-12-31', true],
    ['BGN', '2026-01-01', false],
    ['HRK', '2022-12-31', true],
    ['HRK', '2023-01-01', false],
    ['BYN', '2016-06-30', false],
    ['BYN', '2016-07-01', true],
    ['EUR', '1998-12-31', false],
    ['EUR', '1999-01-01', true],
    ['USD', '1900-01-01', true],
    ['VES', '2026-11-23', true],
    ['CSK', '1993-02-07', true],
    ['CSK', '1993-02-08', false],
    ['ABC', '2020-01-01', false],
  ])('%s on %s: %s', (code, date, inUse) => {
    expect(currencyOn(code, date) !== undefined).toBe(inUse)
  })
})

it('every value of the tables fits its column', () => {
  for (const { name, columns, rows } of currencyTables()) {
    expect(rows.length, name).toBeGreaterThan(0)
    for (const row of rows) expect(row, name).toHaveLength(columns.length)
  }
})
