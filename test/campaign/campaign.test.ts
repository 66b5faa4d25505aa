import { describe, expect, it } from 'vitest'
import { randomWorld, worldOfEach } from './campaign.js'
import { CATALOGUE, FAILURES } from './modes/catalogue.js'
import { tallyOf } from './tally.js'

// `npm run bench -- campaign --seed 200 --runs 2` repeats a world outside of the tests.
describe('the catalogue', () => {
  it('has each of the 34 failures, and what must become of it', () => {
    const numbers = new Set(CATALOGUE.map(({ id }) => id.slice(0, 2)))
    expect(FAILURES.filter(number => !numbers.has(number))).toEqual([])
    expect(new Set(CATALOGUE.map(({ id }) => id)).size).toBe(CATALOGUE.length)
  })

  it('gives a reason for what no rule is for', () => {
    const reasons = CATALOGUE.flatMap(({ must }) => (must.kind === 'uncovered' ? [must.why] : []))
    expect(reasons.filter(why => why.length < 20)).toEqual([])
    expect(reasons.length).toBeLessThan(8)
  })
})

describe('a fault campaign', () => {
  it('plants every mode, misses none that a rule is for, and holds nothing that is right', async () => {
    const each = await worldOfEach(1, CATALOGUE)
    const planted = each.lanes.flatMap(({ modes }) => modes.map(({ mode }) => mode))
    expect(planted.toSorted()).toEqual(CATALOGUE.map(({ id }) => id).toSorted())
    expect(tallyOf([each]).failures).toEqual([])
  })

  it('does so where two modes come together, and beside clean series', async () => {
    const { failures, paired, clean } = tallyOf([await randomWorld(200)])
    expect([failures, clean.alarms]).toEqual([[], 0])
    expect(paired.lanes).toBeGreaterThanOrEqual(10)
  })

  it('comes to the same outcome for the same seed', async () => {
    const [once, again] = [await randomWorld(201), await randomWorld(201)]
    expect(tallyOf([once])).toMatchObject({ failures: [], paired: { lanes: 8 }, clean: { lanes: 4, flagged: 0 } })
    expect(again).toEqual(once)
  })
})
