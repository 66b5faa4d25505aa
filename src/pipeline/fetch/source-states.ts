import type { Salvaged } from '../../bronze/salvage.js'
import type { Random } from '../../core/random.js'
import type { Wait } from '../../core/wait.js'
import { type SharedState, sharedState } from '../../lake/shared-state.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { isBackfillRun } from '../backfill/run-ids.js'
import { runKey } from '../record/runs.js'
import { noteStored, type PipeBook, unrecordedRuns, withRecorded } from './pipe-book.js'

/** What the lake knows of pipes, by provider. */
export type PipeBooks = ReadonlyMap<string, SharedState<PipeBook>>

/** What shared values of a lake need to be changed by several processes. */
export interface Sharing {
  readonly store: ObjectStore
  readonly wait: Wait
  readonly random: Random
}

/** Opens the books of providers: the states `pipes_<provider>`. */
export function openPipeBooks(providers: Iterable<string>, sharing: Sharing): PipeBooks {
  const parse = async (stored: unknown): Promise<PipeBook> => {
    const book = (stored ?? {}) as PipeBook
    const runs = [...unrecordedRuns(book)]
    if (runs.length === 0) return book
    const heads = await Promise.all(runs.map(run => sharing.store.head(runKey(run))))
    const recorded = new Set(runs.filter((_, at) => heads[at] !== undefined))
    return withRecorded(book, run => recorded.has(run))
  }
  return new Map(
    [...new Set(providers)].map(provider => [
      provider,
      sharedState<PipeBook>({ ...sharing, name: `pipes_${provider}`, parse }),
    ]),
  )
}

/** Captures that a dead process had made and not put into the lake are noted as its own would have been. */
export async function noteSalvaged(salvaged: readonly Salvaged[], sharing: Sharing): Promise<void> {
  for (const { key, records } of salvaged) {
    const provider = /\/provider=([^/]+)\//.exec(key)?.[1]
    const book = provider === undefined ? undefined : openPipeBooks([provider], sharing).get(provider)
    const asking = isBackfillRun(/\/run_id=([^/]+)$/.exec(key)?.[1] ?? '') ? 'past' : 'due'
    await book?.change(value => ({ value: noteStored(value, records, key, asking), result: undefined }))
  }
}
