import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/core/random.js'
import { systemWait } from '../../../src/core/wait.js'
import { reserveSlots } from '../../../src/sources/http/gcra.js'
import { openQuotaLedger, type QuotaLedger } from '../../../src/sources/http/quota-ledger.js'
import { openRateGate, type RateGate } from '../../../src/sources/http/rate-gate.js'
import { retryDelayMs } from '../../../src/sources/http/retry.js'
import { statedPauseMs } from '../../../src/sources/http/stated-pause.js'
import type { Limits } from '../../../src/sources/source.js'
import { countingStore } from '../../../src/storage/counting-store.js'
import { memoryStore } from '../../../src/storage/memory-store.js'
import type { ObjectStore } from '../../../src/storage/object-store.js'
import { type JumpClock, jumpClock } from './jump-clock.js'

const FOREVER = Number.POSITIVE_INFINITY

describe('reserveSlots', () => {
  it('keeps rate and burst in every span of time, whatever is asked for and when', () => {
    const asks = fc.array(fc.record({ afterMs: fc.nat(5_000), count: fc.integer({ min: 1, max: 9 }) }), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(asks, fc.constantFrom(0.4, 1, 3, 50), fc.integer({ min: 1, max: 5 }), (all, perSecond, burst) => {
        const times: number[] = []
        let [nowMs, tatMs] = [1_000_000, 0]
        for (const { afterMs, count } of all) {
          nowMs += afterMs
          const slots = reserveSlots(tatMs, nowMs, count, { perSecond, burst }, FOREVER)
          expect(slots.timesMs).toHaveLength(count)
          expect(slots.timesMs[0]).toBeGreaterThanOrEqual(nowMs)
          tatMs = slots.tatMs
          times.push(...slots.timesMs)
        }
        for (let i = 0; i + burst < times.length; i++) {
          expect(times[i + burst]! - times[i]!).toBeGreaterThanOrEqual(1000 / perSecond - 1e-6)
        }
      }),
    )
  })

  it('gives nothing, and takes nothing, after the last moment that is of use', () => {
    const rate = { perSecond: 1, burst: 1 }
    expect(reserveSlots(0, 0, 9, rate, 2_500)).toEqual({ timesMs: [0, 1000, 2000], tatMs: 3000 })
    expect(reserveSlots(3000, 0, 9, rate, 2_500)).toEqual({ timesMs: [], tatMs: 3000 })
  })
})

describe('statedPauseMs', () => {
  const NOW = Date.parse('2026-11-22T12:00:00Z')

  it.each([
    ['seconds', { 'retry-after': '60' }, 60_000],
    ['seconds of several days', { 'retry-after': '259200' }, 259_200_000],
    ['a date', { 'retry-after': 'Sun, 22 Nov 2026 12:02:00 GMT' }, 120_000],
    [
      'a date, by a clock that is ten minutes late',
      {
        'retry-after': 'Sun, 22 Nov 2026 11:52:00 GMT',
        date: 'Sun, 22 Nov 2026 11:50:00 GMT',
      },
      120_000,
    ],
    ['a date that is over', { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
    ['a reset in seconds from now', { 'x-ratelimit-reset': '30' }, 30_000],
    ['a reset in seconds since 1970', { 'x-ratelimit-reset': String(NOW / 1000 + 7) }, 7_000],
    ['a reset in milliseconds since 1970', { 'x-ratelimit-reset': String(NOW + 5) }, 5],
    ['a reset as the drafts name it', { 'ratelimit-reset': '2' }, 2_000],
    ['both, of which the first is meant for us', { 'retry-after': '1', 'x-ratelimit-reset': '30' }, 1_000],
    ['nothing', {}, undefined],
    ['no number', { 'retry-after': 'soon' }, undefined],
    ['less than nothing', { 'retry-after': '-5' }, undefined],
    ['too many digits', { 'retry-after': '9'.repeat(400) }, undefined],
    ['an empty value', { 'retry-after': '', 'x-ratelimit-reset': '' }, undefined],
  ])('reads %s', (_, headers, ms) => {
    expect(statedPauseMs(headers as Record<string, string>, NOW, true)).toBe(ms)
  })

  it('heeds a reset after a success only when nothing remains', () => {
    const reset = { 'x-ratelimit-reset': '30' }
    expect(statedPauseMs({ ...reset, 'x-ratelimit-remaining': '1' }, NOW, false)).toBeUndefined()
    expect(statedPauseMs({ ...reset, 'x-ratelimit-remaining': '0' }, NOW, false)).toBe(30_000)
    expect(statedPauseMs(reset, NOW, false)).toBeUndefined()
  })
})

describe('retryDelayMs', () => {
  const policy = { attempts: 4, baseMs: 1000, capMs: 3000 }
  const all = (meaning: Parameters<typeof retryDelayMs>[0]['meaning'], random = () => 0.999) =>
    [1, 2, 3, 4].map(attempt => retryDelayMs({ meaning, attempt }, policy, random))

  it('is anything up to a bound that doubles, for what may pass', () => {
    for (const meaning of ['rate_limited', 'unavailable', 'truncated'] as const) {
      expect(all(meaning).map(ms => ms && Math.ceil(ms))).toEqual([999, 1998, 2997, undefined])
      expect(all(meaning, () => 0)).toEqual([0, 0, 0, undefined])
    }
  })

  it('is given once for a page in the way, and never for what will be so again', () => {
    expect(all('blocked').map(ms => ms !== undefined)).toEqual([true, false, false, false])
    for (const meaning of ['data', 'empty', 'unchanged', 'refused', 'error', 'mismatch'] as const) {
      expect(all(meaning), meaning).toEqual([undefined, undefined, undefined, undefined])
    }
  })

  it('is never less than what the provider asked for', () => {
    const delays = Array.from({ length: 50 }, (_, seed) =>
      retryDelayMs({ meaning: 'rate_limited', attempt: 1, statedMs: 60_000 }, policy, seededRandom(seed)),
    )
    expect(Math.min(...delays.map(Number))).toBeGreaterThanOrEqual(60_000)
    expect(new Set(delays).size).toBeGreaterThan(40)
  })
})

describe('a quota ledger', () => {
  const process = (store: ObjectStore, clock: JumpClock): QuotaLedger =>
    openQuotaLedger({ store, clock, wait: systemWait, random: seededRandom(1) })
  const gateOf = (ledger: QuotaLedger, limits: Limits, waiting: number, notAfterMs = FOREVER): RateGate =>
    openRateGate({ bucket: 'nbp', limits, ledger, waiting: () => waiting, notAfterMs })
  const timeOf = async (gate: RateGate): Promise<number> => {
    const slot = await gate.take()
    if ('short' in slot) throw new Error(slot.short)
    return slot.timeMs
  }

  it('gives 1,000 slots in few writes', async () => {
    const { store, counts } = countingStore(memoryStore())
    const clock = jumpClock()
    const gate = gateOf(process(store, clock), { perSecond: 50, concurrency: 4 }, 1000)
    const times = []
    for (let i = 0; i < 1000; i++) times.push(await timeOf(gate))
    expect(times.at(-1)! - times[0]!).toBeCloseTo(999 * 20, 3)
    expect(counts().requests.create).toBeLessThan(20)
  })

  it('shares one rate between processes that take at the same time', async () => {
    const store = memoryStore()
    const clock = jumpClock()
    const gates = [0, 1, 2].map(() => gateOf(process(store, clock), { perSecond: 2, concurrency: 4 }, 5))
    const times = (
      await Promise.all(gates.map(async gate => [await timeOf(gate), await timeOf(gate), await timeOf(gate)]))
    ).flat()
    expect(new Set(times).size).toBe(9)
    const sorted = times.toSorted((a, b) => a - b)
    for (let i = 1; i < sorted.length; i++) expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThanOrEqual(500)
  })

  it('counts credits by the month, gives back what was not used, and says when there are more', async () => {
    const store = memoryStore()
    const clock = jumpClock(Date.parse('2026-12-31T23:59:50Z'))
    const ledger = process(store, clock)
    const limits = { perSecond: 1000, concurrency: 1, perMonth: 10 }
    const first = gateOf(ledger, limits, 4)
    await first.take()
    await first.take()
    first.book(0)
    await first.close()
    expect((await process(store, clock).read())['nbp']).toMatchObject({ month: '2026-12', used: 1 })
    const second = gateOf(process(store, clock), limits, 50)
    for (let i = 0; i < 9; i++) await timeOf(second)
    expect(await second.take()).toEqual({ short: 'credits', againMs: Date.parse('2027-01-01T00:00Z') })
    clock.advance(10_000)
    expect(await second.take()).toHaveProperty('timeMs')
    expect((await ledger.read())['nbp']).toMatchObject({ month: '2027-01' })
  })

  it('holds everybody back while a provider asks for a pause, and voids slots reserved before', async () => {
    const store = memoryStore()
    const clock = jumpClock()
    const [ours, theirs] = [0, 1].map(() =>
      gateOf(process(store, clock), { perSecond: 10, burst: 3, concurrency: 1 }, 5),
    )
    const early = await timeOf(ours!)
    const untilMs = clock.now() + 60_000
    await ours!.pause(untilMs)
    expect(ours!.holds(early)).toBe(false)
    expect(await timeOf(ours!)).toBeGreaterThanOrEqual(untilMs)
    expect(await timeOf(theirs!)).toBeGreaterThanOrEqual(untilMs)
  })

  it('gives slots back to others when nobody stands behind them', async () => {
    const store = memoryStore()
    const clock = jumpClock()
    const gate = gateOf(process(store, clock), { perSecond: 1, concurrency: 1 }, 10)
    const first = await timeOf(gate)
    await gate.close()
    expect(await timeOf(gateOf(process(store, clock), { perSecond: 1, concurrency: 1 }, 1))).toBe(first + 1000)
  })

  it('takes no slot that comes too late, and says when there is one', async () => {
    const clock = jumpClock()
    const gate = gateOf(process(memoryStore(), clock), { perSecond: 1, concurrency: 1 }, 10, clock.now() + 1500)
    await gate.take()
    await gate.take()
    expect(await gate.take()).toEqual({ short: 'time', againMs: clock.now() + 2000 })
  })
})
