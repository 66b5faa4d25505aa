import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import type { Wait } from '../core/wait.js'
import type { Answer } from './answer.js'
import type { Fault, FaultKind } from './fault.js'

const GIB = 2 ** 30
const PIECES = 10
const CHUNK_BYTES = 64 * 1024
/** Unpacked size of one part of the bomb: parts are gzip members, one after the other. */
const MEMBER_BYTES = 16 * 1024 * 1024

/** How an answer goes out. */
export interface Sending {
  readonly answer: Omit<Answer, 'body'> & { readonly body: string | Uint8Array }
  readonly faults: readonly Fault[]
  /** The Date header, in milliseconds. */
  readonly dateMs: number
  /** Whether the client takes gzip and is to get it. */
  readonly gzip: boolean
  readonly bodyless: boolean
}

/** Sends an answer as its faults want it. Resolves when there is no more to send; what a client breaks off is no failure. */
export async function sendAnswer(response: ServerResponse, sending: Sending, wait: Wait): Promise<void> {
  const { answer, faults } = sending
  const find = <K extends FaultKind>(kind: K) =>
    faults.find((fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind)
  if (find('silent') !== undefined) return
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const latency = find('latency')
  if (latency !== undefined) await wait(latency.ms, gone.signal)
  if (response.destroyed) return
  const head = { ...answer.headers, date: new Date(sending.dateMs).toUTCString() }
  const [huge, bomb, slow] = [find('huge'), find('gzip-bomb'), find('slow')]
  if (huge !== undefined) return stream(response, answer.status, head, filler(huge.bytes ?? 2 * GIB))
  if (bomb !== undefined)
    return stream(response, 200, { ...head, 'content-encoding': 'gzip' }, members(bomb.bytes ?? GIB))
  const { body: written } = answer
  const isForeign = typeof written === 'string' && find('wrong-charset') !== undefined
  const plain = isForeign ? inOtherCharset(written) : Buffer.from(written)
  const body = sending.gzip && plain.length > 0 ? gzipSync(plain, { level: 1 }) : plain
  const encoding = body === plain ? {} : { 'content-encoding': 'gzip', vary: 'Accept-Encoding' }
  const length = answer.status === 304 ? {} : { 'content-length': String(body.length) }
  response.writeHead(answer.status, { ...head, ...encoding, ...length })
  if (sending.bodyless) response.end()
  else if (find('cut') !== undefined)
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.end())
  else if (slow !== undefined) await trickle(response, body, slow.ms, wait, gone.signal)
  else response.end(body)
}

async function trickle(
  response: ServerResponse,
  body: Buffer,
  ms: number,
  wait: Wait,
  gone: AbortSignal,
): Promise<void> {
  const size = Math.max(1, Math.ceil(body.length / PIECES))
  for (let at = 0; at < body.length && !gone.aborted; at += size) {
    await wait(ms / PIECES, gone)
    response.write(body.subarray(at, at + size))
  }
  response.end()
}

async function stream(
  response: ServerResponse,
  status: number,
  head: Record<string, string>,
  bytes: Iterable<Buffer>,
): Promise<void> {
  response.writeHead(status, head)
  try {
    await pipeline(Readable.from(bytes), response)
  } catch {
    response.destroy()
  }
}

/** A list that does not end before so many bytes. */
function* filler(bytes: number): Generator<Buffer> {
  const chunk = Buffer.from('{"time":"2026-01-01T00:00:00Z","price":"1.0000"},\n'.repeat(CHUNK_BYTES / 50))
  yield Buffer.from('[')
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk
  yield Buffer.from('{}]')
}

function* members(bytes: number): Generator<Buffer> {
  const member = gzipSync(Buffer.alloc(MEMBER_BYTES, ' '))
  for (let unpacked = 0; unpacked < bytes; unpacked += MEMBER_BYTES) yield member
}

/** Letters of Polish beyond ASCII in Windows-1250. */
const WINDOWS_1250: Readonly<Record<string, number>> = {
  ą: 0xb9,
  ć: 0xe6,
  ę: 0xea,
  ł: 0xb3,
  ń: 0xf1,
  ó: 0xf3,
  ś: 0x9c,
  ź: 0x9f,
  ż: 0xbf,
}

/** Windows-1250 where that makes a difference, else UTF-16. */
function inOtherCharset(body: string): Buffer {
  const isAscii = Buffer.byteLength(body) === body.length
  if (isAscii) return Buffer.from(body, 'utf16le')
  return Buffer.from(Array.from(body, letter => WINDOWS_1250[letter] ?? letter.charCodeAt(0) & 0xff))
}
