import type { ObjectStore } from '../../storage/object-store.js'
import type { RunRecord } from './run-record.js'
import { findRun, RUNS_FOLDER, runIdOf } from './runs.js'

/** So many records are read at most, and together of so many bytes: a record grows with the pipes of its run. */
const MOST = { records: 100, bytes: 64_000_000 }
/** A run id that was made from the time sorts by it. */
const TIMED = /^[0-9A-HJKMNP-TV-Z]{26}$/

/**
 * The records of the last runs, the newest first, as many as can be read quickly. Ids that people chose say nothing of their time: up to
 * half of the records are of such runs.
 */
export async function recentRuns(store: ObjectStore, most = MOST): Promise<RunRecord[]> {
  const keys: { id: string; sizeBytes: number }[] = []
  for await (const { key, sizeBytes } of store.list(RUNS_FOLDER)) {
    const id = runIdOf(key)
    if (id !== undefined) keys.push({ id, sizeBytes })
  }
  const named = keys.filter(({ id }) => !TIMED.test(id)).reverse()
  const timed = keys.filter(({ id }) => TIMED.test(id)).reverse()
  const half = { records: most.records / 2, bytes: most.bytes / 2 }
  const records: RunRecord[] = []
  for (const id of [...within(timed, half), ...within(named, half)]) {
    const record = await findRun(store, id)
    if (record !== undefined) records.push(record)
  }
  return records.sort((a, b) => (a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : 0))
}

/** As many ids as fit; the first fits always. */
function within(runs: readonly { id: string; sizeBytes: number }[], most: typeof MOST): string[] {
  let bytes = 0
  return runs
    .slice(0, most.records)
    .filter(({ sizeBytes }, at) => {
      bytes += sizeBytes
      return at === 0 || bytes <= most.bytes
    })
    .map(({ id }) => id)
}
