import { SluiceError } from '../../core/errors.js'
import { isRunId } from '../../core/ids.js'
import { mapConcurrently } from '../../lake/write-files.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { lakeStore } from '../lake-store.js'
import { globTest } from '../pipes/expand-input.js'
import type { Project } from '../project/project.js'
import type { RunRecord } from '../record/run-record.js'
import { findRun, runKey } from '../record/runs.js'
import { type AttemptRecord, attemptKey, attemptsOf, readAttempt } from './attempt-record.js'
import { findRows } from './find-rows.js'
import { openRows } from './open-rows.js'
import type { RowStatus, RunRow } from './run-row.js'

/** Which runs, the newest first. Names may hold `*` and `?`; a dataset of pipes may be named with its layer or without. */
export interface RunQuery {
  readonly statuses?: readonly RowStatus[] | undefined
  readonly pipe?: string | undefined
  readonly dataset?: string | undefined
  /** Of the start: half-open, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
  readonly limit: number
}

/** What is listed of an attempt without a run record: its own record, or, while it is under way, how it stands. */
export type AttemptEntry =
  | AttemptRecord
  | { readonly run_id: string; readonly outcome: 'running' | 'died'; readonly started_at: string }

/**
 * Lines of the list of runs: what a run came to, once. An attempt that failed or died is told of while its run has no record; after that it is no lost
 * run any more, and `showRun` has it. `more`: others fit as well. `onIndexing` hears how many records are read where there is no index yet.
 */
export async function listRows(
  project: Project,
  { pipe, dataset, limit, ...query }: RunQuery,
  onIndexing?: (rows: number) => void,
): Promise<{ readonly rows: readonly RunRow[]; readonly more: boolean }> {
  const search = {
    ...query,
    pipe: pipe === undefined ? undefined : globTest(pipe),
    dataset: dataset === undefined ? undefined : globTest(dataset.replace(/^silver\./, '')),
  }
  const store = await lakeStore(project)
  for (let asked = limit + 1; ; asked *= 2) {
    const found = await findRows(store, { ...search, limit: asked }, onIndexing)
    const rows = await withoutOvertaken(found, store)
    if (rows.length > limit || found.length < asked) return { rows: rows.slice(0, limit), more: rows.length > limit }
  }
}

const HEADS_AT_ONCE = 16

/** Without attempts that came to nothing at runs that have their records: by lines beside them, or, where filters leave those out, in the lake. */
async function withoutOvertaken(rows: readonly RunRow[], store: ObjectStore): Promise<RunRow[]> {
  const recorded = new Set(rows.flatMap(row => (row.attempt === undefined ? [row.run_id] : [])))
  const isOver = ({ attempt, status }: RunRow): boolean => attempt !== undefined && status !== 'running'
  const unsure = new Set(rows.filter(row => isOver(row) && !recorded.has(row.run_id)).map(({ run_id }) => run_id))
  await mapConcurrently([...unsure], HEADS_AT_ONCE, async runId => {
    if ((await store.head(runKey(runId))) !== undefined) recorded.add(runId)
  })
  return rows.filter(row => !isOver(row) || !recorded.has(row.run_id))
}

/** The records behind lines: run records, and those of attempts that left none. */
export async function recordsOf(project: Project, rows: readonly RunRow[]): Promise<(RunRecord | AttemptEntry)[]> {
  const store = await lakeStore(project)
  const found: (RunRecord | AttemptEntry)[] = []
  for (const row of rows) {
    const record = row.attempt === undefined ? await findRun(store, row.run_id) : await attemptOf(store, row)
    if (record !== undefined) found.push(record)
  }
  return found
}

/**
 * A run: its record, undefined when it has none, and the attempts that left none, the oldest first. Throws SLUICE_RUN_UNKNOWN, and
 * SLUICE_METADATA_CORRUPT for one whose record is gone.
 */
export async function showRun(
  project: Project,
  runId: string,
): Promise<{ readonly record: RunRecord | undefined; readonly attempts: readonly AttemptEntry[] }> {
  if (isRunId(runId)) {
    const store = await lakeStore(project)
    const record = await findRun(store, runId)
    const open = (await openRows(store)).filter(row => row.run_id === runId && row.attempt !== undefined).map(openEntry)
    const attempts = [...(await attemptsOf(store, runId)), ...open]
    if (record === undefined && (await isListed(store, runId))) throw recordGone(runId)
    if (record !== undefined || attempts.length > 0) return { record, attempts }
  }
  throw new SluiceError('SLUICE_RUN_UNKNOWN', `There is no run ${runId.slice(0, 80)}.`)
}

/** Whether the list of runs has a run that left a record. */
async function isListed(store: ObjectStore, runId: string): Promise<boolean> {
  const rows = await findRows(store, { limit: Number.MAX_SAFE_INTEGER })
  return rows.some(row => row.run_id === runId && row.attempt === undefined)
}

function recordGone(runId: string): SluiceError {
  const file = runKey(runId)
  const message = `The list of runs has run ${runId}, and its record ${file} is gone.`
  return new SluiceError('SLUICE_METADATA_CORRUPT', message, {
    place: { file },
    next: 'Restore the record from a backup, and run `sluice verify`: more may be gone.',
  })
}

async function attemptOf(store: ObjectStore, row: RunRow): Promise<AttemptEntry> {
  return (await readAttempt(store, attemptKey(row.run_id, row.attempt ?? ''))) ?? openEntry(row)
}

function openEntry({ run_id, status, started_ms }: RunRow): AttemptEntry {
  const outcome = status === 'running' ? 'running' : 'died'
  return { run_id, outcome, started_at: new Date(started_ms).toISOString() }
}
