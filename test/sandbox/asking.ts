import { once } from 'node:events'
import { get as httpGet, type IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'undici'
import { fixedClock } from '../../src/core/clock.js'
import { composeAnswer } from '../../src/sandbox/compose-answer.js'
import type { Fault } from '../../src/sandbox/fault.js'
import { openMarket } from '../../src/sandbox/market.js'
import type { ProviderName } from '../../src/sandbox/providers/all.js'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/sandbox/simulator.js'
import { closeAfter } from '../support/close-after.js'

/** A Sunday at noon. */
export const NOW = Date.parse('2026-11-22T12:15:30Z')
export const FRED_KEY = '0123456789abcdef0123456789abcdef'

export interface Question {
  readonly now?: number
  readonly seed?: number
  readonly headers?: IncomingHttpHeaders
  readonly key?: string
  readonly faults?: readonly Fault[]
}

/** What a provider answers to a path and query below its root, without a server between. */
export function ask(provider: ProviderName, target: string, question: Question = {}) {
  const { now = NOW, seed = 1, headers = {}, key, faults = [] } = question
  const root = 'http://simulator/root'
  return composeAnswer({ provider, target, headers, nowMs: now, market: openMarket(seed), root, key }, faults)
}

/** The body of an answer, which must be JSON with status 200. */
export function askJson<T>(provider: ProviderName, target: string, question: Question = {}): T {
  const { status, body } = ask(provider, target, question)
  if (status !== 200) throw new Error(`${status}: ${body}`)
  return JSON.parse(body) as T
}

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
}

/** A simulator whose clock stands still, closed after the test. */
export async function simulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const started = await startSimulator({ clock: fixedClock(NOW), ...options })
  closeAfter(() => started.close())
  return started
}

/** A real request over HTTP. A body that breaks off rejects. */
export async function fetched(url: string, headers: Record<string, string> = {}): Promise<Received> {
  const agent = new Agent({ keepAliveTimeout: 1 })
  try {
    const answer = await request(url, { headers, dispatcher: agent })
    const bytes = Buffer.from(await answer.body.arrayBuffer())
    return { status: answer.statusCode, headers: answer.headers, bytes, text: bytes.toString() }
  } finally {
    await agent.close()
  }
}

/** The first bytes of a body; then the client goes away. */
export async function firstBytes(url: string): Promise<{ headers: IncomingHttpHeaders; bytes: Buffer }> {
  const sent = httpGet(url)
  const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  const [bytes] = (await once(answer, 'data')) as [Buffer]
  sent.destroy()
  return { headers: answer.headers, bytes }
}
