import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SluiceError } from '../../core/errors.js'
import { healthOf } from './health.js'
import { metricsText } from './metrics-text.js'
import type { WatchStatus } from './watch-status.js'

/** Health and figures on loopback, until it is closed. */
export interface HealthPort extends AsyncDisposable {
  /** Without a `/` at its end. */
  readonly url: string
}

const HOST = '127.0.0.1'

/**
 * Answers `/healthz` and `/metrics` on 127.0.0.1. Port 0 takes one that is free. A port that is taken throws
 * SLUICE_ARGUMENT_INVALID; then nothing was started.
 */
export async function openHealthPort(port: number, status: () => WatchStatus | undefined): Promise<HealthPort> {
  const server = createServer((request, response) => send(response, answerTo(request, status())))
  const taken = await listen(server, port)
  return {
    url: `http://${HOST}:${taken}`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Answer {
  readonly code: number
  readonly type: string
  readonly body: string
}

const TEXT = 'text/plain; charset=utf-8'
const METRICS = 'text/plain; version=0.0.4; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'

function answerTo({ method, url, headers }: IncomingMessage, status: WatchStatus | undefined): Answer {
  const refusal = (code: number, why: string): Answer => ({ code, type: TEXT, body: `${why}\n` })
  if (!isOwnHost(headers.host)) return refusal(403, 'this port answers to its own address only')
  const path = (url ?? '').replace(/\?.*$/s, '')
  if (path !== '/healthz' && path !== '/metrics') return refusal(404, 'here are /healthz and /metrics')
  if (method !== 'GET') return refusal(405, 'this can only be read')
  if (status === undefined) return refusal(503, 'not started yet')
  if (path === '/metrics') return { code: 200, type: METRICS, body: metricsText(status) }
  const health = healthOf(status)
  return { code: health.status === 'failing' ? 503 : 200, type: JSON_TYPE, body: `${JSON.stringify(health)}\n` }
}

function send(response: ServerResponse, { code, type, body }: Answer): void {
  response.writeHead(code, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(code === 405 && { allow: 'GET' }),
  })
  response.end(body)
}

/** A page in a browser can point its own name at loopback, but not hide that name. */
function isOwnHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '')
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', cause => {
      const message = `Health cannot be shown at port ${port}: ${cause.message}. Nothing was started.`
      const next = 'Choose another --port; 0 takes one that is free.'
      reject(new SluiceError('SLUICE_ARGUMENT_INVALID', message, { next }, cause))
    })
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port))
  })
}
