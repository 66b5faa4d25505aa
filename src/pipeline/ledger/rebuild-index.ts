import type { ObjectStore } from '../../storage/object-store.js'
import type { RunRecord } from '../record/run-record.js'
import { RUNS_FOLDER } from '../record/runs.js'
import { ATTEMPTS_FOLDER, type AttemptRecord } from './attempt-record.js'
import { dropSegments, listSegments, markWhole, putSegment } from './row-index.js'
import { byStart, type RunRow, rowOfAttempt, rowOfStored } from './run-row.js'

const ROWS_AT_ONCE = 4096
const READS_AT_ONCE = 32

/**
 * Makes the index of runs again from the records: for lakes of older versions, and where it is damaged. Reads every record once; `onRows` is told
 * how many lines there are so far. Runs that end meanwhile add their own lines.
 */
export async function rebuildIndex(store: ObjectStore, onRows?: (rows: number) => void): Promise<void> {
  // What is in these was a record before it came into them, so the records listed from here on have it.
  const before = await listSegments(store)
  const rows: RunRow[] = []
  const share = sharing()
  for await (const chunk of recordedRows(store)) {
    for (const row of chunk) rows.push({ ...row, pipes: share(row.pipes), datasets: share(row.datasets) })
    onRows?.(rows.length)
  }
  // Ids that people chose are in no order of time: without it, the newest runs would be in every segment.
  rows.sort(byStart)
  const made: string[] = []
  for (let first = 0; first < rows.length; first += ROWS_AT_ONCE)
    made.push(await putSegment(store, rows.slice(first, first + ROWS_AT_ONCE)))
  await dropSegments(store, before, made)
  await markWhole(store)
}

/** Gives equal lists as one, so that a million lines fit into memory. */
function sharing(): (names: readonly string[]) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return names => {
    const text = JSON.stringify(names)
    if (!known.has(text)) known.set(text, names)
    return known.get(text)!
  }
}

/** The lines of all records, without the index. */
export async function* recordedRows(store: ObjectStore): AsyncIterable<RunRow[]> {
  yield* rowsBelow(store, RUNS_FOLDER, (value, body) => (isRun(value) ? rowOfStored(value, body) : undefined))
  yield* rowsBelow(store, ATTEMPTS_FOLDER, value => (isAttempt(value) ? rowOfAttempt(value) : undefined))
}

async function* rowsBelow(
  store: ObjectStore,
  folder: string,
  rowOf: (value: unknown, body: Buffer) => RunRow | undefined,
): AsyncIterable<RunRow[]> {
  let rows: RunRow[] = []
  let keys: string[] = []
  const readKeys = async (): Promise<void> => {
    const bodies = await Promise.all(keys.map(key => store.get(key)))
    rows.push(...bodies.flatMap(body => (body && rowOf(jsonOf(body), body)) ?? []))
    keys = []
  }
  for await (const { key } of store.list(folder)) {
    keys.push(key)
    if (keys.length < READS_AT_ONCE) continue
    await readKeys()
    if (rows.length < ROWS_AT_ONCE) continue
    yield rows
    rows = []
  }
  await readKeys()
  if (rows.length > 0) yield rows
}

/** Other objects may lie beside the records, and a damaged one hides none of the others. */
function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function isRun(value: unknown): value is RunRecord {
  return isObject(value) && 'record_version' in value && 'pipes' in value && 'usage' in value
}

function isAttempt(value: unknown): value is AttemptRecord {
  return isObject(value) && 'attempt_version' in value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
