import { promisify } from 'node:util'
import { brotliDecompress, constants, gunzip, inflate, inflateRaw } from 'node:zlib'
import { Refusal } from './refusal.js'

/** What we tell a provider that we can decode. */
export const ACCEPT_ENCODING = 'gzip, br, deflate'

export interface DecodedBody {
  readonly body: Buffer
  /** `cut`: the compressed bytes end in the middle; `body` is what could be had of them. */
  readonly end: 'whole' | 'cut'
}

type Decode = (bytes: Buffer, options: { maxOutputLength: number; finishFlush?: number }) => Promise<Buffer>

const [unzip, unbrotli, inflateWrapped, inflatePlain] = [
  promisify(gunzip),
  promisify(brotliDecompress),
  promisify(inflate),
  promisify(inflateRaw),
] as readonly Decode[] as readonly [Decode, Decode, Decode, Decode]

/** Some servers send `deflate` without the wrapper that the standard asks for: the first byte tells. */
const undeflate: Decode = (bytes, options) =>
  ((bytes[0] ?? 0) & 0x0f) === 8 ? inflateWrapped(bytes, options) : inflatePlain(bytes, options)

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', unzip],
  ['x-gzip', unzip],
  ['br', unbrotli],
  ['deflate', undeflate],
])

/**
 * The body without its content encodings. Throws a Refusal for more than `maxBytes` of decoded bytes, an encoding that we
 * did not ask for and bytes that are not in the encoding that they claim.
 */
export async function decodeBody(bytes: Buffer, encodings: string, maxBytes: number): Promise<DecodedBody> {
  const names = encodings
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
  let decoded: DecodedBody = { body: bytes, end: 'whole' }
  for (const name of names.filter(name => name !== '' && name !== 'identity').reverse()) {
    if (decoded.body.length === 0) break
    const next = await decodeOnce(decoded.body, name, maxBytes)
    decoded = { body: next.body, end: decoded.end === 'cut' ? 'cut' : next.end }
  }
  return decoded
}

async function decodeOnce(bytes: Buffer, name: string, maxBytes: number): Promise<DecodedBody> {
  const decode = DECODERS.get(name)
  if (decode === undefined) throw new Refusal(`the body is encoded as ${name}, which was not asked for`, 'mismatch')
  try {
    return { body: await decode(bytes, { maxOutputLength: maxBytes }), end: 'whole' }
  } catch (thrown) {
    const code = codeOf(thrown)
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new Refusal(`the ${name} body holds more than ${maxBytes} bytes`)
    if (code !== 'Z_BUF_ERROR') throw new Refusal(`the body is not ${name}, as it claims (${code})`, 'mismatch')
  }
  const finishFlush = name === 'br' ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH
  return { body: await decode(bytes, { maxOutputLength: maxBytes, finishFlush }), end: 'cut' }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
}
