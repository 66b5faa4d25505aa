import { isoTime } from '../../core/clock.js'
import { stateOf } from '../../core/process-mark.js'
import { uncertain } from '../../lake/claim.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { RunRecord } from '../record/run-record.js'
import { findRun } from '../record/runs.js'
import { type AttemptRecord, attemptKey, type BegunNote } from './attempt-record.js'
import { addRow, begunNotes, forgetBegun } from './row-index.js'
import { type RunRow, rowOfAttempt, rowOfBegun, rowOfRecord } from './run-row.js'

/** So long nothing is concluded from the silence of a process on another machine, which cannot be asked. */
const SILENCE_MS = 24 * 3_600_000

/** The lines of attempts that are not over, or whose processes died before they could say so. Writes nothing. */
export async function openRows(store: ObjectStore): Promise<RunRow[]> {
  const notes = await begunNotes(store)
  return Promise.all(
    notes.map(async note => {
      const record = await recordOf(note, store)
      if (record !== undefined) return rowOfRecord(record)
      return stateOf(note.process) === 'dead' ? { ...rowOfBegun(note), status: 'died' } : rowOfBegun(note)
    }),
  )
}

/**
 * Writes what became of attempts whose processes died: their records, and their lines in the list of runs. `onDied` hears of those that nobody had
 * written down before.
 */
export async function settleDead(
  store: ObjectStore,
  nowMs: number,
  onDied: (attempt: AttemptRecord) => void,
): Promise<void> {
  for (const note of await begunNotes(store)) {
    const state = stateOf(note.process)
    if (state === 'alive' || (state === 'unknown' && nowMs - note.noted_ms < SILENCE_MS)) continue
    const record = await recordOf(note, store)
    if (record !== undefined) await addRow(store, note.attempt, rowOfRecord(record))
    else {
      const attempt = deadAttempt(note, nowMs)
      if (await storeAttempt(store, attempt)) onDied(attempt)
      await addRow(store, attempt.attempt, rowOfAttempt(attempt))
    }
    await forgetBegun(store, note.attempt)
  }
}

/** Stores the record of an attempt. Whether it is this one that is stored: somebody may have written down before that it died. */
export async function storeAttempt(store: ObjectStore, attempt: AttemptRecord): Promise<boolean> {
  const key = attemptKey(attempt.run_id, attempt.attempt)
  const body = Buffer.from(`${JSON.stringify(attempt, null, 2)}\n`)
  const created = await store.create(key, body)
  if (created.outcome === 'unknown') throw uncertain(key, created.cause, 'The next run finds the attempt by its note.')
  if (created.outcome === 'created') return true
  // Only its own process says how one failed: that one may have lost the answer to its first try.
  return attempt.outcome === 'failed' && (await store.get(key))?.equals(body) === true
}

/** The record that an attempt wrote; one of the same run id that began at another time is another attempt's. */
async function recordOf(note: BegunNote, store: ObjectStore): Promise<RunRecord | undefined> {
  const record = await findRun(store, note.run_id)
  return record?.started_at === note.started_at ? record : undefined
}

function deadAttempt({ noted_ms: _, ...note }: BegunNote, nowMs: number): AttemptRecord {
  return { attempt_version: 1, ...note, outcome: 'died', ended_at: isoTime(nowMs), steps: [] }
}
