import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer } from './answer.js'
import { type Fault, type FaultPlan, faultPlan, internalError, type PlannedFault, refusalOf } from './fault.js'
import { errorAnswer, preconditionFailed, S3Error } from './s3-error.js'
import { type RequestClass, readRequest, type S3Request } from './s3-request.js'
import { send } from './send.js'

export interface ListenOptions {
  /** How many ports answer for the same buckets. */
  readonly endpoints?: number
  readonly host?: string
  /** How far the server's clock is ahead of this machine's. */
  readonly clockSkewMs?: number
  /** Called and waited for when a planned fault happens: before anything is done for one that is late, else after it and before the client learns of it. */
  onFault?(seen: PlannedFault): void | Promise<void>
}

/** A request as the server saw it. */
export interface SeenRequest {
  readonly class: RequestClass
  readonly bucket: string
  readonly key: string
  /** Which of the endpoints was asked, from 0. */
  readonly endpoint: number
  readonly receivedBytes: number
  readonly sentBytes: number
  /** 0 where the connection was cut. */
  readonly status: number
  readonly fault?: Fault
}

/** A server whose answers go wrong as planned. */
export interface FaultyServer {
  /** The endpoints; `url` is the first. */
  readonly urls: readonly string[]
  readonly url: string
  /** Replaces what is going to go wrong. */
  plan(faults: readonly PlannedFault[]): void
  /** Every request so far, in the order of their ends. */
  requests(): readonly SeenRequest[]
  close(): Promise<void>
}

export interface Received {
  readonly request: S3Request
  readonly sent: Buffer
  readonly nowMs: number
  readonly fault: Fault | undefined
}

/** Does what a request asks for. Throws the S3Error that S3 answers. `check` throws what is answered instead of doing it. */
export type Work = (received: Received, check: () => void) => Promise<Answer>

export async function startFaultyServer(work: Work, options: ListenOptions): Promise<FaultyServer> {
  const { endpoints = 1, host = '127.0.0.1' } = options
  const seen: SeenRequest[] = []
  const state: State = { work, options, plan: faultPlan([]), seen, count: 0 }
  const servers = Array.from({ length: endpoints }, (_, endpoint) =>
    createServer((message, response) => void serve(state, endpoint, message, response)),
  )
  const urls = await Promise.all(servers.map(server => listen(server, host)))
  return {
    urls,
    url: urls[0]!,
    plan: faults => {
      state.plan = faultPlan(faults)
    },
    requests: () => [...seen],
    close: async () => {
      await Promise.all(servers.map(close))
    },
  }
}

interface State {
  readonly work: Work
  readonly options: ListenOptions
  readonly seen: SeenRequest[]
  plan: FaultPlan
  count: number
}

async function serve(
  state: State,
  endpoint: number,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { onFault, clockSkewMs = 0 } = state.options
  const request = readRequest(message)
  const planned = state.plan.next(request.class, request.key, endpoint)
  const fault = planned?.fault
  const requestId = (++state.count).toString(16).toUpperCase().padStart(16, '0')
  const nowMs = Date.now() + clockSkewMs
  const note = (status: number, receivedBytes: number, sentBytes: number): void => {
    const { class: kind, bucket, key } = request
    state.seen.push({ class: kind, bucket, key, endpoint, receivedBytes, sentBytes, status, ...(fault && { fault }) })
  }
  const cut = async (receivedBytes: number): Promise<void> => {
    if (planned !== undefined) await onFault?.(planned)
    note(0, receivedBytes, 0)
    message.socket.resetAndDestroy()
  }

  if (fault === 'reset') return cut(0)
  const sent = await readAll(message)
  // The client went away before it had said everything: nothing happens.
  if (sent === undefined) return note(0, 0, 0)
  if (fault === 'late') {
    await onFault?.(planned!)
    await wait(planned)
  }
  const answer = await answerTo(state.work, { request, sent, nowMs, fault }, requestId)
  if (fault === 'slow') await wait(planned)
  if (fault === 'lost answer') return cut(sent.length)
  if (planned !== undefined && fault !== 'late') await onFault?.(planned)
  const ids = { 'x-amz-request-id': requestId, 'x-amz-id-2': `${requestId}/test`, server: 'sluice-test' }
  const headers = { date: new Date(nowMs).toUTCString(), ...ids, ...answer.headers }
  note(answer.status, sent.length, send(response, { ...answer, headers }, fault, request.method === 'HEAD'))
}

async function answerTo(work: Work, received: Received, requestId: string): Promise<Answer> {
  const { request, nowMs, fault } = received
  const check = (): void => {
    const refusal = refusalOf(fault, nowMs)
    if (refusal !== undefined) throw refusal
  }
  try {
    const answer = await work(received, check)
    if (fault === 'error 500 after') throw internalError()
    if (fault === 'refused after effect') throw preconditionFailed()
    return fault === 'gateway 503 after' ? { status: 503, headers: {}, body: Buffer.alloc(0) } : answer
  } catch (thrown) {
    if (!(thrown instanceof S3Error)) throw thrown
    return errorAnswer(thrown, request.path, requestId)
  }
}

async function wait(planned: PlannedFault | undefined): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, planned?.slowMs ?? 50))
}

/** The whole body; undefined when the connection ended before it. */
async function readAll(message: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  try {
    for await (const part of message) parts.push(part)
    return Buffer.concat(parts)
  } catch {
    return undefined
  }
}

async function listen(server: Server, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve))
  server.closeAllConnections()
  await closed
}
