import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher, request as send } from 'undici'
import type { Clock } from '../../core/clock.js'
import { withinTime } from '../../core/wait.js'
import type { Judgement } from '../answers/meaning.js'
import { guardedConnector, isAllowedHost } from './connector.js'
import { ACCEPT_ENCODING, decodeBody } from './decode-body.js'
import { judgeFailure } from './network-failure.js'
import { readBody } from './read-body.js'
import { type Hop, isRedirect, nextHop } from './redirect.js'
import { Refusal } from './refusal.js'
import { type HttpRequest, keyHeader, wireRequest } from './request.js'
import { type Scrubber, scrubberOf } from './secret.js'

/** Asks providers over HTTP, one request at a time as told: no limits of rate, no retries. */
export interface Transport {
  /** Asks once, within `withinMs` at most. Never throws for what the network or the provider does. */
  exchange(request: HttpRequest, withinMs: number, signal?: AbortSignal): Promise<Exchange>
  /** Closes all connections, also those in use. */
  close(): Promise<void>
}

export interface TransportOptions {
  readonly clock: Clock
  /** See `userAgent`. */
  readonly userAgent: string
  readonly timeouts: Timeouts
  /** For a body as it comes, and again for it decoded. */
  readonly maxBodyBytes: number
  /** An answer is its status and headers: what follows is not waited for, and its body is empty. */
  readonly dropsBodies?: true
  /** `host` or `host:port`: may be reached although their address is not public, and over plain http with a key. */
  readonly allowHosts: readonly string[]
  /** PEM of authorities to trust beside the well-known ones. */
  readonly ca?: string
  readonly lookup?: LookupFunction
}

export interface Timeouts {
  readonly connectMs: number
  /** From the request to the first line of its answer, per hop. */
  readonly headersMs: number
  /** From the start to the last byte, all hops. */
  readonly wholeMs: number
}

/** An answer, whatever it means, or the reason why there is none. */
export type Exchange =
  | { readonly outcome: 'answer'; readonly answer: Answer }
  | ({ readonly outcome: 'failure'; readonly requestedAtMs: number; readonly receivedAtMs: number } & Judgement)

/** What came. Holds no key: where the provider echoed it, `***` stands. */
export interface Answer {
  readonly status: number
  /** Names in lower case; several of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** After content encodings were undone. */
  readonly body: Buffer
  /** `cut`: the connection or the encoding ended before the body did. */
  readonly end: 'whole' | 'cut'
  /** Bytes of the body as they came over the wire. */
  readonly wireBytes: number
  readonly requestedAtMs: number
  readonly receivedAtMs: number
}

/** Opens a transport with connections of its own. */
export function openTransport(options: TransportOptions): Transport {
  const { clock, timeouts } = options
  const agent = new Agent({
    connect: guardedConnector({ ...options, connectTimeoutMs: timeouts.connectMs }),
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.wholeMs,
  })
  return {
    async exchange(request, withinMs, signal) {
      const requestedAtMs = clock.now()
      const scrub = scrubberOf(request.key?.secret)
      const limitMs = Math.min(withinMs, timeouts.wholeMs)
      let timeUp = false
      try {
        const answer = await withinTime(limitMs, signal, async inner => {
          inner.addEventListener('abort', () => (timeUp = signal?.aborted !== true), { once: true })
          const response = await follow(request, { options, agent, signal: inner })
          return options.dropsBodies === true
            ? dropBody(response, scrub)
            : readAnswer(response, options.maxBodyBytes, scrub)
        })
        return { outcome: 'answer', answer: { ...answer, requestedAtMs, receivedAtMs: clock.now() } }
      } catch (thrown) {
        const { meaning, why } = judgeFailure(thrown, timeUp)
        return { outcome: 'failure', meaning, why: scrub.text(why), requestedAtMs, receivedAtMs: clock.now() }
      }
    },
    close: () => agent.destroy(),
  }
}

interface Way {
  readonly options: TransportOptions
  readonly agent: Agent
  readonly signal: AbortSignal
}

/** The first response that is no redirect. Every hop opens its socket through the guard. */
async function follow(request: HttpRequest, { options, agent, signal }: Way): Promise<Dispatcher.ResponseData> {
  const hops: Hop[] = [firstHop(request, options)]
  const key = { header: keyHeader(request), value: request.key?.secret.reveal() }
  const { post } = request
  const message = post === undefined ? { method: 'GET' as const } : { method: 'POST' as const, body: post.body }
  for (;;) {
    const { url, headers } = hops.at(-1)!
    const response = await send(url, { ...message, headers, dispatcher: agent, signal })
    const location = [response.headers['location']].flat()[0]
    if (post !== undefined || !isRedirect(response.statusCode, location)) return response
    await response.body.dump({ limit: 16_384, signal })
    hops.push(nextHop(hops, location, key))
  }
}

function firstHop(request: HttpRequest, { allowHosts, userAgent }: TransportOptions): Hop {
  const { url: text, headers } = wireRequest(request)
  if (!URL.canParse(text)) throw new Refusal('the address is none')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Refusal(`${url.protocol} is not http`)
  if (url.username !== '' || url.password !== '') throw new Refusal('the address names a user')
  const allowed = isAllowedHost(allowHosts, url.hostname.replace(/^\[|\]$/g, ''), url)
  if (request.key !== undefined && url.protocol === 'http:' && !allowed) {
    throw new Refusal(`the key would go to ${url.host} without encryption`)
  }
  const sent = request.post === undefined ? {} : { 'content-type': request.post.contentType }
  return { url, headers: { 'accept-encoding': ACCEPT_ENCODING, ...headers, ...sent, 'user-agent': userAgent } }
}

async function readAnswer(
  response: Dispatcher.ResponseData,
  maxBytes: number,
  scrub: Scrubber,
): Promise<Omit<Answer, 'requestedAtMs' | 'receivedAtMs'>> {
  const headers = plainHeaders(response.headers, scrub)
  const wire = await readBody(response.body, Number(headers['content-length'] ?? 0), maxBytes)
  const decoded = await decodeBody(wire.bytes, headers['content-encoding'] ?? '', maxBytes)
  const end = wire.end === 'cut' ? 'cut' : decoded.end
  return { status: response.statusCode, headers, body: scrub.bytes(decoded.body), end, wireBytes: wire.bytes.length }
}

/** Ends the connection: a body may be of any length, and may never end. */
function dropBody(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  scrub: Scrubber,
): Omit<Answer, 'requestedAtMs' | 'receivedAtMs'> {
  body.on('error', () => undefined).destroy()
  return { status, headers: plainHeaders(headers, scrub), body: Buffer.alloc(0), end: 'whole', wireBytes: 0 }
}

/** Cookies are keys of a kind: they are not kept. */
function plainHeaders(raw: Dispatcher.ResponseData['headers'], scrub: Scrubber): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined && name !== 'set-cookie') plain[name] = scrub.text([value].flat().join(', '))
  }
  return plain
}
