import { describe, expect, it } from 'vitest'
import { type Fault, PLAIN_KINDS } from '../../src/sandbox/fault.js'
import { planFaults } from '../../src/sandbox/fault-plan.js'
import { parseFault } from '../../src/sandbox/fault-text.js'
import type { ProviderName } from '../../src/sandbox/providers/all.js'
import { ask, fetched, NOW, simulator } from './asking.js'

/** Whether each of some requests meets a fault. */
function met(fault: Fault, targets: readonly string[], provider: ProviderName = 'nbp', seed = 1): boolean[] {
  const plan = planFaults(seed, [fault])
  return targets.map(target => plan.meet(provider, target).length > 0)
}
const SIX = ['/a', '/b', '/a', '/b', '/a', '/b']

describe('a fault is met', () => {
  it.each([
    ['each time', {}, [true, true, true, true, true, true]],
    ['by the first two', { when: { first: 2 } }, [true, true, false, false, false, false]],
    ['by the first of each URL', { when: { each: 1 } }, [true, true, false, false, false, false]],
    ['by every third', { when: { every: 3 } }, [false, false, true, false, false, true]],
    [
      'by those of a path, the first of them',
      { path: '/b*', when: { first: 1 } },
      [false, true, false, false, false, false],
    ],
    ['by nobody elsewhere', { provider: 'ecb' }, [false, false, false, false, false, false]],
  ] as const)('%s', (_, aim, expected) => {
    expect(met({ kind: 'html', ...aim }, SIX)).toEqual(expected)
  })

  it('with a chance, that does not depend on the order of arrival', () => {
    const targets = Array.from({ length: 1000 }, (_, at) => `/${at}`)
    const fault = { kind: 'html', when: { share: 0.3 } } as const
    const outcome = met(fault, targets)
    const share = outcome.filter(Boolean).length / targets.length
    expect(Math.abs(share - 0.3)).toBeLessThan(0.05)
    expect(met(fault, targets.toReversed()).reverse()).toEqual(outcome)
    expect(met(fault, targets, 'nbp', 2)).not.toEqual(outcome)
  })

  it('again after it was set again', async () => {
    const { urlOf, setFaults } = await simulator({ faults: [parseFault('binance:503:1')] })
    const status = async (): Promise<number> => (await fetched(`${urlOf('binance')}/ping`)).status
    expect([await status(), await status()]).toEqual([503, 200])
    setFaults([parseFault('binance:503:1')])
    expect([await status(), await status()]).toEqual([503, 200])
    setFaults([])
    expect(await status()).toBe(200)
  })

  it('together with others: what changes records, after what changes the question', () => {
    const { body } = ask('nbp', '/exchangerates/rates/A/USD/2026-11-20', {
      now: NOW,
      faults: [{ kind: 'field-added' }, { kind: 'other-id' }],
    })
    expect(JSON.parse(body)).toMatchObject({ code: 'EUR', rates: [{ unexpected: 'new' }] })
  })
})

describe('a fault in one word', () => {
  it.each([
    ['nbp:429:2', { provider: 'nbp', kind: 'status', status: 429, when: { first: 2 } }],
    ['nbp:429:2:retry_after=60', { provider: 'nbp', kind: 'status', status: 429, when: { first: 2 }, retryAfterS: 60 }],
    ['*:503:share=0.1', { kind: 'status', status: 503, when: { share: 0.1 } }],
    [
      'coingecko/coins/*/ohlc*:html:every=3',
      { provider: 'coingecko', path: '/coins/*/ohlc*', kind: 'html', when: { every: 3 } },
    ],
    ['*/latest:silent', { path: '/latest', kind: 'silent' }],
    ['fred:slow:ms=5000:each=1', { provider: 'fred', kind: 'slow', ms: 5000, when: { each: 1 } }],
    ['ecb:huge', { provider: 'ecb', kind: 'huge' }],
    ['ecb:gzip-bomb:bytes=1000', { provider: 'ecb', kind: 'gzip-bomb', bytes: 1000 }],
    ['nbp:clock-skew:ms=-60000', { provider: 'nbp', kind: 'clock-skew', ms: -60_000 }],
  ])('%s', (word, fault) => {
    expect(parseFault(word)).toEqual(fault)
  })

  it.each(Object.keys(PLAIN_KINDS))('that needs no figure: %s', kind => {
    expect(parseFault(`nbp:${kind}`)).toEqual({ provider: 'nbp', kind })
  })

  it.each([
    ['npb:429', 'Did you mean "nbp"?'],
    ['nbp:htlm', 'Did you mean "html"?'],
    ['nbp:slow', 'slow wants ms='],
    ['nbp:429:often', '"often" is no figure'],
    ['nbp:429:first=', '"first=" is no figure'],
    ['nbp:html:retry=3', 'html takes no retry='],
    ['nbp:html:every=0', 'every= is 1 or more'],
    ['nbp:html:share=2', 'share= is from 0 to 1'],
    ['nbp', 'there is no fault ""'],
  ])('%s is refused', (word, why) => {
    expect(() => parseFault(word)).toThrow(why)
    expect(() => parseFault(word)).toThrow('Nothing was started.')
  })
})
