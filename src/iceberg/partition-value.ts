import { type BoundValue, decodeValue, encodeValue } from './bounds.js'
import { decimalBytes } from './manifest-schema.js'
import { decimalOf } from './schema-fields.js'
import type { PartitionValue, PrimitiveType } from './types.js'

/** A partition value as Avro stores it: a decimal becomes sign-extended bytes of fixed size. */
export function fixedBytes(type: PrimitiveType, value: PartitionValue): PartitionValue {
  const decimal = decimalOf(type)
  if (decimal === undefined || typeof value !== 'bigint') return value
  const minimal = encodeValue(type, value)
  const bytes = Buffer.alloc(decimalBytes(decimal.precision), value < 0n ? 0xff : 0)
  minimal.copy(bytes, bytes.length - minimal.length)
  return bytes
}

/** A partition value as a value of its type, comparable with bounds; undefined for null. */
export function boundValueOf(type: PrimitiveType, value: PartitionValue): BoundValue | undefined {
  if (value === null) return undefined
  return Buffer.isBuffer(value) && decimalOf(type) !== undefined ? decodeValue(type, value) : value
}
