import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LongNumberScan } from '../../src/bronze/long-numbers.js'

function scan(blocks: readonly Buffer[]) {
  const scan = new LongNumberScan()
  for (const block of blocks) scan.add(block)
  return scan.finish()
}

/** Cuts bytes at the given places, in any order; blocks may be empty. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map(place => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, nth) => bytes.subarray(at[nth], end))
}

const PIECES = ['a', ' ', '\n', '\n', '\r\n', 'ł', '😀', '12345678', '1234.5678901234567', '123456789012345', '.', '-']
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map(parts => parts.join(''))
const places = fc.array(fc.nat({ max: 500 }), { maxLength: 6 })
const LONG = '12345678901234567890'

describe('the lines with long numbers', () => {
  it('are those in which 16 digits and dots stand together, wherever blocks end', () => {
    fc.assert(
      fc.property(text, places, (whole, at) => {
        const found = scan(cut(Buffer.from(whole), at))
        const lines = [...new Set(whole.split(/\r?\n/).filter(line => /[0-9.]{16}/.test(line)))]
        expect(found).toEqual(lines.length === 0 ? { in: 'none' } : { in: 'lines', lines })
      }),
    )
  })

  it.each([
    ['one more than a statement should hold', `${LONG},\n${'x'.repeat(1 << 20)}${LONG}\n`],
    ['more of them than a statement should hold', Array.from({ length: 60_000 }, (_, at) => `${LONG}${at}\n`).join('')],
    ['a carriage return inside, which may end the line or not', `{"a":1,\r"b":${LONG}}\n`],
    ['a NUL inside', `{"a":"\0","b":${LONG}}\n`],
  ])('are not listed when there is %s', (_, whole) => {
    const bytes = Buffer.from(whole)
    expect(scan([bytes])).toEqual({ in: 'anywhere' })
    expect(scan(cut(bytes, [5, 100_000, 700_000, 1_048_600]))).toEqual({ in: 'anywhere' })
  })

  it('may stand beside lines of any length without a long number', () => {
    const whole = Buffer.from(`${'x'.repeat(3 << 20)}\n${LONG}\n`)
    expect(scan(cut(whole, [1 << 20, 2 << 20]))).toEqual({ in: 'lines', lines: [LONG] })
  })
})
