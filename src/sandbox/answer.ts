import type { IncomingHttpHeaders } from 'node:http'
import type { Market } from './market.js'

/** A request, as a simulated provider sees it. */
export interface Ask {
  /** Below the provider's own root, decoded, beginning with `/`, without a `/` at its end. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The simulator's time: what has not happened yet is in no answer. */
  readonly nowMs: number
  readonly market: Market
  /** Where the provider's root stands, as clients write it: for links to other pages. */
  readonly root: string
  /** The key that the provider wants; undefined: any that looks like one. */
  readonly key: string | undefined
}

/** What is answered. Date and Content-Length are added when it is sent. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A provider that is imitated: a pure function from a request to an answer. */
export interface SimulatedProvider {
  /** Where its root stands below the simulator's address, as `/nbp/api`. */
  readonly root: string
  readonly answer: (ask: Ask) => Answer
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

export function text(body: string, status = 200, type = 'text/plain; charset=utf-8'): Answer {
  return { status, headers: { 'content-type': type }, body }
}

/** The key of a request, or undefined when none was sent. */
export function sentKey(ask: Ask, header: string, parameter: string): string | undefined {
  const value = ask.headers[header] ?? ask.query.get(parameter)
  return value === null || value === '' || Array.isArray(value) ? undefined : value
}

export function keyFits(ask: Ask, sent: string | undefined): boolean {
  return sent !== undefined && (ask.key === undefined || ask.key === sent)
}
