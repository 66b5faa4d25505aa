import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextScan } from '../../src/bronze/text-scan.js'

function scan(blocks: readonly Buffer[]) {
  const scan = new TextScan()
  for (const block of blocks) scan.add(block)
  return scan.finish()
}

/** Cuts bytes at the given places, in any order; blocks may be empty. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map(place => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, nth) => bytes.subarray(at[nth], end))
}

const text = fc
  .array(fc.constantFrom('a', ' ', '\n', '\r\n', '\uFEFF', 'ł', '😀', '12345678', '\u0000'), { maxLength: 30 })
  .map(parts => Buffer.from(parts.join('')))
const bytes = fc.uint8Array({ maxLength: 60 }).map(array => Buffer.from(array))
const places = fc.array(fc.nat({ max: 500 }), { maxLength: 6 })

describe('a text, scanned in blocks', () => {
  it('is UTF-8 exactly when all of it together is, wherever blocks end', () => {
    fc.assert(fc.property(fc.oneof(text, bytes), places, (whole, at) => scan(cut(whole, at)).utf8 === isUtf8(whole)))
  })

  it('has no line longer than it says, and says at most what its blocks hold', () => {
    fc.assert(
      fc.property(text, places, (whole, at) => {
        const longest = Math.max(
          0,
          ...whole
            .toString('latin1')
            .split('\n')
            .map(line => line.length),
        )
        const { longestLineBytes } = scan(cut(whole, at))
        return longestLineBytes >= longest && longestLineBytes <= whole.length
      }),
    )
  })

  it.each([
    ['nothing', '', true],
    ['blanks and line ends', ' \t\r\n', true],
    ['a byte order mark', '\uFEFF', true],
    ['a letter after blanks', '  \n x', false],
  ])('is empty or not: %s', (_, content, empty) => {
    expect(scan([Buffer.from(content)]).empty).toBe(empty)
  })
})
