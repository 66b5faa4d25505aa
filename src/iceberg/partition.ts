import { civilFromDays } from './civil-date.js'
import { isTimeGrain, ordinalRange, type TimeGrain } from './transforms.js'
import type { PartitionSpec, PartitionTuple, PartitionValue } from './types.js'

const FIRST_PARTITION_ID = 1000
const MS_PER_HOUR = 3_600_000
const HOURS_PER_DAY = 24
const GRAINS: readonly TimeGrain[] = ['year', 'month', 'day', 'hour']

/** The spec (spec-id 0) of a table cut by time, with one field such as `event_time_hour`. */
export function timeSpec(sourceId: number, sourceName: string, grain: TimeGrain): PartitionSpec {
  const field = {
    'source-id': sourceId,
    'field-id': FIRST_PARTITION_ID,
    name: `${sourceName}_${grain}`,
    transform: grain,
  }
  return { 'spec-id': 0, fields: [field] }
}

/**
 * The folder of a partition below the table's location, without a slash at either end; '' for an unpartitioned table.
 * Time is zero-padded and hive-shaped (`year=2026/month=01/day=22/hour=09`); a null is `__null__`. For people: readers use the tuple.
 */
export function partitionPath(spec: PartitionSpec, tuple: PartitionTuple): string {
  return spec.fields
    .filter(field => field.transform !== 'void')
    .map(field => {
      const value = tuple[field['field-id']] ?? null
      return isTimeGrain(field.transform)
        ? timePath(field.transform, value)
        : `${encode(field.name)}=${plainPath(value)}`
    })
    .join('/')
}

/** A text that is equal for equal tuples of one spec. */
export function partitionKey(spec: PartitionSpec, tuple: PartitionTuple): string {
  const values = spec.fields.map(field => {
    const value = tuple[field['field-id']] ?? null
    return Buffer.isBuffer(value) ? value.toString('hex') : value === null ? null : String(value)
  })
  return JSON.stringify([spec['spec-id'], ...values])
}

function timePath(grain: TimeGrain, value: PartitionValue): string {
  if (value === null) return 'year=__null__'
  const hours = ordinalRange(grain, Number(value)).startMs / MS_PER_HOUR
  const days = Math.floor(hours / HOURS_PER_DAY)
  const { year, month, day } = civilFromDays(days)
  const parts = [year, month, day, hours - days * HOURS_PER_DAY]
  return GRAINS.slice(0, GRAINS.indexOf(grain) + 1)
    .map((unit, index) => `${unit}=${padded(parts[index]!, unit === 'year' ? 4 : 2)}`)
    .join('/')
}

function padded(value: number, width: number): string {
  return `${value < 0 ? '-' : ''}${String(Math.abs(value)).padStart(width, '0')}`
}

function plainPath(value: PartitionValue): string {
  if (value === null) return '__null__'
  return encode(Buffer.isBuffer(value) ? value.toString('hex') : String(value))
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*.~]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
