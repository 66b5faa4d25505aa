import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identifierFault } from '../../src/market/instrument/check-digits.js'

describe('identifierFault', () => {
  it.each([
    ['isin', 'US0378331005'],
    ['isin', 'PLPKO0000016'],
    ['isin', 'GB0002634946'],
    ['isin', 'DE000BAY0017'],
    ['figi', 'BBG000B9XRY4'],
    ['figi', 'BBG000BLNNH6'],
    ['figi_composite', 'BBG000B9XRY4'],
    ['cusip', '037833100'],
    ['cusip', '17275R102'],
    ['sedol', '0263494'],
    ['sedol', 'B0YBKJ7'],
    ['mic', 'XWAR'],
  ])('accepts the %s %s', (scheme, value) => {
    expect(identifierFault(scheme, value)).toBeUndefined()
  })

  it.each([
    ['isin', 'US0378331004', 'is no ISIN: its check digit would be 5'],
    ['isin', 'us0378331005', 'is no ISIN: two letters of a country, nine letters or digits, and a check digit'],
    ['isin', 'US037833100', 'is no ISIN: two letters of a country, nine letters or digits, and a check digit'],
    ['figi', 'BBG000B9XRY5', 'is no FIGI: its check digit would be 4'],
    ['figi', 'BSG000B9XRY4', 'is no FIGI: two consonants, G, eight consonants or digits, and a check digit'],
    ['figi_share_class', 'BBG001S5N8V9', 'is no FIGI SHARE CLASS: its check digit would be 8'],
    ['cusip', '037833109', 'is no CUSIP: its check digit would be 0'],
    ['sedol', '0263493', 'is no SEDOL: its check digit would be 4'],
    ['sedol', 'A263494', 'is no SEDOL: six consonants or digits and a check digit'],
    ['mic', 'xwar', 'is no MIC: four capital letters or digits'],
  ])('refuses the %s %s: %s', (scheme, value, fault) => {
    expect(identifierFault(scheme, value)).toBe(fault)
  })

  it('takes other schemes as they are, even those with the name of a property of objects', () => {
    expect([identifierFault('ric', 'AAPL.O'), identifierFault('constructor', 'x')]).toEqual([undefined, undefined])
  })

  const body = fc.stringMatching(/^[B-DF-HJ-NP-TV-Z0-9]{8}$/)
  it.each([
    ['isin', body.map(text => `PL0${text}`)],
    ['figi', body.map(text => `BBG${text}`)],
    ['cusip', body],
    ['sedol', body.map(text => text.slice(0, 6))],
  ] as const)('accepts exactly one last digit of a %s, and finds every single wrong digit', (scheme, bodies) => {
    fc.assert(
      fc.property(bodies, fc.nat({ max: 9 }), (start, other) => {
        const valid = [...'0123456789'].filter(digit => identifierFault(scheme, start + digit) === undefined)
        expect(valid).toHaveLength(1)
        const at = [...start].findIndex(sign => /\d/.test(sign) && sign !== String(other))
        if (at < 0) return
        const wrong = `${start.slice(0, at)}${other}${start.slice(at + 1)}${valid[0]}`
        expect(identifierFault(scheme, wrong)).toBeDefined()
      }),
    )
  })
})
