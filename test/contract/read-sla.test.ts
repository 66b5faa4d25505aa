import { describe, expect, it } from 'vitest'
import type { SluiceError } from '../../src/core/errors.js'
import { observations } from '../support/detecting.js'

const FRESH = { detector: 'freshness' }

/** What the detector freshness asks for under these properties. */
function asked(sla: readonly string[], more = {}) {
  const [check] = observations([{ ...FRESH, ...more }], sla).checks
  return check!.detector!.arguments
}

function faultOf(...sla: readonly string[]): { message: string; line: number | undefined } {
  try {
    observations([FRESH], sla)
  } catch (thrown) {
    const { message, details } = thrown as SluiceError
    return { message, line: details?.place?.line }
  }
  return { message: 'no fault', line: undefined }
}

describe('latency and frequency of a contract', () => {
  it.each<[string, string[], { max_sessions: number; after_hours: number }]>([
    ['nothing is stated', [], { max_sessions: 3, after_hours: 0 }],
    ['rows come a day late', ['{ property: latency, value: 1, unit: d }'], { max_sessions: 1, after_hours: 0 }],
    [
      'rows come some hours late',
      ['{ property: latency, value: 90, unit: min }'],
      { max_sessions: 0, after_hours: 1.5 },
    ],
    ['both', ['{ property: latency, value: 1.5, unit: days }'], { max_sessions: 1, after_hours: 12 }],
    [
      'they come once a week',
      ['{ property: latency, value: 1, unit: d }', '{ property: frequency, value: 1, unit: w }'],
      { max_sessions: 7, after_hours: 0 },
    ],
    ['they come every hour', ['{ property: frequency, value: 1, unit: h }'], { max_sessions: 3, after_hours: 0 }],
    ['another promise is made', ['{ property: retention, value: 5, unit: y }'], { max_sessions: 3, after_hours: 0 }],
  ])('say when a pipe is late: %s', (_, sla, expected) => {
    expect(asked(sla)).toEqual(expected)
  })

  it('say how long rows stay', () => {
    expect(observations([FRESH], ['{ property: retention, value: 2, unit: d }']).retentionHours).toBe(48)
    expect(observations([FRESH], []).retentionHours).toBeUndefined()
  })

  it('give way to what the detector itself is told', () => {
    expect(asked(['{ property: latency, value: 4, unit: d }'], { max_sessions: 2 })).toMatchObject({ max_sessions: 2 })
  })

  it('may name the dataset, and its event time', () => {
    for (const element of ['observations', 'observations.event_time', 'event_time'])
      expect(asked([`{ property: latency, value: 2, unit: d, element: ${element} }`])).toMatchObject({
        max_sessions: 2,
      })
  })

  it.each([
    ['{ property: latancy, value: 1, unit: d }', /unknown property `latancy`, nearest is `latency`/],
    ['{ property: retenton, value: 1, unit: d }', /unknown property `retenton`, nearest is `retention`/],
    ['{ property: retention, value: 0, unit: d }', /`retention` must be a number, more than zero/],
    ['{ property: retention, value: 3 }', /`retention` needs a unit: s, min, h, d, w, mo, y/],
    ['{ property: retention, value: 3, unit: m }', /`retention` needs a unit/],
    ['{ property: latency, value: 1 }', /`latency` needs a unit: s, min, h, d, w, mo, y/],
    ['{ property: latency, value: 1, unit: fortnight }', /the unit `fortnight` is unknown/],
    ['{ property: latency, value: 1, unit: m }', /the unit `m` may be minutes or months/],
    ['{ property: latency, value: -1, unit: d }', /`latency` must be a number, zero or more/],
    ['{ property: latency, value: soon, unit: d }', /`latency` must be a number/],
    ['{ property: frequency, value: 0, unit: d }', /`frequency` must be a number, more than zero/],
    ['{ property: latency, value: 1, unit: d, element: bars.event_time }', /is no part of observations/],
    ['{ property: latency, value: 1, unit: d, element: observations.event_tim }', /nearest is `event_time`/],
    [
      '{ property: latency, value: 1, unit: d, element: close }',
      /counted from the event time, `observations.event_time`/,
    ],
  ])('are refused with their cause and place where they are wrong: %s', (entry, words) => {
    const { message, line } = faultOf(entry)
    expect(message).toMatch(words)
    expect(line).toBe(26)
  })

  it('are refused when they stand there twice', () => {
    const entry = '{ property: latency, value: 1, unit: d }'
    expect(faultOf(entry, entry).message).toMatch(/`latency` stands here twice/)
  })
})
