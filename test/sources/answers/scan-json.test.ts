import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanJson } from '../../../src/sources/answers/scan-json.js'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const scan = (text: string): ReturnType<typeof scanJson> => scanJson(Buffer.from(text))

/** JSON with some characters changed: mostly wrong in one place only. */
const nearly = fc
  .tuple(
    fc.json(),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[]",:\\ \n\t-+.eE01u', 'nul', 'NaN', '')), { maxLength: 2 }),
  )
  .map(([text, changes]) =>
    changes.reduce((now, [at, by]) => now.slice(0, at % now.length) + by + now.slice((at % now.length) + 1), text),
  )
  .filter(text => text.trim() !== '')

const tokens = fc
  .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"\\u00eF"', '0', '-1.5e+3', '01', 'true', 'null', ' '), {
    maxLength: 9,
  })
  .map(parts => parts.join(''))

describe('scanJson', () => {
  it('takes what JSON.parse takes, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, tokens, fc.json(), fc.string()), text => {
        expect(scan(text).end === 'whole', text).toBe(isJson(text))
      }),
      { numRuns: 1000 },
    )
  })

  it('says of every beginning of a document that it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ stringUnit: 'binary' })), parts => {
        const body = Buffer.from(`[${parts.join(',')}]`)
        for (let at = 0; at < body.length; at++) expect(scanJson(body.subarray(0, at)).end).toBe('cut')
      }),
    )
  })

  it('knows the root, its names, and whether it is empty', () => {
    expect(scan('\uFEFF {"a":{"b":1},"c":[{"d":2}]}')).toMatchObject({
      end: 'whole',
      root: 'object',
      empty: false,
      keys: ['a', 'c'],
    })
    expect(scan('[{"a":1}]')).toMatchObject({ root: 'list', empty: false, keys: [] })
    expect([' []', '{ }', 'null', '[[]]', '{"a":{}}', '0', '""'].map(text => scan(text).empty)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('says where a document is broken', () => {
    expect(scan('{"a":1,}')).toMatchObject({ end: 'broken', at: 7 })
    expect(scan('[1]]')).toMatchObject({ end: 'broken', at: 3 })
    expect(scan('[1}')).toMatchObject({ end: 'broken', at: 2 })
  })

  it('goes as deep as a document does', () => {
    const depth = 1_000_000
    expect(scan('['.repeat(depth)).end).toBe('cut')
    expect(scan('['.repeat(depth) + ']'.repeat(depth)).end).toBe('whole')
  })
})
