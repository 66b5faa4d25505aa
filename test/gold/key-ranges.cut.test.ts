import { describe, expect, test } from 'vitest'
import { cutKeys, inRangeSql } from '../../src/gold/key-ranges.js'

const keys = (...rows: number[]) => rows.map((count, at) => ({ key: `k${at}`, rows: count }))

describe('cutKeys', () => {
  test('cuts keys of equal size into ranges of equal size', () => {
    expect(cutKeys('id', keys(5, 5, 5, 5), 2)).toEqual([
      { column: 'id', from: undefined, to: 'k2' },
      { column: 'id', from: 'k2', to: undefined },
    ])
  })

  test('lets a large key fill a range', () => {
    expect(cutKeys('id', keys(1, 100, 1, 1), 3).map(({ from }) => from)).toEqual([undefined, 'k2', 'k3'])
  })

  test('gives no more ranges than there are keys, and one where there is none', () => {
    expect(cutKeys('id', keys(1, 1), 9)).toHaveLength(2)
    expect(cutKeys('id', [], 9)).toEqual([{ column: 'id', from: undefined, to: undefined }])
  })
})

describe('inRangeSql', () => {
  test('names the rows of a range, those without a key in the first', () => {
    expect(inRangeSql({ column: 'id', from: undefined, to: `o'clock` })).toBe(`("id" IS NULL OR "id" < 'o''clock')`)
    expect(inRangeSql({ column: 'id', from: 'a', to: 'b' })).toBe(`"id" >= 'a' AND "id" < 'b'`)
    expect(inRangeSql({ column: 'id', from: 'b', to: undefined })).toBe(`"id" >= 'b'`)
    expect(inRangeSql({ column: 'id', from: undefined, to: undefined })).toBe('true')
  })
})
