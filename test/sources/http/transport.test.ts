import { inspect } from 'node:util'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import type { HttpRequest } from '../../../src/sources/http/request.js'
import { Secret } from '../../../src/sources/http/secret.js'
import type { TransportOptions } from '../../../src/sources/http/transport.js'
import { type Answer, type Exchange, openTransport, type Transport } from '../../../src/sources/http/transport.js'
import { userAgent } from '../../../src/sources/http/user-agent.js'
import { fixture, serve, serveRaw, serveTls } from './loopback.js'

const OPTIONS: TransportOptions = {
  clock: fixedClock(1_790_000_000_000),
  userAgent: userAgent('ops@example.com'),
  timeouts: { connectMs: 2_000, headersMs: 5_000, wholeMs: 10_000 },
  maxBodyBytes: 100_000,
  allowHosts: ['127.0.0.1', 'localhost'],
  ca: fixture('authority'),
}
const KEY = 'k3y-of-a-provider'
const opened: Transport[] = []
afterEach(async () => {
  for (const transport of opened.splice(0)) await transport.close()
})

function transport(options: Partial<TransportOptions> = {}): Transport {
  const made = openTransport({ ...OPTIONS, ...options })
  opened.push(made)
  return made
}

function ask(url: string, rest: Partial<HttpRequest> = {}, options: Partial<TransportOptions> = {}): Promise<Exchange> {
  return transport(options).exchange({ url, headers: {}, ...rest }, 10_000)
}

async function answerOf(exchange: Promise<Exchange>): Promise<Answer> {
  const ended = await exchange
  if (ended.outcome === 'failure') throw new Error(`no answer: ${ended.why}`)
  return ended.answer
}

async function failureOf(exchange: Promise<Exchange>): Promise<string> {
  const ended = await exchange
  return ended.outcome === 'failure' ? `${ended.meaning}: ${ended.why}` : `an answer ${ended.answer.status}`
}

describe('an exchange', () => {
  it('brings status, headers, bytes and times, and says who asks', async () => {
    const server = await serve((_, response) => response.writeHead(404, { 'X-A': ['1', '2'], ETag: '"e"' }).end('none'))
    const answer = await answerOf(ask(`${server.url}/a?b=c`, { headers: { Accept: 'text/csv' } }))
    expect(answer).toMatchObject({ status: 404, end: 'whole', wireBytes: 4, receivedAtMs: 1_790_000_000_000 })
    expect(answer.headers).toMatchObject({ 'x-a': '1, 2', etag: '"e"' })
    expect(answer.body.toString()).toBe('none')
    expect(server.asked[0]).toMatchObject({
      url: '/a?b=c',
      headers: {
        accept: 'text/csv',
        'user-agent': expect.stringMatching(/^sluice\/\d+\.\d+\.\d+ \(ops@example\.com\)$/),
      },
    })
  })

  it('passes on what is not changed', async () => {
    const server = await serve((request, response) =>
      response.writeHead(request.headers['if-none-match'] === '"e"' ? 304 : 200).end(),
    )
    expect((await answerOf(ask(server.url, { validators: { etag: '"e"' } }))).status).toBe(304)
  })

  it('does not keep cookies', async () => {
    const server = await serve((_, response) => response.writeHead(200, { 'Set-Cookie': 'session=1' }).end('x'))
    expect((await answerOf(ask(server.url))).headers).not.toHaveProperty('set-cookie')
  })

  it('refuses a contact that could break a header', () => {
    for (const contact of ['a\r\nX: y', 'é', '', 'a)b', 'x'.repeat(201)]) {
      expect(() => userAgent(contact), contact).toThrow(/contact/)
    }
    expect(userAgent()).toMatch(/^sluice\/[\d.]+$/)
  })
})

describe('content encodings', () => {
  const body = Buffer.from('{"a":1}'.repeat(500))

  it.each([
    ['gzip', gzipSync(body)],
    ['br', brotliCompressSync(body)],
    ['deflate', deflateSync(body)],
    ['deflate', deflateRawSync(body)],
    ['x-gzip', gzipSync(body)],
    ['gzip, br', brotliCompressSync(gzipSync(body))],
    ['identity', body],
  ])('are undone: %s', async (encoding, bytes) => {
    const server = await serve((_, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(bytes))
    const answer = await answerOf(ask(server.url))
    expect(answer.body.equals(body)).toBe(true)
    expect(answer).toMatchObject({ wireBytes: bytes.length, end: 'whole' })
    expect(server.asked[0]?.headers['accept-encoding']).toBe('gzip, br, deflate')
  })

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(5_000_000))],
    ['deflate', deflateSync(Buffer.alloc(50_000_000))],
    ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(50_000_000)))],
  ])('that blow up are refused: %s', async (encoding, bytes) => {
    expect(bytes.length).toBeLessThan(100_000)
    const server = await serve((_, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(bytes))
    expect(await failureOf(ask(server.url))).toMatch(/^refused: the .* body holds more than 100000 bytes/)
  })

  it('that end in the middle leave what there is, as cut', async () => {
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(body)],
      ['br', brotliCompressSync(body)],
    ] as const) {
      const half = bytes.subarray(0, bytes.length - 8)
      const server = await serve((_, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(half))
      const answer = await answerOf(ask(server.url))
      expect(answer.end).toBe('cut')
      expect(body.subarray(0, answer.body.length).equals(answer.body)).toBe(true)
    }
  })

  it('that are not what they claim, or were not asked for, are a mismatch', async () => {
    for (const [encoding, why] of [
      ['gzip', /^mismatch: the body is not gzip/],
      ['zstd', /^mismatch: the body is encoded as zstd/],
    ] as const) {
      const server = await serve((_, response) =>
        response.writeHead(200, { 'Content-Encoding': encoding }).end('plain'),
      )
      expect(await failureOf(ask(server.url))).toMatch(why)
    }
  })

  it('of no bytes are no bytes', async () => {
    const server = await serve((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end())
    expect(await answerOf(ask(server.url))).toMatchObject({ end: 'whole', body: Buffer.alloc(0) })
  })
})

describe('a body', () => {
  it('of an announced size beyond the limit is not read', async () => {
    const server = await serveRaw(socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\nabc'))
    expect(await failureOf(ask(server.url))).toBe('refused: the body has 2147483648 bytes; 100000 are allowed')
  })

  it('that never ends is given up at the limit', async () => {
    const server = await serve((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(10_000, 'x')));
        response.once('drain', more)
      }
      more()
    })
    expect(await failureOf(ask(server.url))).toMatch(/^refused: the body has more than 100000 bytes/)
  })

  it.each([
    ['its announced length', 'Content-Length: 20\r\n\r\n{"a":[1,'],
    ['its last chunk', 'Transfer-Encoding: chunked\r\n\r\n8\r\n{"a":[1,\r\n'],
  ])('that ends before %s is cut, and kept as far as it came', async (_, rest) => {
    const server = await serveRaw(socket => socket.end(`HTTP/1.1 200 OK\r\n${rest}`))
    expect(await answerOf(ask(server.url))).toMatchObject({ end: 'cut', body: Buffer.from('{"a":[1,') })
  })

  it('that stops coming ends with the time of the whole', async () => {
    const server = await serve((_, response) => response.writeHead(200).write('{'))
    const slow = ask(server.url, {}, { timeouts: { ...OPTIONS.timeouts, wholeMs: 100 } })
    expect(await failureOf(slow)).toBe('unavailable: the answer was not complete in time')
  })
})

describe('what the network does', () => {
  it.each([
    ['a server that never answers', () => serve(() => undefined), /^unavailable: no answer began in time/],
    [
      'a connection that is closed at once',
      () => serveRaw(socket => socket.destroy()),
      /^unavailable: the connection was/,
    ],
    [
      'what is not HTTP',
      () => serveRaw(socket => socket.end('SSH-2.0-x\r\n\r\n')),
      /^mismatch: the answer is not HTTP/,
    ],
  ])('%s is a value', async (_, start, why) => {
    const server = await start()
    expect(await failureOf(ask(server.url, {}, { timeouts: { ...OPTIONS.timeouts, headersMs: 200 } }))).toMatch(why)
  })

  it('a port where nobody listens and a name that is none are values', async () => {
    expect(await failureOf(ask('http://127.0.0.1:1/'))).toBe('unavailable: no server listens there (ECONNREFUSED)')
    const lookup: TransportOptions['lookup'] = (_host, _options, callback) => callback(missing(), '', 4)
    expect(await failureOf(ask('http://none.example/', {}, { lookup }))).toBe(
      'unavailable: the name has no address (ENOTFOUND)',
    )
  })

  it('an address that is none, another scheme and a user are refused', async () => {
    expect(await failureOf(ask('no address'))).toBe('refused: the address is none')
    expect(await failureOf(ask('file:///etc/passwd'))).toBe('refused: file: is not http')
    expect(await failureOf(ask('http://a:b@127.0.0.1/'))).toBe('refused: the address names a user')
  })

  it('a header that would be two is refused', async () => {
    const headers = { Accept: 'a\r\nX-Injected: b' }
    expect(await failureOf(ask('http://127.0.0.1:1/', { headers }))).toBe(
      'refused: the request has a header that cannot be sent',
    )
  })

  it('stops at once when it is told to', async () => {
    const stop = new AbortController()
    const server = await serve(() => stop.abort())
    const exchange = transport().exchange({ url: server.url, headers: {} }, 10_000, stop.signal)
    expect((await exchange).outcome).toBe('failure')
    const late = transport().exchange({ url: server.url, headers: {} }, 10_000, stop.signal)
    expect((await late).outcome).toBe('failure')
  })
})

describe('certificates', () => {
  it('that are right are accepted', async () => {
    const server = await serveTls('valid', (_, response) => response.end('x'))
    expect((await answerOf(ask(server.url))).status).toBe(200)
  })

  it.each([
    ['has expired', 'expired', {}, 'refused: the certificate has expired (CERT_HAS_EXPIRED)'],
    [
      'is for another host',
      'other-host',
      {},
      'refused: the certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    [
      'comes from nobody we know',
      'valid',
      { ca: fixture('expired') },
      /^refused: the certificate comes from an authority/,
    ],
  ] as const)('of which one %s are named', async (_, name, options, why) => {
    const server = await serveTls(name, (_, response) => response.end('x'))
    expect(await failureOf(ask(server.url, {}, options))).toMatch(why)
    expect(server.asked).toEqual([])
  })

  it('are asked for where there is no TLS: that is named too', async () => {
    const server = await serve((_, response) => response.end('x'))
    expect(await failureOf(ask(server.url.replace('http:', 'https:')))).toMatch(/^refused: TLS failed/)
  })
})

describe('addresses that are not public', () => {
  const closed = { allowHosts: [] }

  it('are refused as literals of any form, and nothing is sent', async () => {
    const server = await serve((_, response) => response.end('x'))
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '0', '[::1]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]']) {
      const why = await failureOf(ask(`http://${host}:${server.port}/`, {}, closed))
      expect(why, host).toMatch(/^refused: .* is not on the public internet; the project does not allow this host$/)
    }
    expect(server.asked).toEqual([])
  })

  it('are refused behind a name, even where only one of its addresses is such', async () => {
    const server = await serve((_, response) => response.end('x'))
    expect(await failureOf(ask(`http://localhost:${server.port}/`, {}, closed))).toMatch(
      /^refused: localhost has the address/,
    )
    let lookups = 0
    const counting: TransportOptions['lookup'] = (...args) => {
      lookups++
      answering('1.1.1.1', '10.0.0.7')(...args)
    }
    const mixed = await failureOf(ask('http://a.example/', {}, { ...closed, lookup: counting }))
    expect(mixed).toMatch(/^refused: a\.example has the address 10\.0\.0\.7/)
    // The addresses that were looked at are those of the connection: there is no second lookup that could differ.
    expect(lookups).toBe(1)
  })

  it('are reached where the project allows the host, by name or with its port', async () => {
    const server = await serve((_, response) => response.end('x'))
    const at = `localhost:${server.port}`
    for (const allowed of ['localhost', at, at.toUpperCase()]) {
      expect((await answerOf(ask(`http://${at}/`, {}, { allowHosts: [allowed] }))).status, allowed).toBe(200)
    }
    expect(await failureOf(ask(`http://${at}/`, {}, { allowHosts: ['localhost:1'] }))).toMatch(/^refused/)
  })
})

describe('secrets', () => {
  const key = { secret: new Secret(KEY), in: { query: 'api_key' } } as const

  it('are sent, and are in nothing that comes back', async () => {
    const server = await serve((request, response) =>
      response.writeHead(200, { 'X-You-Sent': request.url ?? '' }).end(`{"url":"${request.url}"}`),
    )
    const exchange = await ask(`${server.url}/x?a=1`, { key })
    expect(server.asked[0]?.url).toBe(`/x?a=1&api_key=${KEY}`)
    expect(inspect(exchange, { depth: 9 })).not.toContain(KEY)
    expect(exchange.outcome === 'answer' && exchange.answer.body.toString()).toBe('{"url":"/x?a=1&api_key=***"}')
  })

  it('do not go over plain http to a host that the project does not name', async () => {
    expect(await failureOf(ask('http://api.example.com/', { key }, { allowHosts: [] }))).toBe(
      'refused: the key would go to api.example.com without encryption',
    )
  })
})

function missing(): Error {
  return Object.assign(new Error('getaddrinfo ENOTFOUND none.example'), { code: 'ENOTFOUND' })
}

function answering(...addresses: string[]): NonNullable<TransportOptions['lookup']> {
  const all = addresses.map(address => ({ address, family: 4 }))
  return (_host, options, callback) => (options.all ? callback(null, all) : callback(null, addresses[0]!, 4))
}
