import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, emptyAnswer } from './answer.js'
import { readBody } from './body.js'
import { newBucket } from './bucket.js'
import type { Conditions } from './conditions.js'
import { type Fault, type FaultPlan, faultPlan, internalError, type PlannedFault, refusalOf } from './fault.js'
import { type Holdings, perform } from './perform.js'
import { errorAnswer, preconditionFailed, S3Error } from './s3-error.js'
import { type RequestClass, readRequest, type S3Request } from './s3-request.js'
import { send } from './send.js'
import { type Credentials, verifySignature } from './signature.js'

export interface S3ServerOptions {
  /** How many ports answer for the same buckets. */
  readonly endpoints?: number
  readonly host?: string
  readonly conditions?: Conditions
  /** How far the server's clock is ahead of this machine's. */
  readonly clockSkewMs?: number
  /** Most keys of a page of a list: few make a client turn pages. */
  readonly pageKeys?: number
  /** What every part of an upload but the last must have: 5 MiB on S3. */
  readonly minPartBytes?: number
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

/** An S3-compatible store in memory, with a bucket, for tests. */
export interface S3Server {
  /** The endpoints; `url` is the first. */
  readonly urls: readonly string[]
  readonly url: string
  readonly bucket: string
  readonly region: string
  readonly credentials: Credentials
  /** Replaces what is going to go wrong. */
  plan(faults: readonly PlannedFault[]): void
  /** Every request so far, in the order of their ends. */
  requests(): readonly SeenRequest[]
  close(): Promise<void>
}

export const S3_BUCKET = 'lake'
export const S3_REGION = 'eu-test-1'
export const S3_CREDENTIALS: Credentials = { accessKeyId: 'TESTACCESSKEY', secretAccessKey: 'test/secret+key' }

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { endpoints = 1, host = '127.0.0.1', pageKeys = 1000, minPartBytes = 5 << 20 } = options
  let uploads = 0
  const holdings: Holdings = {
    buckets: new Map([[S3_BUCKET, newBucket()]]),
    region: S3_REGION,
    pageKeys,
    minPartBytes,
    nextUpload: () => `upload-${++uploads}`,
  }
  const seen: SeenRequest[] = []
  const state: State = { holdings, options, plan: faultPlan([]), seen, count: 0 }
  const servers = Array.from({ length: endpoints }, (_, endpoint) =>
    createServer((message, response) => void serve(state, endpoint, message, response)),
  )
  const urls = await Promise.all(servers.map(server => listen(server, host)))
  return {
    urls,
    url: urls[0]!,
    bucket: S3_BUCKET,
    region: S3_REGION,
    credentials: S3_CREDENTIALS,
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
  readonly holdings: Holdings
  readonly options: S3ServerOptions
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
  const request = readRequest(message)
  const planned = state.plan.next(request.class, request.key)
  const fault = planned?.fault
  const requestId = (++state.count).toString(16).toUpperCase().padStart(16, '0')
  const nowMs = Date.now() + (state.options.clockSkewMs ?? 0)
  const note = (status: number, receivedBytes: number, sentBytes: number): void => {
    const { class: kind, bucket, key } = request
    state.seen.push({ class: kind, bucket, key, endpoint, receivedBytes, sentBytes, status, ...(fault && { fault }) })
  }

  if (fault === 'reset') {
    message.socket.resetAndDestroy()
    return note(0, 0, 0)
  }
  const sent = await readAll(message)
  // The client went away before it had said everything: nothing happens.
  if (sent === undefined) return note(0, 0, 0)
  const answer = await answerTo(state, request, { sent, fault, nowMs, requestId })
  if (fault === 'slow') await new Promise(resolve => setTimeout(resolve, planned?.slowMs ?? 50))
  if (fault === 'lost answer') {
    message.socket.resetAndDestroy()
    return note(0, sent.length, 0)
  }
  const ids = { 'x-amz-request-id': requestId, 'x-amz-id-2': `${requestId}/test`, server: 'sluice-test' }
  const headers = { date: new Date(nowMs).toUTCString(), ...ids, ...answer.headers }
  note(answer.status, sent.length, send(response, { ...answer, headers }, fault, request.method === 'HEAD'))
}

interface Received {
  readonly sent: Buffer
  readonly fault: Fault | undefined
  readonly nowMs: number
  readonly requestId: string
}

async function answerTo(state: State, request: S3Request, received: Received): Promise<Answer> {
  const { sent, fault, nowMs, requestId } = received
  try {
    const verifier = { credentials: S3_CREDENTIALS, region: S3_REGION, nowMs }
    const body = readBody(sent, request.headers, verifySignature(request, verifier))
    const refusal = refusalOf(fault, nowMs)
    if (refusal !== undefined) throw refusal
    const conditions = fault === 'ignored condition' ? 'ignored' : (state.options.conditions ?? 'atomic')
    const answer = await perform(state.holdings, { request, body, nowMs, conditions })
    if (fault === 'error 500 after') throw internalError()
    if (fault === 'refused after effect') throw preconditionFailed()
    return fault === 'gateway 503 after' ? emptyAnswer(503) : answer
  } catch (thrown) {
    if (!(thrown instanceof S3Error)) throw thrown
    return errorAnswer(thrown, request.path, requestId)
  }
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
