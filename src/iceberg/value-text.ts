import type { BoundValue } from './bounds.js'
import { daysFromCivil } from './civil-date.js'
import { decimalOf } from './schema-fields.js'
import type { PrimitiveType } from './types.js'

const MICROS_PER_SECOND = 1_000_000n
const MICROS_PER_DAY = 86_400n * MICROS_PER_SECOND
const DATE = /^(\d{4,6})-(\d\d)-(\d\d)$/
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/
const TIMESTAMP = /^(\d{4,6}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|\+00(?::?00)?)?$/
const FLOATS: Readonly<Record<string, number>> = { inf: Infinity, '-inf': -Infinity }

/**
 * A value from its text as DuckDB prints it, or undefined when the text is not an exact, finite value of the type:
 * for a bound, unknown is safe and wrong is not. A timestamp with zone must be in UTC.
 */
export function parseValue(type: PrimitiveType, text: string): BoundValue | undefined {
  switch (type) {
    case 'boolean':
      return text === '1' || text === 'true' ? true : text === '0' || text === 'false' ? false : undefined
    case 'int':
      return parseInteger(text, 32, Number)
    case 'long':
      return parseInteger(text, 64, BigInt)
    case 'float':
    case 'double':
      return parseFloating(type, text)
    case 'date':
      return parseDays(text)
    case 'time':
      return parseTime(text)
    case 'timestamp':
    case 'timestamptz':
      return parseTimestamp(type, text)
    case 'string':
      return text
    default:
      return parseDecimal(type, text) ?? parseBytes(type, text)
  }
}

function parseInteger<Value>(text: string, bits: number, convert: (text: string) => Value): Value | undefined {
  if (!/^-?\d{1,20}$/.test(text) || BigInt.asIntN(bits, BigInt(text)) !== BigInt(text)) return undefined
  return convert(text)
}

function parseFloating(type: 'float' | 'double', text: string): number | undefined {
  const value = FLOATS[text] ?? (/^-?\d/.test(text) ? Number(text) : Number.NaN)
  return Number.isNaN(value) ? undefined : type === 'float' ? Math.fround(value) : value
}

function parseDays(text: string): number | undefined {
  const match = DATE.exec(text)
  return match === null
    ? undefined
    : daysFromCivil({ year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) })
}

function parseTime(text: string): bigint | undefined {
  const match = TIME.exec(text)
  if (match === null) return undefined
  const seconds = BigInt(match[1]!) * 3600n + BigInt(match[2]!) * 60n + BigInt(match[3]!)
  return seconds * MICROS_PER_SECOND + BigInt((match[4] ?? '').padEnd(6, '0'))
}

function parseTimestamp(type: 'timestamp' | 'timestamptz', text: string): bigint | undefined {
  const match = TIMESTAMP.exec(text)
  if (match === null || (type === 'timestamptz') !== (match[3] !== undefined)) return undefined
  const [days, time] = [parseDays(match[1]!), parseTime(match[2]!)]
  return days === undefined || time === undefined ? undefined : BigInt(days) * MICROS_PER_DAY + time
}

function parseDecimal(type: PrimitiveType, text: string): bigint | undefined {
  const decimal = decimalOf(type)
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (decimal === undefined || match === null) return undefined
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > decimal.scale) return undefined
  const unscaled = BigInt(match[2]! + fraction.padEnd(decimal.scale, '0'))
  if (unscaled >= 10n ** BigInt(decimal.precision)) return undefined
  return match[1] === '-' ? -unscaled : unscaled
}

function parseBytes(type: PrimitiveType, text: string): Buffer | undefined {
  const hex = type === 'uuid' ? text.replaceAll('-', '') : text
  const whole = type === 'uuid' ? hex.length === 32 : type === 'binary' || type.startsWith('fixed')
  return whole && /^(?:[0-9a-fA-F]{2})*$/.test(hex) ? Buffer.from(hex, 'hex') : undefined
}
