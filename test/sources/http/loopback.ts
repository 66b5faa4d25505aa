import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { closeAfter } from '../../support/close-after.js'

/** A server on loopback that remembers what it was asked. Closed after the test. */
export interface Loopback {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly asked: { readonly url: string; readonly headers: IncomingMessage['headers'] }[]
}

/** Answers over http. */
export function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Loopback> {
  return start(asked => createServer(remembering(asked, answer)), 'http://127.0.0.1')
}

/** Answers over https on `localhost`, with a certificate of `test/fixtures/tls`. */
export function serveTls(certificate: 'valid' | 'expired' | 'other-host', answer: RequestListener): Promise<Loopback> {
  const pem = fixture(certificate)
  return start(asked => createTlsServer({ key: pem, cert: pem }, remembering(asked, answer)), 'https://localhost')
}

/** Writes bytes to whoever connects, as they are: for answers that no HTTP server would give. */
export function serveRaw(write: (socket: Socket) => void): Promise<Loopback> {
  const accept = (socket: Socket): void => {
    socket.on('error', () => undefined)
    socket.once('data', () => write(socket))
  }
  return start(() => createTcpServer(accept), 'http://127.0.0.1')
}

export function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
}

function remembering(asked: Loopback['asked'], answer: RequestListener): RequestListener {
  return (request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers })
    answer(request, response)
  }
}

async function start(make: (asked: Loopback['asked']) => Server, origin: string): Promise<Loopback> {
  const asked: Loopback['asked'] = []
  const server = make(asked)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  closeAfter(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `${origin}:${port}`, host: new URL(origin).hostname, port, asked }
}
