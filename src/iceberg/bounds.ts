import { isUtf8 } from 'node:buffer'
import { decimalOf } from './schema-fields.js'
import type { PrimitiveType } from './types.js'

/**
 * A value of a primitive type: number for int, float, double and date (days); bigint for long, time and timestamps (microseconds)
 * and for a decimal's unscaled value; Buffer for binary, fixed and uuid.
 */
export type BoundValue = boolean | number | bigint | string | Buffer

/** Strings and binaries are cut to this many code points or bytes. */
const BOUND_LENGTH = 16
const SURROGATES = { first: 0xd800, last: 0xdfff }
const LAST_CODE_POINT = 0x10ffff

/** The single-value serialisation (spec, appendix D). The value must fit the type. */
export function encodeValue(type: PrimitiveType, value: BoundValue): Buffer {
  switch (type) {
    case 'boolean':
      return Buffer.from([value === true ? 1 : 0])
    case 'int':
    case 'date':
      return written(4, buffer => buffer.writeInt32LE(Number(value)))
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return written(8, buffer => buffer.writeBigInt64LE(BigInt(value as bigint)))
    case 'float':
      return written(4, buffer => buffer.writeFloatLE(Number(value)))
    case 'double':
      return written(8, buffer => buffer.writeDoubleLE(Number(value)))
    case 'string':
      return Buffer.from(value as string)
    default:
      return decimalOf(type) === undefined ? (value as Buffer) : encodeUnscaled(value as bigint)
  }
}

/**
 * The inverse of `encodeValue`, or undefined for bytes that are no value of the type. Bounds written before the column
 * was widened (int, float) are read as the wider type.
 */
export function decodeValue(type: PrimitiveType, bytes: Buffer): BoundValue | undefined {
  switch (type) {
    case 'boolean':
      return bytes.length === 1 ? bytes[0] !== 0 : undefined
    case 'int':
    case 'date':
      return bytes.length === 4 ? bytes.readInt32LE() : undefined
    case 'long':
      return bytes.length === 4 ? BigInt(bytes.readInt32LE()) : decodeLong(bytes)
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return decodeLong(bytes)
    case 'float':
      return bytes.length === 4 ? bytes.readFloatLE() : undefined
    case 'double':
      return bytes.length === 4 ? bytes.readFloatLE() : bytes.length === 8 ? bytes.readDoubleLE() : undefined
    case 'string':
      return isUtf8(bytes) ? bytes.toString() : undefined
    default:
      return decimalOf(type) === undefined ? bytes : decodeUnscaled(bytes)
  }
}

/** Negative, zero or positive, as the table orders values: strings by code point, bytes unsigned. Both values must be of one type. */
export function compareValues(left: BoundValue, right: BoundValue): number {
  if (typeof left === 'string') return compareCodePoints(left, right as string)
  if (Buffer.isBuffer(left)) return Buffer.compare(left, right as Buffer)
  return left < right ? -1 : left > right ? 1 : 0
}

/** A value not above `value`, short enough for a lower bound. */
export function lowerBoundOf(value: BoundValue): BoundValue {
  if (typeof value === 'string') return [...value.slice(0, 2 * BOUND_LENGTH)].slice(0, BOUND_LENGTH).join('')
  return Buffer.isBuffer(value) ? value.subarray(0, BOUND_LENGTH) : value
}

/** A value not below `value`, short enough for an upper bound; undefined when there is none. */
export function upperBoundOf(value: BoundValue): BoundValue | undefined {
  const prefix = lowerBoundOf(value)
  if (typeof value === 'string') return prefix === value ? value : nextString([...(prefix as string)])
  if (Buffer.isBuffer(value)) return value.length <= BOUND_LENGTH ? value : nextBytes(prefix as Buffer)
  return value
}

/** The least text above all texts with this prefix: its last code point that can grow, grown by one. */
function nextString(codePoints: readonly string[]): string | undefined {
  for (let length = codePoints.length; length > 0; length--) {
    const last = codePoints[length - 1]!.codePointAt(0)!
    if (last === LAST_CODE_POINT) continue
    const next = last + 1 === SURROGATES.first ? SURROGATES.last + 1 : last + 1
    return codePoints.slice(0, length - 1).join('') + String.fromCodePoint(next)
  }
  return undefined
}

function nextBytes(prefix: Buffer): Buffer | undefined {
  for (let length = prefix.length; length > 0; length--) {
    if (prefix[length - 1] === 0xff) continue
    const next = Buffer.from(prefix.subarray(0, length))
    next[length - 1]! += 1
    return next
  }
  return undefined
}

/** UTF-16 order differs from code-point order only where a surrogate meets a higher unit. */
function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  let at = 0
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at++
  if (at === length) return left.length - right.length
  return rank(left.charCodeAt(at)) - rank(right.charCodeAt(at))
}

function rank(unit: number): number {
  return unit >= SURROGATES.first && unit <= SURROGATES.last ? unit + 0x10000 : unit
}

/** The fewest bytes of two's complement, big-endian. */
function encodeUnscaled(value: bigint): Buffer {
  const magnitude = value < 0n ? ~value : value
  const size = Math.floor(magnitude.toString(16).length / 2) + 1
  const bytes = Buffer.from(
    BigInt.asUintN(8 * size, value)
      .toString(16)
      .padStart(2 * size, '0'),
    'hex',
  )
  const spare = size > 1 && (bytes[0] === 0 || bytes[0] === 0xff) && (bytes[0]! ^ bytes[1]!) < 0x80
  return spare ? bytes.subarray(1) : bytes
}

function decodeUnscaled(bytes: Buffer): bigint | undefined {
  return bytes.length === 0 ? undefined : BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`))
}

function decodeLong(bytes: Buffer): bigint | undefined {
  return bytes.length === 8 ? bytes.readBigInt64LE() : undefined
}

function written(size: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(size)
  write(buffer)
  return buffer
}
