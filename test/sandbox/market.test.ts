import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimal, fixed } from '../../src/sandbox/digits.js'
import { openMarket } from '../../src/sandbox/market.js'

const HOUR = 3_600_000
const COIN = { key: 'coin:x', base: 100, volatility: 0.03, factor: 'crypto' }
const START = Date.parse('2026-01-01T00:00:00Z')

describe('the simulated market', () => {
  it('has one price for a time, whatever was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50_000_000_000 }), { minLength: 1, maxLength: 30 }), times => {
        const asked = openMarket(3).path(COIN)
        for (const time of times) asked(START + time)
        const last = times.at(-1)!
        expect(openMarket(3).price(COIN, START + last)).toBe(asked(START + last))
      }),
    )
  })

  it('has other prices for another seed, another series and another revision', () => {
    const first = openMarket(1).price(COIN, START)
    const others = [
      openMarket(2).price(COIN, START),
      openMarket(1).price({ ...COIN, key: 'coin:y' }, START),
      openMarket(1).revised(1).price(COIN, START),
    ]
    expect(new Set([first, ...others]).size).toBe(4)
  })

  it('moves in a day by about its volatility', () => {
    const path = openMarket(1).path(COIN)
    const returns = Array.from({ length: 2000 }, (_, day) => {
      const at = START + day * 24 * HOUR
      return Math.log(path(at + 24 * HOUR) / path(at))
    })
    const variance = returns.reduce((sum, move) => sum + move * move, 0) / returns.length
    expect(Math.sqrt(variance)).toBeGreaterThan(0.015)
    expect(Math.sqrt(variance)).toBeLessThan(0.06)
  })

  it('moves series of one factor together', () => {
    const market = openMarket(1)
    const moves = (key: string, factor: string): number[] => {
      const path = market.path({ ...COIN, key, factor })
      return Array.from({ length: 1000 }, (_, hour) =>
        Math.log(path(START + (hour + 1) * HOUR) / path(START + hour * HOUR)),
      )
    }
    const [a, b, c] = [moves('a', 'one'), moves('b', 'one'), moves('c', 'other')]
    expect(correlation(a, b)).toBeGreaterThan(0.3)
    expect(Math.abs(correlation(a, c))).toBeLessThan(0.2)
  })

  it('has bars that hold their open and close, and that join', () => {
    const market = openMarket(1)
    const path = market.path(COIN)
    const bars = Array.from({ length: 100 }, (_, at) => market.bar(path, START + at * HOUR, START + (at + 1) * HOUR))
    for (const { open, high, low, close } of bars) {
      expect(high).toBeGreaterThanOrEqual(Math.max(open, close))
      expect(low).toBeLessThanOrEqual(Math.min(open, close))
    }
    expect(bars.slice(1).map(bar => bar.open)).toEqual(bars.slice(0, -1).map(bar => bar.close))
  })
})

describe('digits', () => {
  it('are those of toFixed, but for ties', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 6 }),
        (value, decimals) => {
          expect(Math.abs(Number(fixed(value, decimals)) - Number(value.toFixed(decimals)))).toBeLessThan(
            1.5 / 10 ** decimals,
          )
          expect(fixed(value, decimals)).toMatch(new RegExp(`^-?\\d+\\.\\d{${decimals}}$`))
        },
      ),
    )
  })

  it.each([
    [29, 1, '29'],
    [1.169, 4, '1.169'],
    [0.1, 0, '0'],
    [-0.004, 2, '0'],
    [100, 2, '100'],
    [1e17, 2, '100000000000000000'],
  ])('of %d with at most %d are %s', (value, decimals, text) => {
    expect(decimal(value, decimals)).toBe(text)
  })
})

function correlation(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, at) => sum + value * y[at]!, 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}
