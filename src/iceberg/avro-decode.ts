import type { AvroComplex, AvroField, AvroSchema } from './avro-schema.js'

/** A record's values by field id. */
export type AvroRecord = ReadonlyMap<number, unknown>
export type AvroDecoder = (cursor: AvroCursor) => unknown

/**
 * A decoder for data written with a schema. Records come back keyed by field id, arrays of key and value as a Map without null values, longs as bigint, bytes and fixed as Buffer.
 * It never reads beyond its input nor believes a count that the input cannot hold. Throws plain errors: the caller knows the file.
 */
export function compileDecoder(schema: AvroSchema, named: Map<string, AvroDecoder> = new Map()): AvroDecoder {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? reference(schema, named)
  if (isUnion(schema)) return unionDecoder(schema.map(branch => compileDecoder(branch, named)))
  if (typeof schema !== 'object' || schema === null) throw new Error('its Avro schema is missing or not valid')
  switch (schema.type) {
    case 'record':
      return recordDecoder(schema, named)
    case 'array':
      return isIntMap(schema)
        ? intMapDecoder(schema, named)
        : arrayDecoder(compileDecoder(schema.items ?? 'undefined', named))
    case 'map':
      return mapDecoder(compileDecoder(schema.values ?? 'undefined', named))
    case 'fixed':
      return remember(schema, named, cursor => cursor.bytes(schema.size ?? -1))
    case 'enum':
      return remember(schema, named, cursor => schema.symbols?.[cursor.length()])
    default:
      return compileDecoder(schema.type, named)
  }
}

/** A position in bytes that refuses to move past their end. */
export class AvroCursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  /** The next `count` bytes, not copied. */
  bytes(count: number): Buffer {
    if (!(count >= 0 && count <= this.remaining)) throw new Error('it ends in the middle')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  long(): bigint {
    return BigInt(this.#zigzag())
  }

  int(): number {
    const value = this.#zigzag()
    if (value < -0x80000000 || value > 0x7fffffff) throw new Error('an int is out of range')
    return Number(value)
  }

  /** A count or an index: an int that is not negative. */
  length(): number {
    const value = this.int()
    if (value < 0) throw new Error('a length is negative')
    return value
  }

  /** Most numbers have at most 28 bits, which a number adds up far faster than a bigint. */
  #zigzag(): number | bigint {
    let low = 0
    for (let scale = 1; scale < 2 ** 28; scale *= 0x80) {
      const byte = this.#byte()
      low += (byte & 0x7f) * scale
      if (byte < 0x80) return low % 2 === 0 ? low / 2 : -(low + 1) / 2
    }
    return this.#longBeyond(BigInt(low))
  }

  #longBeyond(low: bigint): bigint {
    let value = low
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return zigzag(BigInt.asUintN(64, value))
    }
    throw new Error('a number is longer than 64 bits')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new Error('it ends in the middle')
    return byte
  }
}

function zigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n)
}

const PRIMITIVES: Readonly<Record<string, AvroDecoder>> = {
  null: () => null,
  boolean: cursor => cursor.bytes(1)[0] === 1,
  int: cursor => cursor.int(),
  long: cursor => cursor.long(),
  float: cursor => cursor.bytes(4).readFloatLE(),
  double: cursor => cursor.bytes(8).readDoubleLE(),
  bytes: cursor => cursor.bytes(cursor.length()),
  string: cursor => cursor.bytes(cursor.length()).toString(),
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema)
}

function reference(name: string, named: Map<string, AvroDecoder>): AvroDecoder {
  const decoder = named.get(name)
  if (decoder === undefined) throw new Error(`its Avro schema uses the unknown type ${name}`)
  return decoder
}

function remember(schema: AvroComplex, named: Map<string, AvroDecoder>, decoder: AvroDecoder): AvroDecoder {
  if (schema.name !== undefined) named.set(schema.name, decoder)
  return decoder
}

function recordDecoder(schema: AvroComplex, named: Map<string, AvroDecoder>): AvroDecoder {
  const fields = (schema.fields ?? []).map(field => ({
    id: fieldIdOf(field, schema),
    decode: compileDecoder(field.type, named),
  }))
  return remember(schema, named, cursor => {
    const record = new Map<number, unknown>()
    for (const { id, decode } of fields) record.set(id, decode(cursor))
    return record
  })
}

function fieldIdOf(field: AvroField, record: AvroComplex): number {
  const id = field['field-id']
  if (Number.isSafeInteger(id)) return id!
  throw new Error(`the field ${record.name}.${field.name} has no field-id in its Avro schema`)
}

function unionDecoder(branches: readonly AvroDecoder[]): AvroDecoder {
  return cursor => {
    const decode = branches[cursor.length()]
    if (decode === undefined) throw new Error('a union branch does not exist')
    return decode(cursor)
  }
}

function isIntMap(schema: AvroComplex): boolean {
  const items = schema.items
  if (typeof items !== 'object' || isUnion(items)) return false
  return items.type === 'record' && items.fields?.map(field => field.name).join() === 'key,value'
}

function intMapDecoder(schema: AvroComplex, named: Map<string, AvroDecoder>): AvroDecoder {
  const [key, value] = (schema.items as AvroComplex).fields!.map(field => compileDecoder(field.type, named))
  return cursor => {
    const map = new Map<unknown, unknown>()
    for (let count = blockCount(cursor); count > 0; count = blockCount(cursor)) {
      for (let index = 0; index < count; index++) {
        const id = key!(cursor)
        const item = value!(cursor)
        if (item !== null) map.set(id, item)
      }
    }
    return map
  }
}

function arrayDecoder(item: AvroDecoder): AvroDecoder {
  return cursor => {
    const items: unknown[] = []
    for (let count = blockCount(cursor); count > 0; count = blockCount(cursor)) {
      for (let index = 0; index < count; index++) items.push(item(cursor))
    }
    return items
  }
}

function mapDecoder(value: AvroDecoder): AvroDecoder {
  return cursor => {
    const map = new Map<string, unknown>()
    for (let count = blockCount(cursor); count > 0; count = blockCount(cursor)) {
      for (let index = 0; index < count; index++) map.set(cursor.bytes(cursor.length()).toString(), value(cursor))
    }
    return map
  }
}

/** A negative count is followed by the block's size in bytes, for readers that skip it. */
function blockCount(cursor: AvroCursor): number {
  const count = cursor.int()
  if (count < 0) cursor.length()
  if (Math.abs(count) > cursor.remaining) throw new Error('it counts more items than it has bytes')
  return Math.abs(count)
}
