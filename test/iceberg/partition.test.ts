import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitionKey, partitionPath, timeSpec } from '../../src/iceberg/partition.js'
import { ordinalRange, type TimeGrain, transformOrdinal } from '../../src/iceberg/transforms.js'
import type { PartitionSpec } from '../../src/iceberg/types.js'

const GRAINS: readonly TimeGrain[] = ['hour', 'day', 'month', 'year']
const grain = fc.constantFrom(...GRAINS)
const moment = fc.date({ min: new Date('-000100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
const pathOf = (of: TimeGrain, ordinal: number | null) =>
  partitionPath(timeSpec(1, 'event_time', of), { 1000: ordinal })

describe('a time transform', () => {
  it('puts every moment into the range of its ordinal', () => {
    fc.assert(
      fc.property(grain, moment, fc.nat(999), (of, date, micros) => {
        const { startMs, endMs } = ordinalRange(
          of,
          transformOrdinal(of, BigInt(date.getTime()) * 1000n + BigInt(micros)),
        )
        expect(startMs).toBeLessThanOrEqual(date.getTime())
        expect(endMs).toBeGreaterThan(date.getTime())
      }),
    )
  })

  it('cuts where the calendar cuts, before 1970 too', () => {
    fc.assert(
      fc.property(moment, date => {
        const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
        expect(transformOrdinal('year', BigInt(date.getTime()) * 1000n)).toBe(year - 1970)
        expect(transformOrdinal('month', BigInt(date.getTime()) * 1000n)).toBe((year - 1970) * 12 + month)
        expect(transformOrdinal('day', BigInt(date.getTime()) * 1000n)).toBe(Math.floor(date.getTime() / 86_400_000))
      }),
    )
  })

  it('of the microsecond before 1970 is -1', () => {
    for (const of of GRAINS) expect(transformOrdinal(of, -1n), of).toBe(-1)
  })

  it('of a date takes its days', () => {
    expect(['day', 'month', 'year'].map(of => transformOrdinal(of as TimeGrain, 20_475))).toEqual([20_475, 672, 56])
  })
})

describe('a partition path', () => {
  it.each<[TimeGrain, string]>([
    ['hour', 'year=2026/month=01/day=22/hour=09'],
    ['day', 'year=2026/month=01/day=22'],
    ['month', 'year=2026/month=01'],
    ['year', 'year=2026'],
  ])('by %s is %s', (of, path) => {
    expect(pathOf(of, transformOrdinal(of, BigInt(Date.UTC(2026, 0, 22, 9, 59)) * 1000n))).toBe(path)
    expect(pathOf(of, null)).toBe('year=__null__')
  })

  it('agrees with ISO 8601 at any hour', () => {
    fc.assert(
      fc.property(
        moment.filter(date => date.getUTCFullYear() >= 0),
        date => {
          const iso = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)/.exec(date.toISOString())!
          const hour = transformOrdinal('hour', BigInt(date.getTime()) * 1000n)
          expect(pathOf('hour', hour)).toBe(`year=${iso[1]}/month=${iso[2]}/day=${iso[3]}/hour=${iso[4]}`)
        },
      ),
    )
  })

  it('of an identity value cannot leave its folder', () => {
    const spec: PartitionSpec = {
      'spec-id': 0,
      fields: [{ 'source-id': 2, 'field-id': 1000, name: 'q', transform: 'identity' }],
    }
    expect(partitionPath(spec, { 1000: 'a/b..=' })).toBe('q=a%2Fb%2E%2E%3D')
    expect(partitionPath({ 'spec-id': 0, fields: [] }, {})).toBe('')
  })

  it('and key of a tuple differ for null and its text', () => {
    const spec = timeSpec(1, 'event_time', 'hour')
    expect(spec).toEqual({
      'spec-id': 0,
      fields: [{ 'source-id': 1, 'field-id': 1000, name: 'event_time_hour', transform: 'hour' }],
    })
    expect(partitionKey(spec, { 1000: null })).not.toBe(partitionKey(spec, { 1000: 'null' }))
    expect(partitionKey(spec, { 1000: 5 })).toBe(partitionKey(spec, { 1000: 5n }))
  })
})
