import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { S3Error } from './s3-error.js'
import type { S3Request } from './s3-request.js'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A signature that holds, and what the signatures of the body's chunks are made with. */
export interface Signed {
  readonly signature: string
  readonly signingKey: Buffer
  readonly scope: string
  readonly amzDate: string
  /** What the request says of its body: a hash, or how it is sent. */
  readonly payload: string
}

export interface Verifier {
  readonly credentials: Credentials
  readonly region: string
  readonly nowMs: number
}

const MAX_SKEW_MS = 15 * 60_000
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/

/**
 * Checks the signature version 4 in a request's headers. Throws the S3Error that S3 answers.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function verifySignature(request: S3Request, { credentials, region, nowMs }: Verifier): Signed {
  const { headers } = request
  if (headers.authorization === undefined) throw new S3Error(403, 'AccessDenied', 'Access Denied')
  const match = AUTHORIZATION.exec(headers.authorization)
  if (match === null) throw malformed(`The authorization header is malformed`, region)
  const [, accessKeyId, day, signedRegion, signedNames, signature] = match as unknown as string[]
  if (accessKeyId !== credentials.accessKeyId)
    throw new S3Error(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  if (signedRegion !== region)
    throw malformed(
      `The authorization header is malformed; the region '${signedRegion}' is wrong; expecting '${region}'`,
      region,
    )
  const amzDate = String(headers['x-amz-date'] ?? '')
  const payload = String(headers['x-amz-content-sha256'] ?? '')
  checkTime(amzDate, day!, nowMs)
  const names = signedNames!.split(';')
  const unsigned = Object.keys(headers).filter(name => /^(host$|x-amz-)/.test(name) && !names.includes(name))
  if (unsigned.length > 0)
    throw new S3Error(403, 'AccessDenied', `There were headers that were not signed: ${unsigned}`)
  const scope = `${day}/${signedRegion}/s3/aws4_request`
  const signingKey = keyFor(credentials.secretAccessKey, day!, signedRegion!)
  const text = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(canonical(request, names, payload))}`
  if (!isSame(hmac(signingKey, text).toString('hex'), signature!)) throw mismatch()
  return { signature: signature!, signingKey, scope, amzDate, payload }
}

/** The signature of one chunk of a body that is signed in chunks. */
export function chunkSignature(signed: Signed, previous: string, chunk: Buffer): string {
  const parts = ['AWS4-HMAC-SHA256-PAYLOAD', signed.amzDate, signed.scope, previous, sha256(''), sha256(chunk)]
  return hmac(signed.signingKey, parts.join('\n')).toString('hex')
}

export const mismatch = (): S3Error =>
  new S3Error(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  )

function malformed(message: string, region: string): S3Error {
  return new S3Error(400, 'AuthorizationHeaderMalformed', message, {}, `<Region>${region}</Region>`)
}

function checkTime(amzDate: string, day: string, nowMs: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate)
  if (parts === null || !amzDate.startsWith(day))
    throw new S3Error(403, 'AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  const [, year, month, date, hour, minute, second] = parts.map(Number)
  const sentMs = Date.UTC(year!, month! - 1, date, hour, minute, second)
  if (Math.abs(sentMs - nowMs) > MAX_SKEW_MS)
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    )
}

function canonical({ method, path, query, headers }: S3Request, names: readonly string[], payload: string): string {
  const pairs = [...query].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
  const lines = names.map(
    name =>
      `${name}:${String(headers[name] ?? '')
        .trim()
        .replace(/ +/g, ' ')}\n`,
  )
  const uri = path
    .split('/')
    .map(part => encode(decodeURIComponent(part)))
    .join('/')
  return [method, uri, pairs.join('&'), lines.join(''), names.join(';'), payload].join('\n')
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, found => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
}

function keyFor(secret: string, day: string, region: string): Buffer {
  return [day, region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, text) => hmac(key, text),
    Buffer.from(`AWS4${secret}`),
  )
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
