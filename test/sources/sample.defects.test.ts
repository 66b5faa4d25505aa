import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleInterval } from '../../src/sources/sample/sample.js'
import { BAR_DEFECTS, EVENT_DEFECTS } from '../../src/sources/sample/sample-defects.js'
import { openSampleBench, type SampleBench } from './sample.bench.js'

type JsonRecord = Readonly<Record<string, unknown>>

let bench: SampleBench
let barLines: readonly string[]
let eventLines: readonly string[]
beforeAll(async () => {
  bench = await openSampleBench(2)
  barLines = (await bench.body('bars')).toString().trimEnd().split('\n')
  eventLines = (await bench.body('events')).toString().trimEnd().split('\n')
})
afterAll(() => bench.close())

test('every defect lies in the default interval', () => {
  for (const [kind, defects] of [
    ['bars', BAR_DEFECTS],
    ['events', EVENT_DEFECTS],
  ] as const) {
    const { startMs, endMs } = sampleInterval(kind)
    for (const { at } of defects) expect(Date.parse(at) >= startMs && Date.parse(at) < endMs, at).toBe(true)
  }
})

test('one line in each body cannot be read: it breaks off after the record it repeats', () => {
  for (const lines of [barLines, eventLines]) {
    const torn = lines.filter(line => parse(line) === undefined)
    expect(torn).toHaveLength(1)
    const before = lines[lines.indexOf(torn[0]!) - 1]!
    expect(before.startsWith(torn[0]!) && before !== torn[0]).toBe(true)
  }
})

test('duplicates are exact and stand next to each other', () => {
  expect(doubled(barLines).map(field('event_time'))).toEqual([
    '2024-11-20T00:00:00.000Z',
    '2024-11-21T00:00:00.000Z',
    '2024-11-22T00:00:00.000Z',
    '2025-04-08T00:00:00.000Z',
  ])
  expect(doubled(eventLines)).toHaveLength(16)
})

test('one key in each body comes with two different values', () => {
  expect(conflicts(barLines, record => `${record['instrument_id']} ${record['event_time']}`)).toEqual([
    'crypto:coingecko:ethereum 2025-06-12T00:00:00.000Z',
  ])
  expect(conflicts(eventLines, record => String(record['event_id']))).toEqual([expect.stringMatching(/^WRLD-/)])
})

test('one record in each body is of an instrument that nobody declared', () => {
  for (const lines of [barLines, eventLines]) {
    expect(records(lines).filter(record => record['instrument_id'] === 'crypto:coingecko:unlisted')).toHaveLength(1)
  }
})

test('one session of one instrument is missing', () => {
  const sessions = records(barLines).filter(record => String(record['event_time']).startsWith('2025-05-22'))
  expect(sessions).toHaveLength(7)
  expect(sessions.map(session => session['instrument_id'])).not.toContain('etf:XETR:WRLD')
})

test('three bars and three events have a price that is none', () => {
  expect(
    records(barLines)
      .map(record => record['close'])
      .filter(isBadPrice),
  ).toEqual([0, 'n/a', -1])
  expect(
    records(eventLines)
      .map(record => record['price'])
      .filter(isBadPrice),
  ).toEqual([0, 'n/a', -1])
})

test('one price has 25 digits', () => {
  const long = eventLines.flatMap(line => /"price":([\d.]{21,})/.exec(line)?.[1] ?? [])
  expect(long.map(text => text.replace('.', '').length)).toEqual([25])
})

test('the last event arrives a day late', () => {
  const last = parse(eventLines.at(-1)!)!
  expect(last['event_id']).toMatch(/-late$/)
  expect(last['event_time']).toMatch(/^2025-12-30T23:5/)
  const times = records(eventLines.slice(0, -1)).map(record => String(record['event_time']))
  expect(times).toEqual(times.toSorted())
})

test('some trades carry a field that the contract does not know', () => {
  const known = records(eventLines).filter(record => 'conditions' in record)
  expect(known.length).toBeGreaterThan(50)
  expect(known.every(record => record['event_type'] === 'trade')).toBe(true)
})

function parse(line: string): JsonRecord | undefined {
  try {
    return JSON.parse(line) as JsonRecord
  } catch {
    return undefined
  }
}

function records(lines: readonly string[]): JsonRecord[] {
  return lines.map(parse).filter(record => record !== undefined)
}

function field(name: string): (line: string) => unknown {
  return line => parse(line)?.[name]
}

function doubled(lines: readonly string[]): string[] {
  const repeated = lines.filter((line, index) => line === lines[index - 1])
  expect(lines.length - new Set(lines).size).toBe(repeated.length)
  return repeated
}

function conflicts(lines: readonly string[], keyOf: (record: JsonRecord) => string): string[] {
  const keys = records([...new Set(lines)]).map(keyOf)
  return keys.filter((key, index) => keys.indexOf(key) !== index)
}

function isBadPrice(price: unknown): boolean {
  return price !== null && !(typeof price === 'number' && price > 0)
}
