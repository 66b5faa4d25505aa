import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { checkSums } from './checksums.js'
import { S3Error } from './s3-error.js'
import { chunkSignature, mismatch, type Signed } from './signature.js'

/** The object's bytes in a request's body, however it was sent, and the checksums that the client gave with them. */
export interface Body {
  readonly bytes: Buffer
  readonly checksums: Readonly<Record<string, string>>
}

/** Unpacks and checks a body. Throws the S3Error that S3 answers when hash, length, checksum or a chunk's signature is wrong. */
export function readBody(sent: Buffer, headers: IncomingHttpHeaders, signed: Signed): Body {
  const { bytes, trailers } = signed.payload.startsWith('STREAMING-')
    ? unpack(sent, headers, signed)
    : { bytes: sent, trailers: {} }
  if (/^[0-9a-f]{64}$/.test(signed.payload)) {
    if (createHash('sha256').update(bytes).digest('hex') !== signed.payload)
      throw new S3Error(
        400,
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      )
  } else if (!/^(UNSIGNED-PAYLOAD|STREAMING-.+)$/.test(signed.payload)) {
    throw new S3Error(
      400,
      'InvalidRequest',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a valid sha256 value.',
    )
  }
  return { bytes, checksums: checkSums(bytes, { ...headers, ...trailers }) }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
function unpack(sent: Buffer, headers: IncomingHttpHeaders, signed: Signed) {
  const isSigned = signed.payload.startsWith('STREAMING-AWS4-')
  const chunks: Buffer[] = []
  let previous = signed.signature
  let at = 0
  for (;;) {
    const end = sent.indexOf('\r\n', at)
    const head = /^([0-9a-f]+)(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(sent.subarray(at, end).toString('latin1'))
    if (end < 0 || head === null) throw incomplete()
    const size = Number.parseInt(head[1]!, 16)
    const chunk = sent.subarray(end + 2, end + 2 + size)
    if (chunk.length < size) throw incomplete()
    if (isSigned) {
      previous = chunkSignature(signed, previous, chunk)
      if (head[2] !== previous) throw mismatch()
    }
    at = end + 2 + size
    if (size === 0) break
    chunks.push(chunk)
    at += 2
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length !== Number(headers['x-amz-decoded-content-length'])) throw incomplete()
  return { bytes, trailers: trailersOf(sent.subarray(at).toString('latin1')) }
}

function trailersOf(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).map(line => /^([^:]+):(.*)$/.exec(line))
  return Object.fromEntries(lines.flatMap(line => (line === null ? [] : [[line[1]!.toLowerCase(), line[2]!.trim()]])))
}

const incomplete = (): S3Error =>
  new S3Error(
    400,
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  )
