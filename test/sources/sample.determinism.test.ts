import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SluiceError } from '../../src/core/errors.js'
import { sampleInterval, sampleSql } from '../../src/sources/sample/sample.js'
import { openSampleBench, type SampleBench } from './sample.bench.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let bench: SampleBench
beforeAll(async () => {
  bench = await openSampleBench(2)
})
afterAll(() => bench.close())

describe.each(['bars', 'events'] as const)('the sample of %s', kind => {
  test('has the same bytes with one thread and with two', async () => {
    const single = await openSampleBench(1)
    const alone = await single.body(kind)
    single.close()
    expect(alone.equals(await bench.body(kind))).toBe(true)
  })

  test('gives other values for another seed', async () => {
    expect((await bench.body(kind, { seed: 2 })).equals(await bench.body(kind))).toBe(false)
  })

  test('gives the lines of the whole when it is asked for in parts', async () => {
    const { endMs } = sampleInterval(kind)
    const startMs = endMs - (kind === 'bars' ? 400 * DAY_MS : 36 * HOUR_MS)
    const whole = await bench.body(kind, { startMs })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: startMs, max: endMs }), async cutMs => {
        const before = await bench.body(kind, { startMs, endMs: cutMs })
        const after = await bench.body(kind, { startMs: cutMs })
        expect(Buffer.concat([before, after]).equals(whole)).toBe(true)
      }),
      { numRuns: 5, examples: [[endMs], [endMs - 1], [startMs]] },
    )
  })

  test('answers with nothing for an interval that is empty or reversed', async () => {
    const { startMs, endMs } = sampleInterval(kind)
    expect(await bench.body(kind, { endMs: startMs })).toHaveLength(0)
    expect(await bench.body(kind, { startMs: endMs, endMs: startMs })).toHaveLength(0)
  })

  test('answers for intervals long past and far ahead, and without defects there', async () => {
    for (const day of ['1950-03-06T00:00Z', '2190-03-01T00:00Z']) {
      const startMs = Date.parse(day)
      const body = (await bench.body(kind, { startMs, endMs: startMs + DAY_MS })).toString()
      const records = body
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, unknown>)
      expect(new Set(records.map(record => record['instrument_id'])).size).toBe(8)
      expect(records.every(record => String(record['event_time']).startsWith(day.slice(0, 10)))).toBe(true)
    }
  })

  test('ends every line with one newline and has no carriage return, quote doubling or byte order mark', async () => {
    const body = (await bench.body(kind)).toString()
    expect(body.endsWith('}\n')).toBe(true)
    expect(body).not.toMatch(/\r|""|\n\n|^\ufeff/)
  })

  test.each([Number.NaN, 0.5, Number.POSITIVE_INFINITY])('refuses the seed %s', seed => {
    expect(() => sampleSql(kind, { seed, ...sampleInterval(kind) })).toThrow(SluiceError)
  })
})
