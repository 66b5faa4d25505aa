import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { faultOfRace } from '../../src/storage/probe/race.js'

it.each([
  [['created', 'exists', 'exists'], 0],
  [['exists', 'unknown', 'exists'], 1],
  [['unknown', 'created', 'exists'], 1],
  [['unknown', 'unknown', 'unknown'], 2],
] as const)('finds nothing wrong with one winner: %j, the bytes of %i', (outcomes, kept) => {
  expect(faultOfRace({ outcomes, kept })).toBeUndefined()
})

it.each([
  [['created', 'created', 'exists'], 1, '2 of 3 writers created the same object'],
  [['created', 'unknown', 'exists'], 1, '2 of 3 writers created the same object'],
  [['created', 'exists', 'exists'], 1, 'a writer that was refused has replaced the object'],
  [['created', 'exists', 'exists'], undefined, 'an object that was created is gone'],
  [['exists', 'exists', 'exists'], undefined, 'nobody could create an object'],
  [['exists', 'exists', 'unknown'], 0, 'the object is that of a writer that was refused'],
] as const)('says what is wrong with %j and the bytes of %s', (outcomes, kept, fault) => {
  expect(faultOfRace({ outcomes, kept })).toBe(fault)
})

it('never passes a race that two writers believe to have won', () => {
  const outcomes = fc.array(fc.constantFrom('created' as const, 'exists' as const, 'unknown' as const), {
    minLength: 2,
  })
  fc.assert(
    fc.property(outcomes, fc.option(fc.nat(40), { nil: undefined }), (all, kept) => {
      const winners = all.filter(outcome => outcome === 'created').length
      if (winners > 1) expect(faultOfRace({ outcomes: all, kept })).toBeDefined()
    }),
  )
})
