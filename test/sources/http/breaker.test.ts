import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/core/random.js'
import { systemWait } from '../../../src/core/wait.js'
import { type Admitted, type Breaker, openBreaker, openBreakers } from '../../../src/sources/http/breaker.js'
import { countingStore } from '../../../src/storage/counting-store.js'
import { memoryStore } from '../../../src/storage/memory-store.js'
import type { ObjectStore } from '../../../src/storage/object-store.js'
import { type JumpClock, jumpClock } from './jump-clock.js'

const policy = { failures: 3, coolDownMs: 60_000, longestMs: 200_000, probeMs: 30_000 }

function breaker(store: ObjectStore, clock: JumpClock, bucket = 'nbp'): Breaker {
  return openBreaker({
    bucket,
    clock,
    policy,
    book: openBreakers({ store, wait: systemWait, random: seededRandom(1) }),
  })
}

async function admitted(one: Breaker): Promise<Admitted> {
  const admission = await one.admit()
  if (!admission.admitted) throw new Error(admission.why)
  return admission
}

async function fail(one: Breaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await one.settle(await admitted(one), 'failed', 'HTTP 503')
}

describe('a transport breaker', () => {
  it('opens after so many failures in a row, for every process of the lake and that provider alone', async () => {
    const [store, clock] = [memoryStore(), jumpClock()]
    const one = breaker(store, clock)
    await fail(one, 2)
    await one.settle(await admitted(one), 'reached', '')
    await fail(one, 2)
    await one.settle(await admitted(one), 'unknown', '')
    expect((await one.admit()).admitted).toBe(true)
    await fail(one, 1)
    const closed = {
      admitted: false,
      untilMs: clock.now() + 60_000,
      why: expect.stringMatching(/until 2026-.*: HTTP 503$/),
    }
    expect(await one.admit()).toEqual(closed)
    expect(await breaker(store, clock).admit()).toEqual(closed)
    expect((await breaker(store, clock, 'ecb').admit()).admitted).toBe(true)
  })

  it('writes nothing while all is well', async () => {
    const { store, counts } = countingStore(memoryStore())
    const one = breaker(store, jumpClock())
    for (let i = 0; i < 50; i++) await one.settle(await admitted(one), 'reached', '')
    await fail(one, 2)
    expect(counts().requests.create).toBe(0)
  })

  it('lets one probe through after its time, while all others wait for what it finds', async () => {
    const [store, clock] = [memoryStore(), jumpClock()]
    const one = breaker(store, clock)
    await fail(one, 3)
    clock.advance(60_000)
    const probe = await admitted(one)
    expect(probe.as).toBe('probe')
    const others = [one.admit(), one.admit()]
    expect(await breaker(store, clock).admit()).toMatchObject({ admitted: false })
    await one.settle(probe, 'reached', '')
    expect(await Promise.all(others)).toEqual([
      { admitted: true, as: 'request' },
      { admitted: true, as: 'request' },
    ])
    expect(await breaker(store, clock).admit()).toEqual({ admitted: true, as: 'request' })
  })

  it('stays open twice as long each time that the probe fails, within bounds, and begins anew after it closed', async () => {
    const [store, clock] = [memoryStore(), jumpClock()]
    const one = breaker(store, clock)
    await fail(one, 3)
    for (const lengthMs of [60_000, 120_000, 200_000, 200_000]) {
      expect(await one.admit()).toMatchObject({ admitted: false, untilMs: clock.now() + lengthMs })
      clock.advance(lengthMs)
      await fail(one)
    }
    clock.advance(200_000)
    await one.settle(await admitted(one), 'reached', '')
    await fail(one, 3)
    expect(await one.admit()).toMatchObject({ untilMs: clock.now() + 60_000 })
  })

  it('probes again when a probe says nothing, or is never heard of', async () => {
    const [store, clock] = [memoryStore(), jumpClock()]
    const one = breaker(store, clock)
    await fail(one, 3)
    clock.advance(60_000)
    await one.settle(await admitted(one), 'unknown', '')
    expect((await admitted(one)).as).toBe('probe')
    const other = breaker(store, clock)
    expect((await other.admit()).admitted).toBe(false)
    clock.advance(30_000)
    expect((await admitted(breaker(store, clock))).as).toBe('probe')
  })

  it('is not opened again by requests that were under way before', async () => {
    const [store, clock] = [memoryStore(), jumpClock()]
    const one = breaker(store, clock)
    const late = [await admitted(one), await admitted(one), await admitted(one)]
    await fail(one, 3)
    clock.advance(1_000)
    for (const admission of late) await one.settle(admission, 'failed', 'late')
    expect(await one.admit()).toMatchObject({ untilMs: clock.now() + 59_000, why: expect.stringContaining('503') })
  })
})
