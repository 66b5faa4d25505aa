import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/core/clock.js'
import { seededRandom } from '../../../src/core/random.js'
import { systemWait, type Wait } from '../../../src/core/wait.js'
import { openBreakers } from '../../../src/sources/http/breaker.js'
import {
  type AnswerRequest,
  type FetchPolicy,
  fetchAnswers,
  type Outcome,
} from '../../../src/sources/http/fetch-answers.js'
import { openQuotaLedger } from '../../../src/sources/http/quota-ledger.js'
import { Secret } from '../../../src/sources/http/secret.js'
import { openTransport, type Transport } from '../../../src/sources/http/transport.js'
import type { KeyUse, Limits, Provider } from '../../../src/sources/source.js'
import { countingStore } from '../../../src/storage/counting-store.js'
import { memoryStore } from '../../../src/storage/memory-store.js'
import type { ObjectStore } from '../../../src/storage/object-store.js'
import { jumpClock } from './jump-clock.js'
import { type Loopback, serve } from './loopback.js'

interface Asked extends AnswerRequest {
  readonly id: string
}

const opened: Transport[] = []
afterEach(async () => {
  for (const transport of opened.splice(0)) await transport.close()
})

function provider(name: string, server: Loopback, limits: Partial<Limits> = {}, key?: KeyUse): Provider {
  return {
    name,
    url: server.url,
    terms: { licence: 'none', url: server.url, redistribution: 'ask' },
    limits: { perSecond: 1e6, concurrency: 4, ...limits },
    answers: [],
    sources: {},
    ...(key && { key }),
  }
}

function ask(from: Provider, count: number, key?: string): Asked[] {
  const use = key === undefined ? {} : { key: { secret: new Secret(key), in: { query: 'apikey' } } }
  return Array.from({ length: count }, (_, i) => ({
    id: `${from.name}-${i}`,
    provider: from,
    expects: { kind: 'json' },
    request: { url: `${from.url}/${i}`, headers: {}, ...use },
  }))
}

interface Time {
  readonly clock: Clock
  readonly wait: Wait
}

interface Setting {
  readonly time?: Time
  readonly store?: ObjectStore
  readonly policy?: Partial<FetchPolicy<Asked>>
}

function fetching(
  requests: Asked[],
  { time, store = memoryStore(), policy }: Setting = {},
): AsyncGenerator<Outcome<Asked>> {
  const { clock, wait } = time ?? { clock: systemClock, wait: systemWait }
  const transport = openTransport({
    clock,
    userAgent: 'sluice',
    timeouts: { connectMs: 2_000, headersMs: 20_000, wholeMs: 20_000 },
    maxBodyBytes: 1_000_000,
    allowHosts: ['127.0.0.1'],
  })
  opened.push(transport)
  const shared = { store, wait: systemWait, random: seededRandom(7) }
  return fetchAnswers(
    requests,
    {
      endsAtMs: clock.now() + 30_000,
      retry: { attempts: 3, baseMs: 10, capMs: 20 },
      breaker: { failures: 5, coolDownMs: 60_000, longestMs: 600_000, probeMs: 30_000 },
      ...policy,
    },
    {
      clock,
      wait,
      random: seededRandom(7),
      transport,
      quota: openQuotaLedger({ ...shared, clock }),
      breakers: openBreakers(shared),
    },
  )
}

async function all(outcomes: AsyncGenerator<Outcome<Asked>>): Promise<Map<string, Outcome<Asked>>> {
  const found = new Map<string, Outcome<Asked>>()
  for await (const outcome of outcomes) {
    expect(found.has(outcome.asked.id)).toBe(false)
    found.set(outcome.asked.id, outcome)
  }
  return found
}

function jumping(): Time & { waits: number[]; advance(ms: number): void } {
  const clock = jumpClock()
  return { clock, wait: clock.wait, waits: clock.waits, advance: clock.advance }
}

const meanings = (outcomes: Map<string, Outcome<Asked>>): string[] =>
  [...outcomes.values()].map(({ meaning }) => meaning)
const records = (response: ServerResponse): unknown => response.end('[{"a":1}]')

describe('fetchAnswers', () => {
  it('has one outcome for each request, with the answer', async () => {
    const server = await serve((request, response) => response.end(`[{"url":"${request.url}"}]`))
    const outcomes = await all(fetching([...ask(provider('a', server), 30), ...ask(provider('b', server), 30)]))
    expect(outcomes.size).toBe(60)
    expect(outcomes.get('b-7')).toMatchObject({ meaning: 'data', attempts: [{ meaning: 'data' }] })
    expect(outcomes.get('b-7')?.answer?.body.toString()).toBe('[{"url":"/7"}]')
  })

  it('of nothing has no outcomes', async () => {
    expect(await all(fetching([]))).toEqual(new Map())
  })

  it('waits as long as a provider asks, then asks again, and keeps both answers', async () => {
    const time = jumping()
    let asked = 0
    const server = await serve((_, response) =>
      asked++ === 0 ? response.writeHead(429, { 'Retry-After': '60' }).end('{"error":"slow"}') : records(response),
    )
    const policy = { endsAtMs: time.clock.now() + 600_000 }
    const outcome = (await all(fetching(ask(provider('a', server), 1), { time, policy }))).get('a-0')
    expect(outcome).toMatchObject({ meaning: 'data', attempts: [{ meaning: 'rate_limited' }, { meaning: 'data' }] })
    expect(outcome?.attempts.map(({ answer }) => answer?.status)).toEqual([429, 200])
    const [first, second] = outcome!.attempts
    expect(second!.requestedAtMs - first!.receivedAtMs).toBeGreaterThanOrEqual(60_000)
  })

  it('holds back all other requests to a provider that asks for a pause', async () => {
    const time = jumping()
    const server = await serve((request, response) =>
      request.url === '/0' && time.waits.length === 0
        ? response.writeHead(429, { 'Retry-After': '60' }).end()
        : records(response),
    )
    const policy = { endsAtMs: time.clock.now() + 6_000_000 }
    const startMs = time.clock.now()
    const outcomes = await all(fetching(ask(provider('a', server, { concurrency: 1 }), 5), { time, policy }))
    expect(meanings(outcomes)).toEqual(Array(5).fill('data'))
    for (let i = 1; i < 5; i++) {
      expect(outcomes.get(`a-${i}`)!.attempts[0]!.requestedAtMs - startMs).toBeGreaterThanOrEqual(60_000)
    }
  })

  it('does not wait for a time that the run will not see, and says when it would be', async () => {
    const time = jumping()
    const server = await serve((_, response) => response.writeHead(429, { 'Retry-After': '86400' }).end())
    const nowMs = time.clock.now()
    const outcomes = await all(fetching(ask(provider('a', server, { concurrency: 1 }), 3), { time }))
    expect(time.waits).toEqual([])
    expect(server.asked).toHaveLength(1)
    expect(meanings(outcomes)).toEqual(['not_finished', 'not_finished', 'not_finished'])
    expect(outcomes.get('a-0')).toMatchObject({ againMs: nowMs + 86_400_000, attempts: [{ meaning: 'rate_limited' }] })
    expect(outcomes.get('a-2')).toMatchObject({ againMs: nowMs + 86_400_000, attempts: [] })
  })

  it('believes no provider that it must not be asked for years', async () => {
    const [time, store] = [jumping(), memoryStore()]
    let asked = 0
    const server = await serve((_, response) =>
      asked++ === 0 ? response.writeHead(429, { 'Retry-After': '999999999' }).end() : records(response),
    )
    expect(meanings(await all(fetching(ask(provider('a', server), 1), { time, store })))).toEqual(['not_finished'])
    expect(meanings(await all(fetching(ask(provider('a', server), 1), { time, store })))).toEqual(['not_finished'])
    time.advance(86_400_000)
    expect(meanings(await all(fetching(ask(provider('a', server), 1), { time, store })))).toEqual(['data'])
  })

  it.each([
    [500, '', 'unavailable', 3],
    [200, '[1,', 'truncated', 3],
    [200, '<html></html>', 'blocked', 2],
    [404, 'none', 'error', 1],
    [401, 'no', 'refused', 1],
    [200, '[]', 'empty', 1],
  ])('with status %i and body `%s` ends as %s after %i attempts', async (status, body, meaning, attempts) => {
    const server = await serve((_, response) => response.writeHead(status).end(body))
    const outcome = (await all(fetching(ask(provider('a', server), 1), { time: jumping() }))).get('a-0')
    expect(outcome).toMatchObject({ meaning, why: expect.any(String) })
    expect(outcome?.attempts).toHaveLength(attempts)
    expect(server.asked).toHaveLength(attempts)
  })

  it('never has more requests under way than a provider allows', async () => {
    let [under, most] = [0, 0]
    const waiting: ServerResponse[] = []
    const server = await serve((_, response) => {
      most = Math.max(most, ++under)
      waiting.push(response)
      // Answers only when as many are there as may be, or as remain.
      if (waiting.length === 3 || server.asked.length > 18) {
        for (const held of waiting.splice(0)) {
          under--
          records(held)
        }
      }
    })
    const outcomes = await all(fetching(ask(provider('a', server, { concurrency: 3 }), 20)))
    expect(meanings(outcomes)).toEqual(Array(20).fill('data'))
    expect(most).toBe(3)
  })

  it('keeps the rate of a provider', async () => {
    const time = jumping()
    const server = await serve((_, response) => records(response))
    const outcomes = await all(fetching(ask(provider('a', server, { perSecond: 2, concurrency: 1 }), 9), { time }))
    const times = [...outcomes.values()].map(({ attempts }) => attempts[0]!.requestedAtMs)
    expect(times.slice(1).map((ms, i) => ms - times[i]!)).toEqual(Array(8).fill(500))
  })

  it('fetches the next page as soon as an answer names it', async () => {
    const server = await serve((_, response) => records(response))
    const from = provider('a', server)
    const follow = ({ asked }: Outcome<Asked>): Asked | undefined =>
      asked.id.endsWith('+++') ? undefined : { ...asked, id: `${asked.id}+` }
    const outcomes = await all(fetching(ask(from, 2), { policy: { follow } }))
    expect([...outcomes.keys()].toSorted()).toEqual(
      ['0', '0+', '0++', '0+++', '1', '1+', '1++', '1+++'].map(id => `a-${id}`),
    )
  })

  it('writes its limits a few times for a thousand requests', async () => {
    const server = await serve((_, response) => records(response))
    const { store, counts } = countingStore(memoryStore())
    const outcomes = await all(fetching(ask(provider('a', server, { concurrency: 16 }), 1000), { store }))
    expect(outcomes.size).toBe(1000)
    expect(counts().requests.create).toBeLessThan(25)
  })
})

describe('a provider in trouble', () => {
  it('that does not answer delays nobody else', async () => {
    const held: ServerResponse[] = []
    const slow = await serve((_, response) => held.push(response))
    const quick = await serve((_, response) => records(response))
    const outcomes = fetching([...ask(provider('slow', slow), 3), ...ask(provider('quick', quick), 200)])
    const order: string[] = []
    for await (const { asked } of outcomes) {
      order.push(asked.provider.name)
      // The slow one answers only after all others have been handed out.
      if (order.length === 200) for (const response of held) records(response)
    }
    expect(order).toEqual([...Array(200).fill('quick'), ...Array(3).fill('slow')])
  })

  it('ends with the time of the run; what it did not answer is not finished', async () => {
    const dead = await serve(() => undefined)
    const quick = await serve((_, response) => records(response))
    // The time of the run is up when the quick one has answered all, however slow this machine is.
    let answered = 0
    const clock: Clock = { ...systemClock, now: () => (answered === 20 ? 1_000_500 : 1_000_000) }
    const requests = [...ask(provider('dead', dead, { concurrency: 2 }), 50), ...ask(provider('quick', quick), 20)]
    const found: string[] = []
    for await (const { asked, meaning } of fetching(requests, {
      time: { clock, wait: systemWait },
      policy: {
        endsAtMs: 1_000_500,
        retry: { attempts: 100, baseMs: 10, capMs: 20 },
        breaker: { failures: 1000, coolDownMs: 1, longestMs: 1, probeMs: 1 },
      },
    })) {
      found.push(`${asked.provider.name}: ${meaning}`)
      if (meaning === 'data') answered++
    }
    expect(found).toEqual([...Array(20).fill('quick: data'), ...Array(50).fill('dead: not_finished')])
    expect(dead.asked.length).toBeLessThan(50)
  })

  it('is left alone after some failures, by the next run too, until one probe finds it back', async () => {
    const time = jumping()
    const store = memoryStore()
    let up = false
    const server = await serve((_, response) => (up ? records(response) : response.writeHead(503).end()))
    const from = provider('a', server)
    const first = await all(fetching(ask(from, 100), { store, time }))
    expect(meanings(first)).toEqual(Array(100).fill('unavailable'))
    expect(server.asked.length).toBeLessThan(12)
    expect(first.get('a-99')).toMatchObject({
      attempts: [],
      why: expect.stringMatching(/^the breaker is open until .*HTTP 503$/),
    })

    const before = server.asked.length
    expect(meanings(await all(fetching(ask(from, 100), { store, time })))).toEqual(Array(100).fill('unavailable'))
    expect(server.asked).toHaveLength(before)

    time.advance(60_000)
    expect(meanings(await all(fetching(ask(from, 100), { store, time })))).toEqual(Array(100).fill('unavailable'))
    // The one probe and no other: its failure speaks for all.
    expect(server.asked).toHaveLength(before + 1)

    up = true
    time.advance(120_000)
    expect(meanings(await all(fetching(ask(from, 100), { store, time })))).toEqual(Array(100).fill('data'))
  })
})

describe('credits', () => {
  it('are counted by what answers cost, and end with the month', async () => {
    const time = jumping()
    const store = memoryStore()
    const server = await serve((request, response) =>
      request.url === '/0' ? response.writeHead(404).end() : records(response),
    )
    const limits: Partial<Limits> = { perMonth: 3, concurrency: 1, creditsOf: status => (status === 200 ? 1 : 0) }
    const outcomes = await all(fetching(ask(provider('a', server, limits), 6), { time, store }))
    expect(meanings(outcomes)).toEqual(['error', 'data', 'data', 'data', 'rate_limited', 'rate_limited'])
    expect(outcomes.get('a-5')).toMatchObject({
      why: 'the 3 credits of this month are spent',
      againMs: Date.parse('2026-12-01T00:00Z'),
    })
    expect(server.asked).toHaveLength(4)
  })
})

describe('keys', () => {
  const KEY = 'k3y-of-a-provider'
  const use: KeyUse = { setting: 'A_KEY', in: { query: 'apikey' }, required: true }

  it('that are due and missing refuse the request before anything is sent', async () => {
    const server = await serve((_, response) => records(response))
    const outcome = (await all(fetching(ask(provider('a', server, {}, use), 1)))).get('a-0')
    expect(outcome).toMatchObject({ meaning: 'refused', why: 'there is no key: set A_KEY or A_KEY_FILE', attempts: [] })
    expect(server.asked).toEqual([])
  })

  it('are in no outcome and in nothing that is stored, whatever the provider does with them', async () => {
    const store = memoryStore()
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/0')) response.writeHead(400).end(`unknown key ${KEY}`)
      else if (request.url?.startsWith('/1')) response.writeHead(302, { Location: `${request.url}&again=1` }).end()
      else if (request.url?.startsWith('/2'))
        response.writeHead(302, { Location: `http://other.example/?${KEY}` }).end()
      else response.writeHead(503, { 'X-Key': KEY }).end(`{"error":"${KEY}"}`)
    })
    const outcomes = await all(fetching(ask(provider('a', server, {}, use), 8, KEY), { store, time: jumping() }))
    expect(server.asked[0]?.url).toContain(KEY)
    expect(inspect(outcomes, { depth: 20, maxStringLength: null })).not.toContain(KEY)
    expect(JSON.stringify([...outcomes])).not.toContain(KEY)
    const bodies = [...outcomes.values()].flatMap(({ attempts }) => attempts.map(({ answer }) => String(answer?.body)))
    expect(bodies.join()).not.toContain(KEY)
    let stored = ''
    for await (const { key } of store.list('')) stored += `${key}${await store.get(key)}`
    expect(stored).toContain('transport_breakers')
    expect(stored).not.toContain(KEY)
  })

  it('have limits of their own', async () => {
    const server = await serve((_, response) => records(response))
    const from = provider('a', server, { perMonth: 2 })
    const other = ask(from, 2, 'another-key').map(asked => ({ ...asked, id: `${asked.id}-other` }))
    const outcomes = await all(fetching([...ask(from, 2, KEY), ...other]))
    expect(meanings(outcomes)).toEqual(Array(4).fill('data'))
  })
})

describe('stopping', () => {
  it('by the consumer ends all requests', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/0') records(response)
    })
    for await (const { asked } of fetching(ask(provider('a', server, { concurrency: 3 }), 50))) {
      expect(asked.id).toBe('a-0')
      break
    }
    expect(server.asked.length).toBeLessThanOrEqual(4)
  })

  it('by a signal leaves the rest not finished', async () => {
    const stop = new AbortController()
    const server = await serve((request, response) => (request.url === '/3' ? stop.abort() : records(response)))
    const policy = { signal: stop.signal }
    const outcomes = await all(fetching(ask(provider('a', server, { concurrency: 1 }), 9), { policy }))
    expect(meanings(outcomes)).toEqual([...Array(3).fill('data'), ...Array(6).fill('not_finished')])
  })

  it('happens when the lake cannot keep the limits: that is an error', async () => {
    const server = await serve((_, response) => records(response))
    const broken: ObjectStore = {
      ...memoryStore(),
      create: async () => {
        throw new Error('the disk is gone')
      },
    }
    await expect(all(fetching(ask(provider('a', server), 9), { store: broken }))).rejects.toThrow('the disk is gone')
  })
})
