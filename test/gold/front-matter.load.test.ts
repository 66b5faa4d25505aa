import { describe, expect, test } from 'vitest'
import type { SluiceError } from '../../src/core/errors.js'
import { loadModel } from '../../src/gold/front-matter.js'

const MODEL = `/*---
table: closes
grain: one row per day
partition: date
lookback: P1DT2H
description: Closing prices.
---*/

  SELECT 1 AS a
  FROM silver.bars ;
`

function refusal(text: string): Pick<SluiceError, 'code' | 'place' | 'message'> {
  try {
    loadModel(text, 'models/closes.sql')
  } catch (thrown) {
    const { code, place, message } = thrown as SluiceError
    return { code, place, message }
  }
  throw new Error('the model was accepted')
}

describe('loadModel', () => {
  test('reads the front matter and the place of the SELECT', () => {
    expect(loadModel(MODEL, 'closes.sql')).toMatchObject({
      table: 'closes',
      contract: 'closes',
      partition: 'date',
      lookbackMs: 26 * 3_600_000,
      lookaheadMs: 0,
      sql: 'SELECT 1 AS a\n  FROM silver.bars',
      sqlPlace: { file: 'closes.sql', line: 9, column: 3 },
    })
  })

  test('goes to the end of its inputs unless it says that it goes as far as knowledge does or a lookback on, which makes it another model', () => {
    const known = loadModel(MODEL.replace('description:', 'until: known\ndescription:'), 'closes.sql')
    const carried = loadModel(MODEL.replace('description:', 'until: lookback\ndescription:'), 'closes.sql')
    const plain = loadModel(MODEL, 'closes.sql')
    expect([plain.until, known.until, carried.until]).toEqual(['inputs', 'known', 'lookback'])
    expect(new Set([plain.hash, known.hash, carried.hash]).size).toBe(3)
    expect(refusal(MODEL.replace('description:', 'until: today\ndescription:'))).toMatchObject({
      code: 'SLUICE_MODEL_INVALID',
      place: 'models/closes.sql:6:8',
    })
  })

  test('accepts Windows line ends and a byte order mark', () => {
    expect(loadModel(`\uFEFF${MODEL.replaceAll('\n', '\r\n')}`, 'closes.sql').table).toBe('closes')
  })

  test('keeps its hash when only words change, and changes it with the SQL, the lookback and the partition', () => {
    const hash = loadModel(MODEL, 'a.sql').hash
    expect(loadModel(MODEL.replace('Closing prices', 'Closes'), 'b.sql').hash).toBe(hash)
    for (const [from, to] of [
      ['1 AS a', '2 AS a'],
      ['P1DT2H', 'P1D'],
      ['partition: date', 'partition: day'],
    ] as const) {
      expect(loadModel(MODEL.replace(from, to), 'a.sql').hash).not.toBe(hash)
    }
  })

  test('refuses an unknown key with its place and the nearest known one', () => {
    const fault = refusal(MODEL.replace('description:', 'lookbak: P1D\ndescription:'))
    expect(fault).toMatchObject({ code: 'SLUICE_MODEL_INVALID', place: 'models/closes.sql:6:1' })
    expect(fault.message).toContain('`lookback`')
  })

  test('looks ahead where it says so, which is part of its hash', () => {
    const ahead = loadModel(MODEL.replace('description', 'lookahead: P31D\ndescription'), 'a.sql')
    expect(ahead.lookaheadMs).toBe(31 * 86_400_000)
    expect(ahead.hash).not.toBe(loadModel(MODEL, 'a.sql').hash)
    const nothing = loadModel(MODEL.replace('description', 'lookahead: P0D\ndescription'), 'a.sql')
    expect(nothing.hash).toBe(loadModel(MODEL, 'a.sql').hash)
  })

  test('refuses a lookback or lookahead without a fixed length with its place', () => {
    expect(refusal(MODEL.replace('P1DT2H', 'P1M'))).toMatchObject({ place: 'models/closes.sql:5:11' })
    const fault = refusal(MODEL.replace('description', 'lookahead: P1M\ndescription'))
    expect(fault).toMatchObject({ place: 'models/closes.sql:6:12' })
    expect(fault.message).toContain('`lookahead`')
  })

  test('refuses a file without front matter, with an unclosed one, or without a SELECT', () => {
    expect(refusal('SELECT 1').place).toBe('models/closes.sql:1:1')
    expect(refusal('').place).toBe('models/closes.sql:1:1')
    expect(refusal(MODEL.replace('---*/', '')).place).toBe('models/closes.sql:1:1')
    expect(refusal(MODEL.replace(/SELECT[^;]*/, '')).message).toContain('no SELECT')
  })
})
