import { beforeAll, describe, expect, it } from 'vitest'
import { CURRENCIES } from '../../src/market/currency/currencies.js'
import { identifierFault } from '../../src/market/instrument/check-digits.js'
import { findPython } from './python.js'

const python = findPython(['iso4217', 'pycountry', 'stdnum'])
if (python === undefined)
  console.warn(
    'INTEROP NOT RUN: no python3 with iso4217, pycountry and stdnum, so nobody else has read our currencies and identifiers',
  )

/** Each with every last digit, so that ten of its eleven spellings are wrong. */
const CODES = [
  ['isin', 'US0378331005'],
  ['isin', 'PLPKO0000016'],
  ['isin', 'DE000BAY0017'],
  ['isin', 'XS2314779427'],
  ['figi', 'BBG000B9XRY4'],
  ['figi', 'BBG000BLNNH6'],
  ['cusip', '037833100'],
  ['cusip', '17275R102'],
  ['cusip', '38259P508'],
  ['sedol', '0263494'],
  ['sedol', 'B0YBKJ7'],
].flatMap(([scheme = '', code = '']) => [...'0123456789'].map(digit => [scheme, code.slice(0, -1) + digit] as const))

describe.skipIf(python === undefined)('what others know of currencies and identifiers', () => {
  let theirs: {
    readonly iso4217: Readonly<Record<string, readonly [string, number | null]>>
    readonly pycountry: Readonly<Record<string, string>>
    readonly valid: readonly boolean[]
  }
  const listed = [...CURRENCIES.values()].filter(currency => currency.numericCode !== undefined)

  beforeAll(() => {
    theirs = python!.script('reference_facts.py', CODES) as typeof theirs
  })

  it('codes, numbers and digits of ISO 4217 are those of the package iso4217', () => {
    const ours = Object.fromEntries(
      listed.map(({ code, numericCode, minorUnits }) => [code, [numericCode, minorUnits ?? null]]),
    )
    expect(ours).toEqual(theirs.iso4217)
  })

  it('codes and numbers are those of pycountry', () => {
    expect(Object.fromEntries(listed.map(({ code, numericCode }) => [code, numericCode]))).toEqual(theirs.pycountry)
  })

  it('check digits are those of python-stdnum', () => {
    const ours = CODES.map(([scheme, value]) => identifierFault(scheme, value) === undefined)
    expect(ours).toEqual(theirs.valid)
    expect(ours.filter(valid => valid)).toHaveLength(CODES.length / 10)
  })
})
