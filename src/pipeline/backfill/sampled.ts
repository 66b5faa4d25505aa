import type { Interval } from '../../core/interval.js'
import { intervalSet, toPairs, union } from '../../core/interval-set.js'
import { fetchedOf, type PipeBook } from '../fetch/pipe-book.js'
import { openPipeBooks, type Sharing } from '../fetch/source-states.js'
import type { PartRecord } from './backfill-record.js'
import type { Part } from './lanes.js'

/** The book of samples, which have no provider: a backfill alone reads it and writes to it. */
export const SAMPLE_BOOK = 'sample'

/** The book when a sample of an interval is made, landed, and published or held. Pure. */
export function noteSampled(book: PipeBook, keys: readonly string[], interval: Interval): PipeBook {
  const next = { ...book }
  for (const key of keys) {
    const fetched = toPairs(union(fetchedOf(next[key]), intervalSet([interval])))
    next[key] = { ...next[key], fetched, published: fetched }
  }
  return next
}

/** Notes the samples of a part that came to its end. */
export async function noteSamples({ pipes, interval }: Part, { state }: PartRecord, sharing: Sharing): Promise<void> {
  const keys = pipes.flatMap(({ from, key }) => (from === undefined ? [key] : []))
  if (keys.length === 0 || (state !== 'done' && state !== 'held' && state !== 'partial')) return
  const book = openPipeBooks([SAMPLE_BOOK], sharing).get(SAMPLE_BOOK)!
  await book.change(value => ({ value: noteSampled(value, keys, interval), result: undefined }))
}
