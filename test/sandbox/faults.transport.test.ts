import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Wait } from '../../src/core/wait.js'
import { ask, fetched, firstBytes, NOW, simulator } from './asking.js'

const NBP = '/exchangerates/rates/A/USD/2026-11-16/2026-11-20'

describe('statuses', () => {
  it.each([
    [429, '1'],
    [503, '1'],
    [500, undefined],
    [403, undefined],
  ])('%d comes in place of the answer', async (status, after) => {
    const { urlOf } = await simulator({ faults: [{ kind: 'status', status }] })
    const answer = await fetched(`${urlOf('coingecko')}/ping`)
    expect([answer.status, answer.headers['retry-after']]).toEqual([status, after])
  })

  it('429 says what the provider says, and after how long to come again', async () => {
    const { urlOf } = await simulator({ faults: [{ kind: 'status', status: 429, retryAfterS: 60 }] })
    const answer = await fetched(`${urlOf('coingecko')}/coins/list`)
    expect(answer.headers['retry-after']).toBe('60')
    expect(JSON.parse(answer.text)).toMatchObject({ status: { error_code: 429 } })
  })
})

describe('time', () => {
  const remembering =
    (waits: number[]): Wait =>
    async ms => {
      waits.push(ms)
    }

  it('passes before a late answer, and in the middle of a slow one', async () => {
    const waits: number[] = []
    const faults = [{ kind: 'latency', ms: 250 } as const, { kind: 'slow', ms: 5000 } as const]
    const { urlOf } = await simulator({ faults, wait: remembering(waits) })
    const answer = await fetched(`${urlOf('nbp')}${NBP}`)
    expect(answer.text).toBe(ask('nbp', NBP).body)
    expect(waits).toEqual([250, ...Array.from({ length: 10 }, () => 500)])
  })

  it('is the simulator’s in the Date header, and another one when the clock is wrong', async () => {
    const { urlOf, setFaults } = await simulator()
    const date = async (): Promise<number> =>
      Date.parse(String((await fetched(`${urlOf('binance')}/time`)).headers.date))
    expect(await date()).toBe(NOW)
    setFaults([{ kind: 'clock-skew', ms: -7_200_000 }])
    expect(await date()).toBe(NOW - 7_200_000)
    expect(JSON.parse((await fetched(`${urlOf('binance')}/time`)).text)).toEqual({ serverTime: NOW - 7_200_000 })
  })
})

describe('bodies that do not end well', () => {
  it('a cut one ends before the length that was stated', async () => {
    const { urlOf } = await simulator({ faults: [{ kind: 'cut' }] })
    await expect(fetched(`${urlOf('nbp')}${NBP}`)).rejects.toThrow()
    const { headers, bytes } = await firstBytes(`${urlOf('nbp')}${NBP}`)
    const whole = ask('nbp', NBP).body
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(whole))
    expect(whole.startsWith(bytes.toString())).toBe(true)
  })

  it('an endless one streams without a length, as long as somebody reads', async () => {
    const { urlOf } = await simulator({ faults: [{ kind: 'huge' }] })
    const { headers, bytes } = await firstBytes(`${urlOf('nbp')}${NBP}`)
    expect([headers['content-length'], headers['transfer-encoding']]).toEqual([undefined, 'chunked'])
    expect(bytes.length).toBeGreaterThan(0)
  })

  it('a huge one has as many bytes as it was told', async () => {
    const { urlOf } = await simulator({ faults: [{ kind: 'huge', bytes: 5_000_000 }] })
    const { bytes } = await fetched(`${urlOf('nbp')}${NBP}`)
    expect(bytes.length).toBeGreaterThanOrEqual(5_000_000)
    expect(JSON.parse(bytes.toString())).toBeInstanceOf(Array)
  })

  it('a gzip bomb unpacks to a thousand times its size', async () => {
    const { urlOf } = await simulator({ faults: [{ kind: 'gzip-bomb', bytes: 64 * 2 ** 20 }] })
    const { headers, bytes } = await fetched(`${urlOf('nbp')}${NBP}`)
    expect(headers['content-encoding']).toBe('gzip')
    expect(bytes.length).toBeLessThan(100_000)
    expect(gunzipSync(bytes).length).toBe(64 * 2 ** 20)
  })

  it('a silent provider answers nothing until it is closed', async () => {
    const silent = await simulator({ faults: [{ kind: 'silent' }] })
    const asked = fetched(`${silent.urlOf('nbp')}${NBP}`)
    const outcome = asked.then(
      () => 'answered',
      () => 'broken off',
    )
    while (silent.requests.total === 0) await new Promise(resolve => setImmediate(resolve))
    await silent.close()
    expect(await outcome).toBe('broken off')
  })
})

describe('redirects', () => {
  it('to a private address', async () => {
    const { urlOf } = await simulator({ faults: [{ kind: 'redirect-private' }] })
    const { status, headers } = await fetched(`${urlOf('nbp')}${NBP}`)
    expect([status, headers.location]).toEqual([302, 'http://169.254.169.254/latest/meta-data/'])
  })

  it('in a circle', async () => {
    const { urlOf } = await simulator({ faults: [{ kind: 'redirect-loop' }] })
    const url = `${urlOf('nbp')}${NBP}`
    expect((await fetched(url)).headers.location).toBe(url)
  })
})
