import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decimalSql } from '../../src/contract/cast-decimal.js'
import { type DuckDbConnection, evaluate, testDuckDb } from '../support/duckdb.js'

/** The exact value as units of the last place, or null: BigInt arithmetic, independent of the SQL. */
function oracle(text: string, precision: number, scale: number): bigint | null {
  const match = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) return null
  const [, sign, whole = '', fraction = match[4] ?? '', , exponent = '0'] = match
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return 0n
  const shift = BigInt(scale) - BigInt(fraction.length) + BigInt(exponent)
  // Beyond this the result has too many digits, or too few of them are zeros.
  if (shift > 100n || shift < -BigInt(text.length)) return null
  const power = 10n ** (shift < 0n ? -shift : shift)
  if (shift < 0n && digits % power !== 0n) return null
  const units = shift < 0n ? digits / power : digits * power
  return units >= 10n ** BigInt(precision) ? null : sign === '-' ? -units : units
}

function unitsOf(value: unknown, scale: number): bigint | null {
  if (value === null) return null
  const text = String(value)
  expect(text).toMatch(scale === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${scale}}$`))
  return BigInt(text.replace('.', ''))
}

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`))
const zeros = fc.nat(12).map(count => '0'.repeat(count))
const sign = fc.constantFrom('', '', '-', '+')
const exponent = fc.oneof(
  fc.constant(''),
  fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'), fc.nat(45)).map(([mark, power]) => mark + power),
  fc.tuple(fc.constantFrom('e', 'e-'), digits(1, 25)).map(([mark, power]) => mark + power),
)
const plain = fc
  .tuple(zeros, digits(1, 40), fc.constantFrom('', '.'), digits(0, 40), zeros)
  .map(([before, whole, point, fraction, after]) => before + whole + (point === '' ? '' : `.${fraction}${after}`))
const leadingPoint = digits(1, 40).map(fraction => `.${fraction}`)
const number = fc.tuple(sign, fc.oneof(plain, leadingPoint), exponent).map(parts => parts.join(''))
const nearlyNumber = fc
  .tuple(
    number,
    fc.nat(20),
    fc.constantFrom(' ', '_', ',', '.', 'e', '-', '+', 'x', '\n', '\t', '٣', '−', '\u00a0', "'"),
  )
  .map(([text, at, odd]) => text.slice(0, at) + odd + text.slice(at))
const hostile = fc.constantFrom(
  '',
  '.',
  '-',
  '+',
  'e',
  'e5',
  '-.',
  '.e1',
  '1e',
  '1e+',
  '--1',
  '+-1',
  'NaN',
  'nan',
  'inf',
  'Infinity',
)
const more = fc.constantFrom(
  '1e400',
  '-1e400',
  '1e-400',
  '0x1F',
  '0b1',
  '1_000',
  '1,5',
  '1 234',
  ' 1',
  '1 ',
  '$1',
  '1f',
  '१२',
  '0e9999999999',
)

const TYPES = [
  [38, 18],
  [38, 0],
  [38, 38],
  [18, 9],
  [10, 2],
  [9, 9],
  [4, 2],
  [19, 0],
  [1, 1],
] as const

describe('decimalSql', () => {
  let duckdb: DuckDbConnection
  beforeAll(async () => {
    duckdb = await testDuckDb()
  })
  afterAll(() => duckdb.close())

  it.each(TYPES)('gives the exact value or NULL for any text as DECIMAL(%i, %i)', async (precision, scale) => {
    const texts = fc.array(fc.oneof({ weight: 6, arbitrary: number }, nearlyNumber, hostile, more), {
      minLength: 400,
      maxLength: 400,
    })
    await fc.assert(
      fc.asyncProperty(texts, async batch => {
        const values = await evaluate(duckdb, decimalSql('x', precision, scale), batch)
        const read = batch.map((text, i) => [text, unitsOf(values[i], scale)])
        expect(read).toEqual(batch.map(text => [text, oracle(text, precision, scale)]))
      }),
      { numRuns: 8 },
    )
  })

  it('keeps 20 and 30 significant digits and exponents of a price to the last digit', async () => {
    const texts = [
      '12345678901234567890',
      '12345678901234567890.123456789012345678',
      '1.5e-7',
      '12E3',
      '5e-18',
      '+0.10',
    ]
    expect(await evaluate(duckdb, decimalSql('x', 38, 18), texts)).toEqual([
      '12345678901234567890.000000000000000000',
      '12345678901234567890.123456789012345678',
      '0.000000150000000000',
      '12000.000000000000000000',
      '0.000000000000000005',
      '0.100000000000000000',
    ])
  })

  it('never rounds: one digit too many is no value', async () => {
    const texts = ['0.0000000000000000001', '1e-19', '100000000000000000000', '1e20', '0.1000000000000000000000']
    const values = await evaluate(duckdb, decimalSql('x', 38, 18), texts)
    expect(values).toEqual([null, null, null, null, '0.100000000000000000'])
  })

  it('reads a number of a million digits without fuss', async () => {
    const long = '1'.repeat(1_000_000)
    expect(await evaluate(duckdb, decimalSql('x', 38, 18), [long, `${'0'.repeat(1_000_000)}7`, `1e-${long}`])).toEqual([
      null,
      '7.000000000000000000',
      null,
    ])
  })

  it('keeps NULL', async () => {
    expect(await evaluate(duckdb, decimalSql('x', 38, 18), [null])).toEqual([null])
  })
})
