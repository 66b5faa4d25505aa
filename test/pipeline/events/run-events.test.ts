import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/core/errors.js'
import type { CloudEvent } from '../../../src/pipeline/events/cloud-event.js'
import { failureEvent, type RunMoves, runEvents } from '../../../src/pipeline/events/run-events.js'
import type { RunRecord } from '../../../src/pipeline/record/run-record.js'
import { pipeRecord, runRecord } from '../../support/run-records.js'
import { faultsOf } from './conformance.js'

const MOMENT = { source: 'urn:sluice:demo', runId: 'r1', time: '2026-02-01T00:00:00.000Z' }
const NOTHING: RunMoves = { breakers: [], freshness: [] }

function eventsOf(record: Partial<RunRecord>, moves: Partial<RunMoves> = {}): CloudEvent[] {
  const events = runEvents(runRecord(record), { ...NOTHING, ...moves }, MOMENT)
  for (const event of events) expect(faultsOf(JSON.stringify(event))).toEqual([])
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  return events
}

const finding = (text: string, rule = '*') => ({ rule, severity: 'error', text })
const failing = (pipe: string, text: string) =>
  pipeRecord({ pipe, in: 45, held: 5, quarantined: 40, verdict: 'fail', findings: [finding(text)] })
const bars = (text: string) => ({
  ...{ dataset: 'bars', verdict: 'fail' as const, breach_allowed: false },
  findings: [finding(text)],
})

describe('the events of a run', () => {
  it('are none when all went well', () => {
    expect(eventsOf({ pipes: [pipeRecord({ in: 3, accepted: 3, verdict: 'pass' })] })).toEqual([])
  })

  it('tell a failed gate once for a dataset, with each pipe that failed and its own figures', () => {
    const [event, ...others] = eventsOf({
      pipes: [failing('a', '40 of 45'), pipeRecord({ pipe: 'b', verdict: 'pass' }), failing('c', '41 of 45')],
      datasets: [bars('81 of 111')],
    })
    expect(others).toEqual([])
    expect(event).toMatchObject({
      id: 'r1/sluice.gate.failed/silver.bars',
      ...{ type: 'sluice.gate.failed', subject: 'silver.bars', source: 'urn:sluice:demo', time: MOMENT.time },
      data: {
        ...{ run_id: 'r1', dataset: 'silver.bars', published_all_the_same: false, pipes_failing: 2 },
        findings: [{ text: '81 of 111' }],
        pipes: [
          { pipe: 'a', in: 45, held: 5, quarantined: 40, findings: [{ rule: '*', text: '40 of 45' }] },
          { pipe: 'c', findings: [{ text: '41 of 45' }] },
        ],
      },
    })
  })

  it('stay small for ten thousand failing pipes with long reasons, and say how many there are', () => {
    const pipes = Array.from({ length: 10_000 }, (_, at) => failing(`pipe-${at}`, 'x'.repeat(5000)))
    const [event] = eventsOf({ pipes, datasets: [bars('all')] })
    expect(event?.data).toMatchObject({ pipes_failing: 10_000, pipes: { length: 50 } })
  })

  it('tell a gate of a model as SQL names its table', () => {
    const held = {
      dataset: 'gold.price_bars',
      verdict: 'fail' as const,
      breach_allowed: false,
      findings: [finding('1 of 9')],
    }
    expect(eventsOf({ datasets: [held] })).toMatchObject([
      { subject: 'gold.price_bars', data: { pipes_failing: 0, findings: [{ text: '1 of 9' }] } },
    ])
  })

  it('tell no gate again that was not asked, because a breaker holds the batch', () => {
    const shut = pipeRecord({ verdict: 'fail', findings: [finding('the breaker is open', 'breaker')] })
    expect(eventsOf({ pipes: [shut], datasets: [{ ...bars(''), findings: [] }] })).toEqual([])
  })

  it('tell breakers once for a dataset, and what went stale and fresh', () => {
    const moved = (dataset: string, pipe: string) => ({
      ...{ dataset, pipe, at: MOMENT.time, from: 'closed', to: 'open', why: '40 of 45 rows in error' },
    })
    const events = eventsOf(
      {},
      {
        breakers: [moved('bars', 'a'), moved('ticks', 'b'), moved('bars', 'c')],
        freshness: [
          { dataset: 'silver.bars', to: 'stale', since: MOMENT.time, pipes: ['a', 'c'], why: 'held back' },
          { dataset: 'gold.price_bars', to: 'fresh', since: '2026-01-01T00:00:00.000Z', pipes: [], why: '' },
        ],
      },
    )
    expect(events.map(({ type, subject, data }) => [type, subject, data])).toMatchObject([
      ['sluice.breaker.changed', 'silver.bars', { changed: 2, changes: [{ pipe: 'a', to: 'open' }, { pipe: 'c' }] }],
      ['sluice.breaker.changed', 'silver.ticks', { changed: 1 }],
      ['sluice.dataset.stale', 'silver.bars', { pipes_stale: 2, pipes: ['a', 'c'], why: 'held back' }],
      ['sluice.dataset.fresh', 'gold.price_bars', { stale_since: '2026-01-01T00:00:00.000Z' }],
    ])
  })

  it('tell that no provider answered, and that a run ended in an error', () => {
    const source = {
      ...{ pipe: 'nbp-a', source: 'nbp.rates', provider: 'nbp', intervals: [], requests: 1, bytes: 0, repeated: 0 },
      ...{ state: 'failed' as const, meaning: 'unavailable', why: 'HTTP 500' },
    }
    expect(eventsOf({ status: 'failed', sources: [source] })).toMatchObject([
      { type: 'sluice.run.failed', subject: 'r1', data: { message: 'nbp-a: unavailable: HTTP 500', pipes_failed: 1 } },
    ])
    const event = failureEvent(new SluiceError('SLUICE_INPUT_MISSING', 'There is no a.csv.'), MOMENT)
    expect(faultsOf(JSON.stringify(event))).toEqual([])
    expect(event.data).toMatchObject({ code: 'SLUICE_INPUT_MISSING', kind: 'invalid', message: 'There is no a.csv.' })
  })
})

describe('a check of events', () => {
  it.each([
    ['{}', 'id'],
    ['{ "dataSchema": "x" }', 'dataSchema'],
    ['{ "time": "yesterday" }', 'time is none of RFC 3339'],
    ['{ "source": "a b" }', 'source is no URI reference'],
  ])('finds what is wrong with %s', (text, fault) => {
    expect(faultsOf(JSON.stringify({ data: {}, ...JSON.parse(text) }))).toContain(fault)
  })
})
