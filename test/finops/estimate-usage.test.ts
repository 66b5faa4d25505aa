import { describe, expect, it } from 'vitest'
import { overruns, overrunText } from '../../src/finops/budget.js'
import { parseDecimal } from '../../src/finops/decimal.js'
import { DEFAULT_RUN, estimateUsage, type PipePast } from '../../src/finops/estimate-usage.js'
import { type Usage, usageOf } from '../../src/finops/usage.js'

const ONE = { seconds: 0, runs: 1 }

function past(runs: number, asks: number, parts: Partial<Usage>): PipePast {
  return { runs, asks, usage: usageOf(name => parts[name] ?? 0) }
}

const nbp = past(4, 8, { provider_requests: 10, credits: 10, bytes_received: 5000, store_puts: 40, wall_ms: 8000 })
const work = (pipe: string, asks: number) => ({ pipe, asks, creditsPerAsk: 1 })

describe('an estimate', () => {
  it('takes requests from the plan and what is over from the past, and the rest from the mean of earlier runs', () => {
    const { usage, basis } = estimateUsage([work('nbp', 16)], new Map([['nbp', nbp]]), ONE)
    expect(basis).toBe('history')
    expect(usage).toMatchObject({ invocations: 1, provider_requests: 20, credits: 20, bytes_received: 10_000 })
    expect(usage).toMatchObject({ store_puts: 10, wall_ms: 2000 })
  })

  it('is no shorter than the rates of providers let it be', () => {
    expect(estimateUsage([work('nbp', 16)], new Map([['nbp', nbp]]), { seconds: 60, runs: 1 }).usage.wall_ms).toBe(
      60_000,
    )
  })

  it('takes a pipe of which nothing is known for the mean of the others, and says so', () => {
    const { usage, basis } = estimateUsage([work('nbp', 0), work('new', 3)], new Map([['nbp', nbp]]), ONE)
    expect([basis, usage.store_puts]).toEqual(['part', 20])
  })

  it('without any past is made of defaults: the fixed part once, a credit a request', () => {
    const { usage, basis } = estimateUsage([work('a', 2), work('b', 3)], new Map(), ONE)
    expect(basis).toBe('defaults')
    expect(usage).toMatchObject({
      provider_requests: 5,
      credits: 5,
      store_puts: DEFAULT_RUN.store_puts,
      invocations: 1,
    })
  })

  it('of several runs has their requests once and the rest for each of them', () => {
    const { usage } = estimateUsage([work('nbp', 16)], new Map([['nbp', nbp]]), { seconds: 0, runs: 3 })
    expect(usage).toMatchObject({ invocations: 3, provider_requests: 20, store_puts: 30 })
  })

  it('of nothing is nothing', () => {
    expect(estimateUsage([], new Map(), ONE).usage).toEqual(usageOf(() => 0))
  })
})

describe('a budget', () => {
  const spend = (money: string, requests: number, credits: number) => ({
    money: parseDecimal(money)!,
    requests,
    credits,
  })
  const limit = (span: 'run' | 'month', of: 'money' | 'credits' | 'requests', most: string) => ({ span, of, most })
  const budget = (...limits: ReturnType<typeof limit>[]) => ({ currency: 'USD', action: 'stop' as const, limits })

  it('holds what reaches it exactly', () => {
    const limits = budget(limit('run', 'money', '0.3'), limit('month', 'requests', '10'))
    expect(overruns(limits, spend('0.3', 4, 0), spend('99', 6, 0))).toEqual([])
  })

  it('names each limit that would be broken, with its figures', () => {
    const limits = budget(limit('run', 'credits', '5'), limit('month', 'money', '1.00'))
    const over = overruns(limits, spend('0.1', 0, 6), spend('0.9000001', 0, 0))
    expect(over.map(overrunText)).toEqual([
      'it would take about 6 credits, and the budget of a run is 5',
      'it would take about 0.1 USD, this month has taken 0.9000001, and its budget is 1.00',
    ])
  })

  it('of nothing lets nothing pass', () => {
    expect(overruns(budget(limit('run', 'requests', '0')), spend('0', 1, 0), spend('0', 0, 0))).toHaveLength(1)
  })
})
