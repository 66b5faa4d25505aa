import { describe, expect, it } from 'vitest'
import { addDuration, durationMs, parseDuration } from '../../src/core/duration.js'

const NONE = ['', 'P', 'PT', 'P1DT', '1D', 'P-1D', 'P1.5D', 'P1D ', 'P1W2D', 'P1M1Y', 'p1d', `P${'9'.repeat(20)}D`]
const at = (text: string): number => Date.parse(text)

describe('durationMs', () => {
  it('reads weeks, days and times', () => {
    expect(['PT0S', 'P2W', 'P400D', 'PT1H30M', 'P1DT1S'].map(durationMs)).toEqual([
      0, 1_209_600_000, 34_560_000_000, 5_400_000, 86_401_000,
    ])
  })

  it('refuses what is no duration or has no fixed length', () => {
    for (const text of [...NONE, 'P1M', 'P1Y', 'P0M1D', 'P1MT1S']) expect(durationMs(text), text).toBeUndefined()
  })
})

describe('parseDuration', () => {
  it('keeps months apart from what has a fixed length', () => {
    expect(parseDuration('P1Y2M3DT4H5M6S')).toEqual({ months: 14, ms: 273_906_000 })
    expect(parseDuration('PT5M')).toEqual({ months: 0, ms: 300_000 })
    expect(parseDuration('P5M')).toEqual({ months: 5, ms: 0 })
  })

  it('refuses what is no duration', () => {
    for (const text of NONE) expect(parseDuration(text), text).toBeUndefined()
  })
})

describe('addDuration', () => {
  const add = (from: string, duration: string, times?: number): string =>
    new Date(addDuration(at(from), parseDuration(duration)!, times)).toISOString()

  it('ends on the last day of a shorter month, and does not stay there', () => {
    expect(add('2026-01-31T06:00:00Z', 'P1M')).toBe('2026-02-28T06:00:00.000Z')
    expect(add('2028-01-31T06:00:00Z', 'P1M')).toBe('2028-02-29T06:00:00.000Z')
    expect(add('2026-01-31T06:00:00Z', 'P1M', 2)).toBe('2026-03-31T06:00:00.000Z')
    expect(add('2024-02-29T00:00:00Z', 'P1Y')).toBe('2025-02-28T00:00:00.000Z')
  })

  it('goes over the end of a year and to the time before 1970', () => {
    expect(add('2025-12-15T23:59:59.999Z', 'P1M')).toBe('2026-01-15T23:59:59.999Z')
    expect(add('1969-12-31T22:00:00Z', 'P1M', -1)).toBe('1969-11-30T22:00:00.000Z')
  })

  it('takes days as 24 hours', () => {
    expect(add('2026-03-28T00:00:00Z', 'P93D')).toBe('2026-06-29T00:00:00.000Z')
  })
})
