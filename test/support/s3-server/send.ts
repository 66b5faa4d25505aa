import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.js'
import type { Fault } from './fault.js'

/** Sends an answer as the fault lets it through, and tells how many bytes of its body went out. */
export function send(response: ServerResponse, answer: Answer, fault: Fault | undefined, isHead: boolean): number {
  const body = bend(answer.body, fault)
  const headers: Record<string, string> = { 'content-length': String(body.length), ...answer.headers }
  if (fault === 'short' || fault === 'truncated') headers['content-length'] = String(body.length)
  // Of a HEAD the length is the object's, and there is no body; 204 and 304 have none at all.
  if (answer.status === 204 || answer.status === 304) delete headers['content-length']
  response.writeHead(answer.status, headers)
  if (isHead) response.end()
  else if (fault === 'truncated') {
    response.write(body.subarray(0, body.length >> 1), () => response.socket?.resetAndDestroy())
    return body.length >> 1
  } else response.end(body)
  return isHead ? 0 : body.length
}

function bend(body: Buffer, fault: Fault | undefined): Buffer {
  if (fault === 'short') return body.subarray(0, body.length >> 1)
  if (fault !== 'flipped bit' || body.length === 0) return body
  const bent = Buffer.from(body)
  bent[body.length >> 1]! ^= 1
  return bent
}
