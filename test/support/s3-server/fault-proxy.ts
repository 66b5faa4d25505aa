import { Agent, request as ask, type IncomingMessage } from 'node:http'
import type { Answer } from './answer.js'
import { type FaultyServer, type ListenOptions, type Received, startFaultyServer } from './faulty-server.js'
import type { BucketPlace } from './s3-server.js'

/** A store of somebody else's, reached through a server whose answers go wrong as planned. */
export type FaultProxy = FaultyServer & BucketPlace

/** Headers of one connection, and those that the server in front sets itself. */
const OWN = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'server'])

export async function startFaultProxy(store: BucketPlace, options: ListenOptions = {}): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true })
  const server = await startFaultyServer(async (received, check) => {
    check()
    return forward(new URL(store.url), received, agent)
  }, options)
  const close = async (): Promise<void> => {
    await server.close()
    agent.destroy()
  }
  return { ...store, ...server, close }
}

/** The host stays that of the proxy: it is signed. */
function forward({ hostname, port }: URL, { request, sent }: Received, agent: Agent): Promise<Answer> {
  const { method, target: path, headers } = request
  return new Promise((resolve, reject) => {
    const asked = ask({ hostname, port, method, path, headers, agent }, answer => {
      readAll(answer).then(body => resolve({ status: answer.statusCode!, headers: kept(answer, method), body }), reject)
    })
    asked.on('error', reject)
    asked.end(sent)
  })
}

function kept({ headers }: IncomingMessage, method: string): Record<string, string> {
  const passed = Object.entries(headers).filter(
    ([name]) => !OWN.has(name) || (name === 'content-length' && method === 'HEAD'),
  )
  return Object.fromEntries(passed.map(([name, value]) => [name, String(value)]))
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of answer) parts.push(part)
  return Buffer.concat(parts)
}
