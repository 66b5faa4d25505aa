import { afterEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../src/core/clock.js'
import type { HttpRequest } from '../../../src/sources/http/request.js'
import { Secret } from '../../../src/sources/http/secret.js'
import { type Exchange, openTransport, type Transport } from '../../../src/sources/http/transport.js'
import { fixture, type Loopback, serve, serveTls } from './loopback.js'

const KEY = 'k3y-of-a-provider'
const opened: Transport[] = []
afterEach(async () => {
  for (const transport of opened.splice(0)) await transport.close()
})

function ask(url: string, key?: NonNullable<HttpRequest['key']>['in'], allowHosts?: string[]): Promise<Exchange> {
  const transport = openTransport({
    clock: fixedClock(0),
    userAgent: 'sluice',
    timeouts: { connectMs: 2_000, headersMs: 5_000, wholeMs: 10_000 },
    maxBodyBytes: 1000,
    allowHosts: allowHosts ?? ['127.0.0.1', 'localhost'],
    ca: fixture('authority'),
  })
  opened.push(transport)
  const request = { url, headers: {} }
  return transport.exchange(key ? { ...request, key: { secret: new Secret(KEY), in: key } } : request, 10_000)
}

/** A server that sends everyone on, to what `to` says. */
function redirecting(to: (url: string) => string | undefined, status = 302): Promise<Loopback> {
  return serve((request, response) => {
    const location = to(request.url ?? '')
    if (location === undefined) response.end('there')
    else response.writeHead(status, { Location: location }).end('moved')
  })
}

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('of status %i are followed', async status => {
    const server = await redirecting(url => (url === '/a' ? '/b' : undefined), status)
    expect(await ask(`${server.url}/a`)).toMatchObject({ outcome: 'answer', answer: { body: Buffer.from('there') } })
  })

  it('are followed five times and no more', async () => {
    const step = (last: number) => (url: string) => (url === `/${last}` ? undefined : `/${Number(url.slice(1)) + 1}`)
    expect((await ask(`${(await redirecting(step(5))).url}/0`)).outcome).toBe('answer')
    expect(await ask(`${(await redirecting(step(6))).url}/0`)).toMatchObject({
      meaning: 'refused',
      why: expect.stringMatching(/^more than 5 redirects, the last to .*\/6$/),
    })
  })

  it('in a circle are named as a loop, without their queries', async () => {
    const server = await redirecting(url => (url.startsWith('/a') ? '/b' : '/a?x=1'))
    const { url } = server
    expect(await ask(`${url}/a?x=1`)).toMatchObject({
      meaning: 'refused',
      why: `a redirect loop: ${url}/a?*** → ${url}/b → ${url}/a?***`,
    })
    expect(server.asked).toHaveLength(2)
  })

  it.each([
    ['to a private address', () => 'http://10.0.0.1/', /^10\.0\.0\.1 is not on the public internet/],
    ['to metadata of a cloud', () => 'http://169.254.169.254/latest/meta-data', /^169\.254\.169\.254 is not/],
    ['to the own machine by name', (port: number) => `http://localhost:${port}/`, /^localhost has the address/],
    ['to a file', () => 'file:///etc/passwd', /^a redirect leads to file:$/],
    ['to what is no address', () => 'http://[', /no address$/],
    ['with a user', () => 'http://a:b@127.0.0.1/', /names a user$/],
  ])('%s are refused', async (_, to, why) => {
    const server = await redirecting(url => (url === '/a' ? to(server.port) : undefined))
    const ended = await ask(`${server.url}/a`, undefined, [`127.0.0.1:${server.port}`])
    expect(ended).toMatchObject({ meaning: 'refused', why: expect.stringMatching(why) })
    expect(server.asked).toHaveLength(1)
  })

  it('from https to http are refused', async () => {
    const plain = await serve((_, response) => response.end('x'))
    const server = await serveTls('valid', (_, response) => response.writeHead(302, { Location: plain.url }).end())
    expect(await ask(server.url)).toMatchObject({
      meaning: 'refused',
      why: expect.stringContaining('from https to http'),
    })
    expect(plain.asked).toEqual([])
  })

  it.each([
    ['bearer token', { bearer: true }, 'authorization'],
    ['header', { header: 'X-Key' }, 'x-key'],
  ] as const)('keep a %s on the own origin and drop it on another', async (_, place, header) => {
    const other = await serve((_, response) => response.end('x'))
    const server = await redirecting(url => (url === '/a' ? '/b' : other.url))
    expect((await ask(`${server.url}/a`, place)).outcome).toBe('answer')
    expect(server.asked.map(({ headers }) => String(headers[header]).includes(KEY))).toEqual([true, true])
    expect(other.asked.map(({ headers }) => headers[header])).toEqual([undefined])
  })

  it('that would give the key of a query to another origin are refused, without telling it', async () => {
    const other = await serve((_, response) => response.end('x'))
    const server = await redirecting(url => `${other.url}${url}`)
    const ended = await ask(`${server.url}/a`, { query: 'apikey' })
    expect(ended).toMatchObject({ meaning: 'refused', why: `a redirect would give the key to 127.0.0.1:${other.port}` })
    expect(other.asked).toEqual([])
  })

  it('without a place are answers', async () => {
    const server = await serve((_, response) => response.writeHead(302).end('x'))
    expect(await ask(server.url)).toMatchObject({ outcome: 'answer', answer: { status: 302 } })
  })
})
