import type { CreateOutcome } from '../object-store.js'

/** What became of some creations of one key at one moment: the outcome of each, and whose bytes were read back, if anybody's. */
export interface Race {
  readonly outcomes: readonly CreateOutcome['outcome'][]
  readonly kept: number | undefined
}

/**
 * What is wrong with a race, in words; undefined when exactly one writer won and its bytes stand. A writer whose answer was lost has won when its
 * bytes stand, and may not have won otherwise.
 */
export function faultOfRace({ outcomes, kept }: Race): string | undefined {
  const winners = outcomes.flatMap((outcome, writer) => (outcome === 'created' ? [writer] : []))
  const isUnsure = kept !== undefined && outcomes[kept] === 'unknown'
  const count = winners.length + (isUnsure ? 1 : 0)
  if (count > 1) return `${count} of ${outcomes.length} writers created the same object`
  if (kept === undefined)
    return winners.length === 0 ? 'nobody could create an object' : 'an object that was created is gone'
  if (winners.length === 1 && winners[0] !== kept) return 'a writer that was refused has replaced the object'
  return count === 0 ? 'the object is that of a writer that was refused' : undefined
}
