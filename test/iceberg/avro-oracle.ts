import { inflateRawSync } from 'node:zlib'

/** An Avro reader written from the Avro specification alone: it shares no code with ours and keys records by field name. */
export interface OracleFile {
  readonly schema: OracleSchema
  readonly metadata: Readonly<Record<string, string>>
  readonly rows: readonly Record<string, unknown>[]
  readonly blockBytes: readonly number[]
}

export type OracleSchema = string | OracleSchema[] | { type: OracleSchema; [key: string]: unknown }

export function readWithOracle(bytes: Buffer): OracleFile {
  let at = 4
  const long = (from: { buffer: Buffer; at: number }): bigint => {
    let [value, shift, byte] = [0n, 0n, 0x80]
    while (byte & 0x80) {
      byte = from.buffer[from.at++]!
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
    }
    return BigInt.asIntN(64, value & 1n ? -(value >> 1n) - 1n : value >> 1n)
  }
  const take = (from: { buffer: Buffer; at: number }, size: number) => {
    from.at += size
    return from.buffer.subarray(from.at - size, from.at)
  }
  const read = (schema: OracleSchema, from: { buffer: Buffer; at: number }): unknown => {
    if (Array.isArray(schema)) return read(schema[Number(long(from))]!, from)
    const type = typeof schema === 'string' ? schema : schema.type
    if (type === 'null') return null
    if (type === 'boolean') return take(from, 1)[0] === 1
    if (type === 'int') return Number(long(from))
    if (type === 'long') return long(from)
    if (type === 'double') return take(from, 8).readDoubleLE()
    if (type === 'bytes') return take(from, Number(long(from)))
    if (type === 'string') return take(from, Number(long(from))).toString()
    if (typeof schema === 'string') throw new Error(`unknown type ${schema}`)
    if (type === 'fixed') return take(from, schema['size'] as number)
    if (type === 'record') {
      const fields = schema['fields'] as { name: string; type: OracleSchema }[]
      return Object.fromEntries(fields.map(field => [field.name, read(field.type, from)]))
    }
    const pairs: [string, unknown][] = []
    const items: unknown[] = []
    for (let count = long(from); count !== 0n; count = long(from)) {
      for (let index = 0n; index < count; index++) {
        if (type === 'array') items.push(read(schema['items'] as OracleSchema, from))
        else pairs.push([take(from, Number(long(from))).toString(), read(schema['values'] as OracleSchema, from)])
      }
    }
    return type === 'array' ? items : Object.fromEntries(pairs)
  }
  const head = { buffer: bytes, at }
  const pairs = read({ type: 'map', values: 'bytes' }, head) as Record<string, Buffer>
  const metadata = Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, value.toString()]))
  const schema = JSON.parse(metadata['avro.schema']!) as OracleSchema
  const rows: Record<string, unknown>[] = []
  const blockBytes: number[] = []
  at = head.at + 16
  while (at < bytes.length) {
    const block = { buffer: bytes, at }
    const count = Number(long(block))
    const body = { buffer: inflateRawSync(take(block, Number(long(block)))), at: 0 }
    for (let index = 0; index < count; index++) rows.push(read(schema, body) as Record<string, unknown>)
    blockBytes.push(body.buffer.length)
    if (!take(block, 16).equals(bytes.subarray(head.at, head.at + 16))) throw new Error('sync')
    at = block.at
  }
  return { schema, metadata, rows, blockBytes }
}

/** All records of a schema by name, and all fields. */
export function schemaParts(schema: OracleSchema): {
  records: string[]
  fields: { name: string; type: OracleSchema; [key: string]: unknown }[]
} {
  if (typeof schema === 'string') return { records: [], fields: [] }
  if (Array.isArray(schema)) return joined(schema.map(schemaParts))
  if (schema.type !== 'record')
    return joined(schema['items'] === undefined ? [] : [schemaParts(schema['items'] as OracleSchema)])
  const fields = schema['fields'] as { name: string; type: OracleSchema }[]
  return joined([{ records: [schema['name'] as string], fields }, ...fields.map(field => schemaParts(field.type))])
}

function joined(parts: ReturnType<typeof schemaParts>[]): ReturnType<typeof schemaParts> {
  return { records: parts.flatMap(part => part.records), fields: parts.flatMap(part => part.fields) }
}
