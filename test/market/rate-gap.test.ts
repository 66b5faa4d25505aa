import { describe, expect, it } from 'vitest'
import { explainGap } from '../../src/market/currency/rate-gap.js'

const told = (code: string, newest: string | null = null, money = code, on = '2026-01-05') =>
  explainGap({ code, money, newest }, { source: 'nbp', on })

describe('why there is no rate', () => {
  it('is that none was fetched, or that the newest is too old', () => {
    expect(told('CHF')).toEqual({ why: 'There is no rate of CHF by nbp until then.' })
    expect(told('CHF', '2025-12-31').why).toMatch(/newest rate of CHF by nbp is of 2025-12-31/)
  })

  it('is, of a minor unit, why its currency has none', () => {
    const why = 'GBX is a minor unit: 100 are one GBP. There is no rate of GBP by nbp until then.'
    expect(told('GBX', null, 'GBP')).toEqual({ why })
  })

  it('is that a stablecoin is not its currency, and what is no money has a rate only where somebody fixes one', () => {
    expect(told('USDT')).toMatchObject({
      why: expect.stringMatching(/^USDT is a stablecoin, which is not the currency/),
      next: expect.stringMatching(/^Convert the currency itself .* source that fixes USDT under `fx.conventions`/),
    })
    expect(told('BTC').why).toMatch(/^BTC is a crypto asset: it has a rate only/)
    expect(told('XAU').why).toMatch(/^XAU is a metal/)
  })

  it('is, of money of the past, what it became by the day', () => {
    expect(told('PLZ')).toEqual({
      why: 'PLZ became PLN on 1995-01-01.',
      next: 'Convert PLN instead: one is 10000 PLZ.',
    })
    expect(told('BGL')).toEqual({
      why: 'BGL became BGN on 1999-07-05 and EUR on 2026-01-01.',
      next: 'Convert EUR instead: one is 1955.83 BGL.',
    })
    expect(told('BGN', null, 'BGN', '2025-06-02')).toEqual({ why: 'There is no rate of BGN by nbp until then.' })
  })
})
