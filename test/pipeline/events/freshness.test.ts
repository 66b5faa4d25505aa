import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterRun, type FreshnessBook, type Seen } from '../../../src/pipeline/events/freshness.js'
import { goneParts, seenDatasets } from '../../../src/pipeline/events/seen-datasets.js'
import { pipeRecord } from '../../support/run-records.js'

const bad = (part: string, why = 'held back'): Seen => ({ dataset: 'silver.bars', part, stale: why })
const good = (part: string): Seen => ({ dataset: 'silver.bars', part, stale: undefined })
const at = (runId: string) => ({ runId, at: `2026-02-0${runId.slice(1)}T00:00:00.000Z` })

function told(runs: readonly (readonly Seen[])[]): string[][] {
  let book: FreshnessBook = {}
  return runs.map((seen, index) => {
    const after = afterRun(book, seen, at(`r${index + 1}`))
    book = after.book
    return after.moves.map(({ dataset, to }) => `${dataset} ${to}`)
  })
}

describe('freshness', () => {
  it('turns when the first part goes stale and when the last is fresh again, and is told only then', () => {
    expect(
      told([[good('a')], [bad('a')], [bad('b')], [good('a')], [bad('b')], [good('b'), good('a')], [good('a')]]),
    ).toEqual([[], ['silver.bars stale'], [], [], [], ['silver.bars fresh'], []])
  })

  it('knows since when and why', () => {
    const { book, moves } = afterRun({}, [bad('a', 'blocked: a page')], at('r1'))
    expect(moves).toEqual([
      { dataset: 'silver.bars', to: 'stale', since: '2026-02-01T00:00:00.000Z', pipes: ['a'], why: 'blocked: a page' },
    ])
    expect(afterRun(book, [good('a')], at('r2')).moves).toMatchObject([
      { to: 'fresh', since: '2026-02-01T00:00:00.000Z' },
    ])
  })

  it('is the same said twice for a run, and for any order of what was seen', () => {
    const parts = fc.array(fc.record({ part: fc.constantFrom('a', 'b', 'c'), stale: fc.boolean() }), { maxLength: 4 })
    const run = parts.map(list => [
      ...new Map(list.map(({ part, stale }) => [part, stale ? bad(part) : good(part)])).values(),
    ])
    fc.assert(
      fc.property(fc.array(run, { maxLength: 6 }), runs => {
        let book: FreshnessBook = {}
        for (const [index, seen] of runs.entries()) {
          const moment = { runId: `r${index}`, at: '2026-02-01T00:00:00.000Z' }
          const once = afterRun(book, seen, moment)
          const twice = afterRun(once.book, [...seen].reverse(), moment)
          expect(twice.book).toBe(once.book)
          expect(twice.moves).toEqual(once.moves)
          book = once.book
        }
      }),
    )
  })
})

describe('what a run saw', () => {
  const source = {
    ...{ source: 'nbp.rates', provider: 'nbp', intervals: [], requests: 1, bytes: 0, repeated: 0 },
    ...{ meaning: 'unavailable', why: 'HTTP 500' },
  }
  const declared = [
    { name: 'p', contract: 'bars' },
    { name: 'q', contract: 'bars' },
    { name: 'a', contract: 'fx_rates' },
    { name: 'b', contract: 'fx_rates' },
  ]

  it('is stale for what was held, not answered or could not be derived, fresh for what was published', () => {
    expect(
      seenDatasets({
        declared,
        inputs: [
          { pipe: 'p', held: true },
          { pipe: 'p' },
          { pipe: 'q' },
          { pipe: 'a' },
          { pipe: 'input-bars', held: true },
        ],
        pipes: [
          pipeRecord({
            pipe: 'p',
            verdict: 'fail',
            findings: [{ rule: '*', severity: 'error', text: '3 of 4' }],
          }),
          pipeRecord({ pipe: 'q', in: 1, accepted: 1 }),
          pipeRecord({ pipe: 'input-bars', in: 1, held: 1 }),
          pipeRecord({ pipe: 'a', dataset: 'fx_rates', in: 1, accepted: 1 }),
        ],
        sources: [
          { ...source, pipe: 'a', state: 'failed' },
          { ...source, pipe: 'b', state: 'not finished' },
          { ...source, pipe: 'unknown', state: 'failed' },
        ],
        derived: [
          { name: 'gold.x', outcome: 'waiting' },
          { name: 'gold.y', outcome: 'untouched' },
        ],
      }),
    ).toEqual([
      { dataset: 'silver.fx_rates', part: 'a', stale: 'unavailable: HTTP 500' },
      { dataset: 'silver.bars', part: 'p', stale: 'held back: 3 of 4' },
      { dataset: 'silver.bars', part: 'q', stale: undefined },
      { dataset: 'gold.x', part: '', stale: 'a table that it reads was held or failed' },
      { dataset: 'gold.y', part: '', stale: undefined },
    ])
  })

  it('is no longer missed when its pipe or model is gone', () => {
    const standing = (...stale: string[]) => ({ stale, why: '', since: '', turnedBy: 'r1' })
    const book = { 'silver.bars': standing('p', 'x'), 'gold.old': standing(''), 'gold.new': standing('') }
    expect(goneParts(book, { pipes: [{ name: 'p' }], models: [{ table: 'new' }] })).toEqual([
      { dataset: 'silver.bars', part: 'x', stale: undefined },
      { dataset: 'gold.old', part: '', stale: undefined },
    ])
  })
})
