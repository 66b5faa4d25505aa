import { beforeAll, describe, expect, it } from 'vitest'
import { randomWorld, type WorldOutcome, worldOfEach } from './campaign.js'
import { CATALOGUE, FAILURES } from './modes/catalogue.js'
import { tallyOf } from './tally.js'

/** Worlds of the whole campaign; `npm run bench -- campaign --seed N --runs 2` repeats one of them. */
const SEEDS = [3, 12]

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
  let each: WorldOutcome
  const worlds: WorldOutcome[] = []
  beforeAll(async () => {
    each = await worldOfEach(1, CATALOGUE)
    for (const seed of SEEDS) worlds.push(await randomWorld(seed))
  })

  it('plants every mode', () => {
    const planted = each.lanes.flatMap(({ modes }) => modes.map(({ mode }) => mode))
    expect(planted.toSorted()).toEqual(CATALOGUE.map(({ id }) => id).toSorted())
  })

  it('misses no mode that a rule is for, and holds nothing that is right', () => {
    expect(tallyOf([each]).failures).toEqual([])
  })

  it('does so where two modes come together, and beside clean series', () => {
    const { failures, paired, clean } = tallyOf(worlds)
    expect(failures).toEqual([])
    expect(paired.lanes).toBeGreaterThanOrEqual(12)
    expect(clean.lanes).toBeGreaterThan(0)
  })

  it('comes to the same outcome for the same seed', async () => {
    expect(await randomWorld(SEEDS[0]!)).toEqual(worlds[0])
  })
})
