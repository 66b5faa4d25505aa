import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.js'
import {
  admit,
  afterBatch,
  type BatchJudgement,
  BREAKER_DEFAULTS,
  type BreakerMoment,
  type PipeBreaker,
  PROBE_MS,
  reset,
  trip,
} from '../../src/quality/pipe-breaker.js'

const NOW = Date.UTC(2026, 1, 1)
const HOUR = 3_600_000
const PASSED: BatchJudgement = { outcome: 'passed' }
const NONE: BatchJudgement = { outcome: 'none' }
const failed = (rows: number, trips = false): BatchJudgement => ({ outcome: 'failed', rows, trips, why: `${rows} bad` })

function at(runId: string, nowMs = NOW, random = () => 0): BreakerMoment {
  return { runId, nowMs, random, terms: BREAKER_DEFAULTS }
}

/** A run as the engine does it: asks, and says how its batch was. */
function ran(breaker: PipeBreaker | undefined, judgement: BatchJudgement, moment: BreakerMoment) {
  const asked = admit(breaker, moment)
  return {
    admission: asked.admission,
    breaker: afterBatch(asked.breaker, asked.admission, judgement, moment),
  }
}

describe('a data breaker', () => {
  it('opens when more than one row of a batch is in error and its gate fails', () => {
    const { breaker } = ran(undefined, failed(2), at('bad'))
    expect(breaker).toMatchObject({ state: 'open', openings: 1, why: '2 bad', openUntilMs: NOW + HOUR })
    expect(breaker?.changes).toEqual([
      { at: '2026-02-01T00:00:00.000Z', from: 'closed', to: 'open', why: '2 bad', run_id: 'bad' },
    ])
  })

  it('gives each of its changes a time of its own, later than the one before, whatever the clock of who makes it says', () => {
    const [first, second, third] = [
      trip(undefined, 'a', at('a')),
      trip(trip(undefined, 'a', at('a')), 'b', at('b', NOW - HOUR)),
      reset(trip(undefined, 'a', at('a')), 'c', at('c')),
    ]
    const times = [first, second, third].map(({ changes }) => changes.at(-1)!.at)
    expect(times).toEqual(['2026-02-01T00:00:00.000Z', '2026-02-01T00:00:00.001Z', '2026-02-01T00:00:00.001Z'])
    // What was judged in between does not forget when the last change was.
    const judged = afterBatch(reset(first, 'c', at('c')), 'pass', failed(1), at('d'))
    expect(trip(judged, 'e', at('e')).changes.at(-1)!.at).toBe('2026-02-01T00:00:00.002Z')
  })

  it('stays closed for one outlier, also for the next after a good batch', () => {
    const first = ran(undefined, failed(1), at('a')).breaker
    expect(first).toMatchObject({ state: 'closed', strikes: 1 })
    const good = ran(first, PASSED, at('b')).breaker
    expect(ran(ran(good, failed(1), at('c')).breaker, failed(1), at('d')).breaker).toMatchObject({
      state: 'closed',
      strikes: 2,
    })
  })

  it('opens for single bad rows when three batches in a row have one', () => {
    const two = ran(ran(undefined, failed(1), at('a')).breaker, failed(1), at('b')).breaker
    expect(ran(two, failed(1), at('c')).breaker?.state).toBe('open')
  })

  it('opens for one row when the failed test says so', () => {
    expect(ran(undefined, failed(1, true), at('a')).breaker?.state).toBe('open')
  })

  it('holds every batch until its cool-down is over, then lets one run probe and holds the others', () => {
    const open = ran(undefined, failed(9), at('bad')).breaker
    expect(ran(open, PASSED, at('early', NOW + HOUR - 1))).toEqual({ admission: 'hold', breaker: open })
    const half = admit(open, at('probe', NOW + HOUR))
    expect(half).toMatchObject({ admission: 'probe', breaker: { state: 'half_open', probe: { runId: 'probe' } } })
    expect(admit(half.breaker, at('other', NOW + HOUR + 1)).admission).toBe('hold')
    expect(admit(half.breaker, at('probe', NOW + HOUR + 1)).admission).toBe('probe')
  })

  it('closes after a good probe, and opens twice as long after each bad one, up to the longest', () => {
    let breaker = ran(undefined, failed(9), at('r0')).breaker
    const lengths = []
    for (let run = 1; run <= 7; run++) {
      const nowMs = breaker!.openUntilMs!
      breaker = ran(breaker, failed(9), at(`r${run}`, nowMs)).breaker
      lengths.push((breaker!.openUntilMs! - nowMs) / HOUR)
    }
    expect(lengths).toEqual([2, 4, 8, 16, 24, 24, 24])
    const { breaker: closed } = ran(breaker, PASSED, at('good', breaker!.openUntilMs))
    expect(closed).toMatchObject({ state: 'closed', openings: 0, strikes: 0 })
    expect(closed?.changes.map(({ from, to }) => [from, to])).toEqual([
      ['open', 'half_open'],
      ['half_open', 'closed'],
    ])
  })

  it('may be probed again at once when a probe brought nothing', () => {
    const open = ran(undefined, failed(9), at('bad')).breaker
    const { breaker } = ran(open, NONE, at('empty', NOW + HOUR))
    expect(breaker).toMatchObject({ state: 'open', openings: 1 })
    expect(admit(breaker, at('next', NOW + HOUR)).admission).toBe('probe')
  })

  it('gives a probe that was not heard of to another run', () => {
    const open = ran(undefined, failed(9), at('bad')).breaker
    const lost = admit(open, at('dead', NOW + HOUR)).breaker
    const later = NOW + HOUR + PROBE_MS
    expect(ran(lost, PASSED, at('next', later))).toMatchObject({ admission: 'probe', breaker: { state: 'closed' } })
    expect(afterBatch(admit(lost, at('next', later)).breaker, 'probe', PASSED, at('dead', later))).toMatchObject({
      state: 'half_open',
      probe: { runId: 'next' },
    })
  })

  it('stays open up to a fifth longer, by chance', () => {
    const random = seededRandom(7)
    const ends = Array.from({ length: 50 }, () => ran(undefined, failed(9), at('a', NOW, random)).breaker!.openUntilMs!)
    expect(new Set(ends).size).toBe(50)
    for (const end of ends) expect(end - NOW).toSatisfy((ms: number) => ms >= HOUR && ms <= 1.2 * HOUR)
  })

  it('is opened and closed by hand', () => {
    const open = trip(undefined, 'bad feed', at('hand'))
    expect(open).toMatchObject({ state: 'open', why: 'bad feed' })
    expect(ran(open, PASSED, at('r')).admission).toBe('hold')
    expect(trip(open, 'still', at('hand again', NOW + 1))).toMatchObject({
      openings: open.openings,
      openUntilMs: open.openUntilMs! + 1,
    })
    expect(reset(open, 'looked at it', at('hand2'))).toMatchObject({ state: 'closed', openings: 0 })
  })

  it('is the same when a run that died says again how its batch was', () => {
    const judgement = fc.oneof(
      fc.constantFrom(PASSED, NONE),
      fc
        .record({ rows: fc.integer({ min: 1, max: 3 }), trips: fc.boolean() })
        .map(({ rows, trips }) => failed(rows, trips)),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(judgement, fc.integer({ min: 0, max: 30 })), { maxLength: 12 }), steps => {
        let breaker: PipeBreaker | undefined
        let nowMs = NOW
        for (const [index, [how, hours]] of steps.entries()) {
          nowMs += hours * HOUR
          const moment = at(`r${index}`, nowMs)
          const once = ran(breaker, how, moment)
          expect(afterBatch(once.breaker, once.admission, how, moment)).toEqual(once.breaker)
          breaker = once.breaker
          // Not closed: it says until when. Closed: nothing is left of its openings.
          if (breaker !== undefined) expect(breaker.state === 'closed').toBe(breaker.openUntilMs === undefined)
        }
      }),
    )
  })
})
