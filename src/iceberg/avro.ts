import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type avro from 'avsc'
import { SluiceError } from '../core/errors.js'
import { AvroCursor, type AvroRecord, compileDecoder } from './avro-decode.js'
import type { AvroSchema } from './avro-schema.js'

export interface AvroFile {
  /** The header's key-value pairs, `avro.schema` and `avro.codec` among them. */
  readonly metadata: Readonly<Record<string, string>>
  /** Rows with their fields keyed by field id: names differ between writers, ids do not. */
  readonly rows: readonly AvroRecord[]
}

const MAGIC = Buffer.from('Obj\x01', 'latin1')
const SYNC_BYTES = 16
/** Some readers cannot inflate large blocks. */
const BLOCK_BYTES = 64_000
const MAX_BLOCK_BYTES = 1 << 28

/** An Avro object container file, deflated. Equal input gives equal bytes: the sync marker is a hash of the header. */
export function writeAvroFile(file: {
  readonly schema: AvroSchema
  readonly metadata: Readonly<Record<string, string>>
  readonly rows: Iterable<Readonly<Record<string, unknown>>>
}): Buffer {
  const pairs = { 'avro.schema': JSON.stringify(file.schema), 'avro.codec': 'deflate', ...file.metadata }
  const header = Buffer.concat([MAGIC, encodeMetadata(pairs)])
  const sync = createHash('sha256').update(header).digest().subarray(0, SYNC_BYTES)
  return Buffer.concat([header, sync, ...encodeBlocks(file.schema, file.rows, sync)])
}

/** Reads an Avro object container file. Throws SLUICE_MANIFEST_CORRUPT, naming `file`, for anything that is not a whole and valid one. */
export function readAvroFile(bytes: Buffer, file: string): AvroFile {
  try {
    return decodeFile(bytes)
  } catch (thrown) {
    const what = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SluiceError(
      'SLUICE_MANIFEST_CORRUPT',
      `${file} cannot be read: ${what}. Nothing was changed.`,
      { place: { file } },
      thrown,
    )
  }
}

function* encodeBlocks(
  schema: AvroSchema,
  rows: Iterable<Readonly<Record<string, unknown>>>,
  sync: Buffer,
): Generator<Buffer> {
  const type = encoders().rowType(schema)
  let block: Buffer[] = []
  let size = 0
  for (const row of rows) {
    const datum = type.toBuffer(row)
    block.push(datum)
    size += datum.length
    if (size < BLOCK_BYTES) continue
    yield encodeBlock(block, sync)
    block = []
    size = 0
  }
  if (block.length > 0) yield encodeBlock(block, sync)
}

function encodeBlock(rows: readonly Buffer[], sync: Buffer): Buffer {
  const body = deflateRawSync(Buffer.concat(rows))
  const { long } = encoders()
  return Buffer.concat([long.toBuffer(rows.length), long.toBuffer(body.length), body, sync])
}

function encodeMetadata(pairs: Readonly<Record<string, string>>): Buffer {
  return encoders().metadata.toBuffer(
    Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, Buffer.from(value)])),
  )
}

function decodeFile(bytes: Buffer): AvroFile {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it does not start as an Avro file')
  const cursor = new AvroCursor(bytes.subarray(MAGIC.length))
  const pairs = decodeMetadata(cursor)
  const metadata = Object.fromEntries([...pairs].map(([key, value]) => [key, value.toString()]))
  const decode = compileDecoder(JSON.parse(metadata['avro.schema'] ?? 'null') as AvroSchema)
  const sync = cursor.bytes(SYNC_BYTES)
  const rows: AvroRecord[] = []
  while (cursor.remaining > 0) {
    const count = cursor.length()
    const block = new AvroCursor(inflate(cursor.bytes(cursor.length()), metadata['avro.codec']))
    if (count > block.remaining) throw new Error('a block counts more rows than it has bytes')
    for (let row = 0; row < count; row++) rows.push(decode(block) as AvroRecord)
    if (block.remaining > 0) throw new Error('a block has bytes after its last row')
    if (!cursor.bytes(SYNC_BYTES).equals(sync)) throw new Error('a sync marker is wrong')
  }
  return { metadata, rows }
}

function decodeMetadata(cursor: AvroCursor): Map<string, Buffer> {
  return compileDecoder({ type: 'map', values: 'bytes' })(cursor) as Map<string, Buffer>
}

function inflate(body: Buffer, codec = 'null'): Buffer {
  if (codec === 'null') return body
  if (codec === 'deflate') return inflateRawSync(body, { maxOutputLength: MAX_BLOCK_BYTES })
  throw new Error(`its codec ${codec} is not supported (null and deflate are)`)
}

interface Encoders {
  readonly long: avro.Type
  readonly metadata: avro.Type
  rowType(schema: AvroSchema): avro.Type
}

let loaded: Encoders | undefined

/** Loaded by the first write: commands that only read start without the library. */
function encoders(): Encoders {
  loaded ??= makeEncoders(createRequire(import.meta.url)('avsc') as typeof avro)
  return loaded
}

function makeEncoders({ Type, types }: typeof avro): Encoders {
  const bigintLong = bigintLongType(types)
  // A registry of types would miss longs that carry a logical type.
  const typeHook = (schema: avro.Schema): avro.Type | undefined => {
    const type = typeof schema === 'object' && 'type' in schema ? schema.type : schema
    return type === 'long' ? bigintLong : undefined
  }
  return {
    long: Type.forSchema('long'),
    metadata: Type.forSchema({ type: 'map', values: 'bytes' }),
    rowType: schema => Type.forSchema(schema as avro.Schema, { typeHook }),
  }
}

/** Snapshot ids and counts have 63 bits; a number would lose the low ones. */
function bigintLongType(types: typeof avro.types): avro.Type {
  return types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8)
      buffer.writeBigInt64LE(value)
      return buffer
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (left: bigint, right: bigint) => (left === right ? 0 : left < right ? -1 : 1),
  })
}
