import { civilFromDays, daysFromCivil } from './civil-date.js'
import type { PrimitiveType, Transform } from './types.js'

/** The calendar units by which a table can be partitioned. */
export type TimeGrain = 'hour' | 'day' | 'month' | 'year'

const MICROS_PER_HOUR = 3_600_000_000n
const MICROS_PER_DAY = 24n * MICROS_PER_HOUR
const MS_PER_HOUR = 3_600_000
const MS_PER_DAY = 24 * MS_PER_HOUR

/** Whether a transform cuts time; its values are ordinals since 1970. */
export function isTimeGrain(transform: Transform): transform is TimeGrain {
  return transform === 'hour' || transform === 'day' || transform === 'month' || transform === 'year'
}

/**
 * The partition value of a moment: hours, days, months or years since 1970, rounded down.
 * `value` is days since 1970 for a date, microseconds since 1970 for a timestamp.
 */
export function transformOrdinal(grain: TimeGrain, value: number | bigint): number {
  if (grain === 'hour') return Number(floorDivide(BigInt(value), MICROS_PER_HOUR))
  const days = typeof value === 'number' ? value : Number(floorDivide(value, MICROS_PER_DAY))
  if (grain === 'day') return days
  const { year, month } = civilFromDays(days)
  return grain === 'month' ? (year - 1970) * 12 + month - 1 : year - 1970
}

/** The half-open range `[startMs, endMs)` of a partition value, in milliseconds since 1970, UTC. */
export function ordinalRange(grain: TimeGrain, ordinal: number): { readonly startMs: number; readonly endMs: number } {
  return { startMs: startOf(grain, ordinal), endMs: startOf(grain, ordinal + 1) }
}

/** The type of a transform's values. */
export function transformedType(transform: Transform, source: PrimitiveType): PrimitiveType {
  if (transform === 'day') return 'date'
  if (isTimeGrain(transform) || transform.startsWith('bucket')) return 'int'
  return source
}

function startOf(grain: TimeGrain, ordinal: number): number {
  if (grain === 'hour') return ordinal * MS_PER_HOUR
  if (grain === 'day') return ordinal * MS_PER_DAY
  const months = grain === 'month' ? ordinal : ordinal * 12
  const year = 1970 + Math.floor(months / 12)
  return daysFromCivil({ year, month: months - (year - 1970) * 12 + 1, day: 1 }) * MS_PER_DAY
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value % divisor < 0n ? quotient - 1n : quotient
}
