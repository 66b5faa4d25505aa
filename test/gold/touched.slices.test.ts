import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutSlices, mergeIntervals, slicesToRewrite } from '../../src/gold/touched.js'

const DAY = 86_400_000
const at = (date: string): number => Date.parse(`${date}Z`)
const show = ({ start, end }: { start: number; end: number }): string =>
  [start, end].map(ms => new Date(ms).toISOString().slice(0, 13)).join(' ')

describe('slicesToRewrite', () => {
  test('rewrites the day of a change when the model looks back on nothing', () => {
    const touched = [{ start: at('2026-03-05T09:00'), end: at('2026-03-05T10:00') }]
    const slices = slicesToRewrite(touched, { grain: 'day', lookbackMs: 0 })
    expect(slices.map(({ rewrite, read }) => [show(rewrite), show(read)])).toEqual([
      ['2026-03-05T00 2026-03-06T00', '2026-03-05T00 2026-03-06T00'],
    ])
  })

  test('rewrites whole years from the change to the end of its reach, and reads the reach before them', () => {
    const touched = [{ start: at('2024-12-31T00:00'), end: at('2025-01-01T00:00') }]
    const [slice] = slicesToRewrite(touched, { grain: 'year', lookbackMs: 400 * DAY })
    expect(show(slice!.rewrite)).toBe('2024-01-01T00 2027-01-01T00')
    expect(show(slice!.read)).toBe('2022-11-27T00 2027-01-01T00')
  })

  test('rewrites nothing after the partition of the newest input', () => {
    const touched = [{ start: at('2024-12-31T00:00'), end: at('2025-01-01T00:00') }]
    const [slice] = slicesToRewrite(touched, { grain: 'year', lookbackMs: 400 * DAY }, at('2025-01-01T00:00'))
    expect(show(slice!.rewrite)).toBe('2024-01-01T00 2025-01-01T00')
  })

  test('rewrites what looked ahead to a change, and reads as far ahead of it', () => {
    const touched = [{ start: at('2025-03-15T00:00'), end: at('2025-03-16T00:00') }]
    const reach = { grain: 'month', lookbackMs: DAY, lookaheadMs: 31 * DAY } as const
    const [slice] = slicesToRewrite(touched, reach, at('2025-03-16T00:00'))
    expect(show(slice!.rewrite)).toBe('2025-02-01T00 2025-04-01T00')
    expect(show(slice!.read)).toBe('2025-01-31T00 2025-05-02T00')
  })

  test('gives no slice for nothing and for empty intervals', () => {
    expect(slicesToRewrite([], { grain: 'day', lookbackMs: DAY })).toEqual([])
    expect(slicesToRewrite([{ start: 5, end: 5 }], { grain: 'day', lookbackMs: DAY })).toEqual([])
  })

  test('covers every row that a change reaches, cuts at partitions, and keeps slices apart', () => {
    const interval = fc
      .tuple(fc.integer({ min: -2000, max: 4000 }), fc.integer({ min: 1, max: 90 }))
      .map(([start, days]) => ({
        start: start * DAY,
        end: (start + days) * DAY,
      }))
    const grain = fc.constantFrom('hour' as const, 'day' as const, 'month' as const, 'year' as const)
    fc.assert(
      fc.property(
        fc.array(interval, { maxLength: 6 }),
        grain,
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 0, max: 60 }),
        (touched, grain, days, ahead) => {
          const slices = slicesToRewrite(touched, { grain, lookbackMs: days * DAY, lookaheadMs: ahead * DAY })
          for (const { start, end } of touched) {
            const last = end - 1 + days * DAY
            const first = start - ahead * DAY
            expect(slices.some(({ rewrite }) => rewrite.start <= first && last < rewrite.end)).toBe(true)
          }
          for (const [i, { rewrite, read }] of slices.entries()) {
            expect(read).toEqual({ start: rewrite.start - days * DAY, end: rewrite.end + ahead * DAY })
            for (const edge of [rewrite.start, rewrite.end]) expect(isEdge(edge, grain)).toBe(true)
            if (i > 0) expect(rewrite.start).toBeGreaterThan(slices[i - 1]!.rewrite.end)
          }
        },
      ),
    )
  })
})

describe('cutSlices', () => {
  test('cuts between partitions into pieces of at most the limit, without losing or doubling a partition', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 20 }), (rows, limit) => {
        const whole = { start: 0, end: rows.length * DAY }
        const weigh = ({ start, end }: { start: number; end: number }): number =>
          rows.slice(start / DAY, end / DAY).reduce((sum, n) => sum + n, 0)
        const pieces = cutSlices([{ rewrite: whole, read: whole }], 'day', weigh, limit).map(({ rewrite }) => rewrite)
        expect(pieces[0]!.start).toBe(0)
        expect(pieces.at(-1)!.end).toBe(whole.end)
        for (const [i, piece] of pieces.entries()) {
          if (i > 0) expect(piece.start).toBe(pieces[i - 1]!.end)
          expect(weigh(piece) <= limit || piece.end - piece.start === DAY).toBe(true)
        }
      }),
    )
  })
})

describe('mergeIntervals', () => {
  test('joins intervals that overlap or touch, and no others', () => {
    expect(
      mergeIntervals([
        { start: 5, end: 6 },
        { start: 0, end: 2 },
        { start: 2, end: 3 },
        { start: 1, end: 2 },
      ]),
    ).toEqual([
      { start: 0, end: 3 },
      { start: 5, end: 6 },
    ])
  })
})

function isEdge(ms: number, grain: 'hour' | 'day' | 'month' | 'year'): boolean {
  const text = new Date(ms).toISOString()
  const zeroes = {
    hour: ':00:00.000Z',
    day: 'T00:00:00.000Z',
    month: '-01T00:00:00.000Z',
    year: '-01-01T00:00:00.000Z',
  }
  return text.endsWith(zeroes[grain])
}
