import { claimSurely } from '../../lake/claim.js'
import type { ObjectStore } from '../../storage/object-store.js'
import type { BegunNote } from './attempt-record.js'
import { inOrder, type RunRow } from './run-row.js'
import { encodeSegment, parseSegmentName, type SegmentName, searchSegment } from './segment.js'

/**
 * The list of runs as an index beside the records, which hold what it says: `begun/` has a note of each attempt that is not over, `rows/` a
 * line of each that is, and `segments/` many lines an object. A line comes into `rows/` before its note goes, and into a segment before it
 * goes from `rows/`: who looks in that order misses none, and finds some twice. ADR-0045.
 */
const FOLDER = '_ledger/'
const BEGUN = `${FOLDER}begun/`
const ROWS = `${FOLDER}rows/`
export const SEGMENTS = `${FOLDER}segments/`
/** There while the index knows every record. A lake of an older version has none until somebody lists its runs. */
const WHOLE = `${FOLDER}whole.json`

/** So many lines are folded into a segment, and so many small segments into a large one: a run folds one line in the mean. */
export const FOLD_AT = 64
const LARGE_ROWS = FOLD_AT * FOLD_AT
const READS_AT_ONCE = 32
const FOUND_BY_NOTE = 'The list of runs finds the attempt by its note.'

export async function isWhole(store: ObjectStore): Promise<boolean> {
  return (await store.head(WHOLE)) !== undefined
}

export async function markWhole(store: ObjectStore): Promise<void> {
  await claimSurely(store, WHOLE, Buffer.from('{"index_version":1}\n'), FOUND_BY_NOTE)
}

export async function noteBegun(store: ObjectStore, note: BegunNote): Promise<void> {
  await claimSurely(store, begunKey(note.attempt), jsonLine(note), 'Nothing else was written.')
}

export async function forgetBegun(store: ObjectStore, attempt: string): Promise<void> {
  await store.delete(begunKey(attempt))
}

export async function begunNotes(store: ObjectStore): Promise<BegunNote[]> {
  return readAll<BegunNote>(store, await keysBelow(store, BEGUN))
}

/** Adds the line of an attempt that is over. */
export async function addRow(store: ObjectStore, attempt: string, row: RunRow): Promise<void> {
  await claimSurely(store, `${ROWS}${attempt}.json`, jsonLine(row), FOUND_BY_NOTE)
}

/** Lines that are in no segment yet. */
export async function looseRows(store: ObjectStore): Promise<RunRow[]> {
  return readAll<RunRow>(store, await keysBelow(store, ROWS))
}

/** The same with the objects that they are in, by key; undefined for one that is no line. */
export async function looseLines(store: ObjectStore): Promise<Map<string, RunRow | undefined>> {
  return readEach<RunRow>(store, await keysBelow(store, ROWS))
}

/** The one whose lines go on longest first. */
export async function listSegments(store: ObjectStore): Promise<SegmentName[]> {
  const keys = await keysBelow(store, SEGMENTS)
  return keys
    .flatMap(key => parseSegmentName(key.slice(SEGMENTS.length)) ?? [])
    .sort((a, b) => b.lastMs - a.lastMs || (a.name < b.name ? 1 : -1))
}

/** Undefined when it was folded into a larger one since it was listed. */
export async function readSegment(store: ObjectStore, { name }: SegmentName): Promise<Buffer | undefined> {
  return store.get(`${SEGMENTS}${name}`)
}

/** Deletes segments whose lines are in others now: in those that are `kept`, which may have the name of one of them. */
export async function dropSegments(
  store: ObjectStore,
  segments: readonly SegmentName[],
  kept: readonly string[],
): Promise<void> {
  const gone = segments.filter(({ name }) => !kept.includes(name))
  await Promise.all(gone.map(({ name }) => store.delete(`${SEGMENTS}${name}`)))
}

/** Stores lines as a segment; its name. A name stands for the bytes, so that a damaged one is mended and a whole one stays as it is. */
export async function putSegment(store: ObjectStore, rows: readonly RunRow[]): Promise<string> {
  const { name, body } = encodeSegment(rows)
  await store.put(`${SEGMENTS}${name}`, body)
  return name
}

/**
 * Folds lines into a segment when there are enough, and small segments into a large one. Processes may do so side by side: the same lines make
 * the same object, and lines that both took are found twice.
 */
export async function foldRows(store: ObjectStore): Promise<void> {
  const keys = await keysBelow(store, ROWS)
  if (keys.length < FOLD_AT) return
  await putSegment(store, inOrder(await readAll<RunRow>(store, keys)))
  await Promise.all(keys.map(key => store.delete(key)))
  const small = (await listSegments(store)).filter(({ rows }) => rows < LARGE_ROWS / 2)
  if (small.length < FOLD_AT) return
  const bodies = await Promise.all(small.map(segment => readSegment(store, segment)))
  // One that is gone is in a large segment of somebody who folds just now.
  if (bodies.some(body => body === undefined)) return
  const large = await putSegment(store, inOrder(bodies.flatMap(body => searchSegment(body!, {}))))
  await dropSegments(store, small, [large])
}

async function keysBelow(store: ObjectStore, folder: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(folder)) if (key.endsWith('.json')) keys.push(key)
  return keys
}

/** Objects of one line of JSON; those that went meanwhile, or are none, are left out. */
async function readAll<Value>(store: ObjectStore, keys: readonly string[]): Promise<Value[]> {
  return [...(await readEach<Value>(store, keys)).values()].filter(value => value !== undefined)
}

/** By key; those that went meanwhile are left out. */
async function readEach<Value>(store: ObjectStore, keys: readonly string[]): Promise<Map<string, Value | undefined>> {
  const found = new Map<string, Value | undefined>()
  for (let at = 0; at < keys.length; at += READS_AT_ONCE) {
    const some = keys.slice(at, at + READS_AT_ONCE)
    const bodies = await Promise.all(some.map(key => store.get(key)))
    for (const [own, body] of bodies.entries()) if (body !== undefined) found.set(some[own]!, parsed<Value>(body))
  }
  return found
}

function parsed<Value>(body: Buffer): Value | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Value) : undefined
  } catch {
    return undefined
  }
}

function begunKey(attempt: string): string {
  return `${BEGUN}${attempt}.json`
}

function jsonLine(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}
