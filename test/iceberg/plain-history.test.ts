import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson, printJson } from '../../src/iceberg/lossless-json.js'
import { parseMetadata, printMetadata } from '../../src/iceberg/metadata-json.js'
import { metadataShape } from '../../src/iceberg/metadata-shape.js'
import { plainHistory } from '../../src/iceberg/plain-history.js'
import { tableOf } from './samples.js'

const ID = 4_611_686_018_427_387_904n
const SNAPSHOT = {
  'snapshot-id': 7,
  'parent-snapshot-id': 6,
  'sequence-number': 2,
  'timestamp-ms': 1000,
  'manifest-list': 'lake/snap-7.avro',
  summary: { operation: 'append', note: 'x' },
  'schema-id': 0,
  'another-writer': [1],
}
const PARTS: Readonly<Record<string, object>> = {
  snapshots: SNAPSHOT,
  'snapshot-log': { 'timestamp-ms': 1000, 'snapshot-id': 7 },
  'metadata-log': { 'timestamp-ms': 1000, 'metadata-file': 'lake/v1.metadata.json' },
}
const table = printMetadata(tableOf())

/** What JSON can hold in place of a value, and nothing at all. */
const value = fc.constantFrom<unknown>(
  ...[undefined, null, true, -1, 0, 1.5, 1e300, ID, '', '7', 'append', [], [7], {}, { operation: 'append' }],
  ...[{ operation: 'merge' }, { operation: 'delete', note: 1 }, { operation: 'replace', note: null }],
)

/** A table with one part of its history, a value of which is another one, or which is another one as a whole. */
const odd = fc
  .record({ part: fc.constantFrom(...Object.keys(PARTS)), key: fc.nat(), own: value, what: fc.nat(9) })
  .map(({ part, key, own, what }) => {
    const entry = PARTS[part]!
    const name = Object.keys(entry)[key % Object.keys(entry).length]!
    const item = what === 0 ? own : { ...entry, [name]: own }
    return { ...(JSON.parse(table) as object), [part]: what === 1 ? own : [entry, item] }
  })

describe('the history of a table, checked by plain comparisons', () => {
  it('is accepted exactly when the shape accepts it, and then as the same value', () => {
    let refused = 0
    fc.assert(
      fc.property(odd, metadata => {
        const text = printJson(metadata)
        const shaped = metadataShape.safeParse(parseJson(text))
        const plain = plainHistory(parseJson(text))
        expect(plain !== undefined).toBe(shaped.success)
        if (!shaped.success) refused++
        else for (const [name, own] of Object.entries(plain!)) expect(own).toEqual(shaped.data[name as 'snapshots'])
      }),
      { numRuns: 500 },
    )
    expect(refused).toBeGreaterThan(50)
  })

  it('names the place of what is wrong in it', () => {
    const metadata = { ...(JSON.parse(table) as object), snapshots: [SNAPSHOT, { ...SNAPSHOT, 'snapshot-id': 'x' }] }
    expect(() => parseMetadata(printJson(metadata), 'f')).toThrow('snapshots.1.snapshot-id: expected an integer')
  })
})

describe('lossless JSON', () => {
  it('keeps every digit of a long number beside hashes that are all digits, and texts that look like numbers', () => {
    const hash = '12345678901234567890'.repeat(3)
    const read = {
      id: ID,
      hash,
      list: [-ID, 9_007_199_254_740_993n],
      text: `:${ID}, [${ID}`,
      small: 9_007_199_254_740_991,
    }
    expect(parseJson(printJson(read))).toEqual(read)
    expect(printJson(read)).toContain(`"id":${ID},`)
  })

  it('prints short bigints as the numbers they are, and leaves out what is undefined', () => {
    expect(printJson({ id: 7n, none: undefined, list: [undefined, -0n] })).toBe('{"id":7,"list":[null,0]}')
    expect(printJson({ id: ID, none: undefined, list: [undefined, 1n] })).toBe(`{"id":${ID},"list":[null,1]}`)
  })
})
