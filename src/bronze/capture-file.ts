import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { createGunzip, gzip } from 'node:zlib'
import { SluiceError } from '../core/errors.js'
import { TextScan, type TextTraits } from './text-scan.js'
import { isWholeZstd } from './zstd-frames.js'

const BLOCK_BYTES = 4 << 20
/** gzip members in flight; one less than the thread pool, which DuckDB's queries share. */
const MEMBERS_IN_FLIGHT = 3
/** Bodies up to this size stand in the capture record itself. */
const INLINE_BYTES = 1 << 20

export interface CapturedFile {
  readonly path: string
  readonly name: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly body:
    | { readonly kind: 'inline'; readonly bytes: Buffer }
    /** A finished local file with the body, gzipped by us or as it is. */
    | { readonly kind: 'spooled'; readonly path: string; readonly encoding: 'gzip' | 'identity' }
    | { readonly kind: 'reference' }
  /** The same content, ready for DuckDB: decompressed, UTF-8, without byte order mark. */
  readonly readable: ReadableFile
}

export interface ReadableFile {
  readonly path: string
  readonly compression: 'none' | 'zstd'
  readonly container: 'text' | 'parquet'
  readonly traits: TextTraits
}

export interface CaptureOptions {
  readonly mode: 'copy' | 'reference'
  /** WHATWG label; undefined means UTF-8 and nothing else. */
  readonly encoding: string | undefined
  /** A folder of this run for copies and decoded texts. */
  readonly spool: string
  /** Distinguishes the files of one run. */
  readonly ordinal: number
}

/** Copies and hashes an input file in one pass, and makes its text readable. Nothing of it has been parsed yet. */
export async function captureFile(path: string, options: CaptureOptions): Promise<CapturedFile> {
  const before = await statInput(path)
  const magic = await readMagic(path)
  const container = magic.subarray(0, 4).toString('latin1') === 'PAR1' ? 'parquet' : 'text'
  const packing = packingOf(magic)
  const rewrite =
    container === 'text' &&
    packing !== 'zstd' &&
    (packing === 'gzip' || options.encoding !== undefined || hasMark(magic) || wideEncoding(magic) !== undefined)
  if (packing === 'zstd') await refuseCutZstd(path, before.size)
  const copy = await copyAndScan(path, { ...options, packing, sizeBytes: before.size })
  const readable: ReadableFile = rewrite
    ? await decodeText(path, { ...options, packing })
    : { path, compression: packing === 'zstd' ? ('zstd' as const) : ('none' as const), container, traits: copy.traits }
  await refuseChanged(path, before)
  if (container === 'text' && packing !== 'zstd' && !readable.traits.utf8) {
    throw new SluiceError('SLUICE_INPUT_ENCODING', `${path} is not UTF-8, and no encoding is declared for it.`, {
      place: { file: path },
    })
  }
  return { path, name: basename(path), sha256: copy.sha256, sizeBytes: before.size, body: copy.body, readable }
}

async function statInput(path: string): Promise<Stats> {
  const found = await stat(path).catch(cause => {
    throw new SluiceError('SLUICE_INPUT_MISSING', `There is no file ${path}.`, { place: { file: path } }, cause)
  })
  if (found.isDirectory())
    throw new SluiceError('SLUICE_INPUT_IS_DIRECTORY', `${path} is a folder.`, { place: { file: path } })
  // To open a pipe is to wait for whoever writes into it.
  if (!found.isFile())
    throw new SluiceError('SLUICE_INPUT_NOT_A_FILE', `${path} is a pipe, a socket or a device.`, {
      place: { file: path },
    })
  return found
}

async function readMagic(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function packingOf(magic: Buffer): 'none' | 'gzip' | 'zstd' {
  if (magic[0] === 0x1f && magic[1] === 0x8b) return 'gzip'
  return magic.length >= 4 && magic.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none'
}

async function refuseCutZstd(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, 'r')
  try {
    if (await isWholeZstd(file, sizeBytes)) return
  } finally {
    await file.close()
  }
  throw new SluiceError('SLUICE_INPUT_TRUNCATED', `${path} is a damaged or truncated zstd file.`, {
    place: { file: path },
  })
}

function hasMark(magic: Buffer): boolean {
  return magic[0] === 0xef && magic[1] === 0xbb && magic[2] === 0xbf
}

/** The UTF-16 that a byte order mark tells of. */
function wideEncoding(start: Buffer): string | undefined {
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  return start[0] === 0xff && start[1] === 0xfe ? 'utf-16le' : undefined
}

interface Copy {
  readonly sha256: string
  readonly traits: TextTraits
  readonly body: CapturedFile['body']
}

async function copyAndScan(
  path: string,
  options: CaptureOptions & { readonly packing: string; readonly sizeBytes: number },
): Promise<Copy> {
  const hash = createHash('sha256')
  const scan = new TextScan()
  const small = options.sizeBytes <= INLINE_BYTES
  const kept: Buffer[] = []
  const target = options.mode === 'copy' && !small ? copyTarget(options) : undefined
  for await (const block of createReadStream(path, { highWaterMark: BLOCK_BYTES }) as AsyncIterable<Buffer>) {
    hash.update(block)
    scan.add(block)
    if (target !== undefined) await target.write(block)
    else if (options.mode === 'copy') kept.push(block)
  }
  await target?.finish()
  const body =
    options.mode === 'reference'
      ? ({ kind: 'reference' } as const)
      : target === undefined
        ? ({ kind: 'inline', bytes: Buffer.concat(kept) } as const)
        : ({ kind: 'spooled', path: target.path, encoding: target.encoding } as const)
  return { sha256: hash.digest('hex'), traits: scan.finish(), body }
}

/** Compresses in members of one block, several at once: they are still one gzip file, as WARC does it. */
function copyTarget(options: CaptureOptions & { readonly packing: string }) {
  const encoding = options.packing === 'none' ? ('gzip' as const) : ('identity' as const)
  const path = join(options.spool, `body-${options.ordinal}`)
  const out = createWriteStream(path)
  const inFlight: Promise<Buffer>[] = []
  const flushOne = async (): Promise<void> => {
    const member = await inFlight.shift()
    if (member !== undefined && !out.write(member)) await once(out, 'drain')
  }
  return {
    path,
    encoding,
    write: async (block: Buffer): Promise<void> => {
      inFlight.push(encoding === 'gzip' ? promisify(gzip)(block, { level: 1 }) : Promise.resolve(block))
      while (inFlight.length > MEMBERS_IN_FLIGHT) await flushOne()
    },
    finish: async (): Promise<void> => {
      while (inFlight.length > 0) await flushOne()
      out.end()
      await once(out, 'finish')
    },
  }
}

/** Unpacks gzip, decodes the declared encoding and drops a byte order mark, into a spool file. */
async function decodeText(path: string, options: CaptureOptions & { readonly packing: string }): Promise<ReadableFile> {
  const target = join(options.spool, `text-${options.ordinal}`)
  const out = createWriteStream(target)
  const scan = new TextScan()
  let decode = textDecoder(path, options.encoding)
  const put = async (block: Buffer): Promise<void> => {
    scan.add(block)
    if (!out.write(block)) await once(out, 'drain')
  }
  let first = true
  for await (const raw of unpacked(path, options.packing)) {
    if (first && decode === undefined) decode = textDecoder(path, wideEncoding(raw))
    const text = decode === undefined ? raw : Buffer.from(decode(raw, true), 'utf8')
    await put(first && hasMark(text) ? text.subarray(3) : text)
    first = false
  }
  if (decode !== undefined) await put(Buffer.from(decode(Buffer.alloc(0), false), 'utf8'))
  out.end()
  await once(out, 'finish')
  return { path: target, compression: 'none', container: 'text', traits: scan.finish() }
}

async function* unpacked(path: string, packing: string): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: BLOCK_BYTES })
  if (packing !== 'gzip') {
    yield* file as AsyncIterable<Buffer>
    return
  }
  const unzip = file.pipe(createGunzip({ chunkSize: BLOCK_BYTES }))
  file.on('error', cause => unzip.destroy(cause))
  let begun = false
  try {
    for await (const block of unzip as AsyncIterable<Buffer>) {
      begun = true
      yield block
    }
  } catch (cause) {
    throw gzipFault(path, begun, cause)
  }
}

/** What is wrong with a gzip file; what is no fault of its bytes comes back as it is. */
function gzipFault(path: string, begun: boolean, cause: unknown): unknown {
  const place = { file: path }
  if (!(cause instanceof Error) || !('code' in cause) || !String(cause.code).startsWith('Z_')) return cause
  if (cause.code === 'Z_BUF_ERROR')
    return new SluiceError('SLUICE_INPUT_TRUNCATED', `${path} is a gzip file without its end.`, { place }, cause)
  const isHeader = /header check|compression method|header flags/.test(cause.message)
  const fault =
    begun && isHeader ? 'has bytes after its end that are no gzip' : `is a damaged gzip file (${cause.message})`
  return new SluiceError('SLUICE_INPUT_DAMAGED', `${path} ${fault}.`, { place }, cause)
}

function textDecoder(
  path: string,
  encoding: string | undefined,
): ((bytes: Buffer, stream: boolean) => string) | undefined {
  if (encoding === undefined) return undefined
  try {
    const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
    return (bytes, stream) => {
      try {
        return decoder.decode(bytes, { stream })
      } catch (cause) {
        throw new SluiceError(
          'SLUICE_INPUT_ENCODING',
          `${path} holds bytes that are not ${encoding}.`,
          { place: { file: path } },
          cause,
        )
      }
    }
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    throw new SluiceError(
      'SLUICE_INPUT_ENCODING',
      `There is no encoding ${encoding}.`,
      { place: { file: path } },
      cause,
    )
  }
}

async function refuseChanged(path: string, before: Stats): Promise<void> {
  const after = await statInput(path)
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || after.ino !== before.ino) {
    throw new SluiceError('SLUICE_INPUT_CHANGED', `${path} changed while it was read.`, { place: { file: path } })
  }
}
