import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, systemClock } from '../core/clock.js'
import { SluiceError } from '../core/errors.js'
import { systemWait, type Wait } from '../core/wait.js'
import type { Answer } from './answer.js'
import { composeAnswer } from './compose-answer.js'
import type { Fault, FaultKind } from './fault.js'
import { planFaults } from './fault-plan.js'
import { openMarket } from './market.js'
import { PROVIDER_NAMES, PROVIDERS, type ProviderName } from './providers/all.js'
import { sendAnswer } from './send-answer.js'

export interface SimulatorOptions {
  /** Answers are a function of it, the request and the clock. Default: 1. */
  readonly seed?: number
  /** What time it is for the providers. Default: the time that it is. */
  readonly clock?: Clock
  /** How latency and slow bodies pass. Default: as long as they say. */
  readonly wait?: Wait
  /** Default: one that is free. */
  readonly port?: number
  readonly faults?: readonly Fault[]
  /** Changes answers before they go out, after all faults. Default: they go out as they are. */
  readonly alter?: (answer: Answer, asked: Asked) => Altered
  /** The only key that a provider takes. Default: any that looks like one. */
  readonly keys?: Partial<Readonly<Record<ProviderName, string>>>
  /** Answers are packed for clients that take gzip. Default: false, which is faster. */
  readonly gzip?: boolean
  /** So many of the last requests are remembered. Default: 1000. */
  readonly remember?: number
}

/** Providers on loopback, until it is closed. */
export interface Simulator extends AsyncDisposable {
  /** Without a `/` at its end. */
  readonly url: string
  readonly port: number
  /** What stands in a provider's `url` setting. */
  urlOf(provider: ProviderName): string
  /** What was asked so far. A copy: it does not change. */
  readonly requests: Requests
  /** In place of those before; counts begin again. */
  setFaults(faults: readonly Fault[]): void
  /** Breaks off what is under way. */
  close(): Promise<void>
}

export interface Requests {
  readonly total: number
  readonly byProvider: Readonly<Record<ProviderName, number>>
  /** The oldest first. */
  readonly last: readonly SeenRequest[]
}

/** An answer whose body may be bytes, in any charset. */
export interface Altered extends Omit<Answer, 'body'> {
  readonly body: string | Uint8Array
}

/** Whom a request asked for what. */
export interface Asked {
  readonly provider: ProviderName
  /** Path and query below the provider's root, as they came. */
  readonly target: string
}

export interface SeenRequest extends Asked {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly atMs: number
  readonly faults: readonly FaultKind[]
}

const HOST = '127.0.0.1'
const KEEP_ALIVE_MS = 60_000
/** The longest root first, so that one may begin as another does. */
const ROOTS = PROVIDER_NAMES.map(name => ({ name, root: PROVIDERS[name].root })).toSorted(
  (a, b) => b.root.length - a.root.length,
)

/** Starts the simulator. A port that is taken throws SLUICE_ARGUMENT_INVALID; then nothing was started. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    seed = 1,
    clock = systemClock,
    wait = systemWait,
    remember = 1000,
    keys = {},
    gzip = false,
    alter = unaltered,
  } = options
  const market = openMarket(seed)
  const counts = Object.fromEntries(PROVIDER_NAMES.map(name => [name, 0])) as Record<ProviderName, number>
  const seen: SeenRequest[] = []
  let plan = planFaults(seed, options.faults ?? [])
  let url = ''

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [method, path] = [request.method ?? 'GET', request.url ?? '/']
    const found = ROOTS.find(({ root }) => path.startsWith(root) && /^[/?]|^$/.test(path.slice(root.length)))
    if (found === undefined || (method !== 'GET' && method !== 'HEAD'))
      return refuse(response, found === undefined ? 404 : 405, url)
    const { name, root } = found
    const target = path.slice(root.length)
    const faults = plan.meet(name, target)
    const nowMs = clock.now()
    counts[name]++
    if (seen.length >= 2 * remember) seen.splice(0, seen.length - remember)
    seen.push({
      provider: name,
      method,
      target,
      headers: request.headers,
      atMs: nowMs,
      faults: faults.map(({ kind }) => kind),
    })
    const skewMs = faults.reduce((sum, fault) => sum + (fault.kind === 'clock-skew' ? fault.ms : 0), 0)
    const question = {
      provider: name,
      target,
      headers: request.headers,
      nowMs: nowMs + skewMs,
      market,
      root: `${url}${root}`,
      key: keys[name],
    }
    await sendAnswer(
      response,
      {
        answer: alter(composeAnswer(question, faults), { provider: name, target }),
        faults,
        dateMs: nowMs + skewMs,
        gzip: gzip && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')),
        bodyless: method === 'HEAD',
      },
      wait,
    )
  }

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    response.sendDate = false
    response.on('error', () => undefined)
    answer(request, response).catch(() => response.destroy())
  })
  const port = await listen(server, options.port ?? 0)
  url = `http://${HOST}:${port}`
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = new Promise<void>(resolve => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
  return {
    url,
    port,
    urlOf: provider => `${url}${PROVIDERS[provider].root}`,
    get requests() {
      const total = PROVIDER_NAMES.reduce((sum, name) => sum + counts[name], 0)
      return { total, byProvider: { ...counts }, last: remember === 0 ? [] : seen.slice(-remember) }
    },
    setFaults: faults => {
      plan = planFaults(seed, faults)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function unaltered(answer: Answer): Answer {
  return answer
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', cause => {
      const message = `The simulator cannot listen at port ${port}: ${cause.message}. Nothing was started.`
      reject(
        new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next: 'Choose another --port, or leave it out.' }, cause),
      )
    })
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port))
  })
}

function refuse(response: ServerResponse, status: number, url: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(
    JSON.stringify({
      error: 'no provider answers here',
      providers: ROOTS.map(({ root }) => `${url}${root}`).toSorted(),
    }),
  )
}
