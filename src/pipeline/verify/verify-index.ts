import { asSluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { attemptKey } from '../ledger/attempt-record.js'
import { begunNotes, isWhole, listSegments, looseLines, readSegment, SEGMENTS } from '../ledger/row-index.js'
import { idOf, type RunRow } from '../ledger/run-row.js'
import { searchSegment } from '../ledger/segment.js'
import { runKey } from '../record/runs.js'
import type { Fault } from './verification.js'

/** What the list of runs says of run records. */
export interface RecordIndex {
  /** By run id: the hashes of its record that lines note; none where only older versions wrote any. */
  readonly hashes: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether every record has a line, but for those of runs that have just ended. */
  readonly isWhole: boolean
  /** All lines, those of attempts that left no record too, with the objects that they are in. */
  readonly lines: readonly { readonly row: RunRow; readonly file: string }[]
  /** Runs whose attempts are not over. */
  readonly underWay: readonly string[]
  readonly faults: readonly Fault[]
}

/** Reads the lines of all runs that left a record. Read it before the records: a line is written after its record. */
export async function readIndex(store: ObjectStore): Promise<RecordIndex> {
  const faults: Fault[] = []
  // Lines go from notes into rows and from rows into segments: looked at in this order, none is missed.
  const underWay = await begunNotes(store)
  const lines: { row: RunRow; file: string }[] = []
  for (const [file, row] of await looseLines(store)) {
    const what = 'it is no line of the list of runs'
    if (row !== undefined && typeof row.run_id === 'string') lines.push({ row, file })
    else faults.push({ kind: 'damaged', code: 'index_damaged', subject: 'ledger', file, place: '', what })
  }
  for (const segment of await listSegments(store)) {
    const file = `${SEGMENTS}${segment.name}`
    const body = await readSegment(store, segment)
    // One that is gone was folded into a larger one since it was listed.
    const read = body === undefined ? [] : rowsIn(body, segment.name)
    if (Array.isArray(read)) lines.push(...read.map(row => ({ row, file })))
    else faults.push({ kind: 'damaged', code: 'index_damaged', subject: 'ledger', file, place: '', what: read.why })
  }
  const hashes = new Map<string, Set<string>>()
  for (const { row } of lines) {
    const { run_id, attempt, record_hash } = row
    if (attempt !== undefined) continue
    const own = hashes.get(run_id) ?? new Set()
    if (record_hash !== undefined) own.add(record_hash)
    hashes.set(run_id, own)
  }
  return {
    ...{ hashes, lines, underWay: underWay.map(({ run_id }) => run_id), faults },
    isWhole: faults.length === 0 && underWay.length === 0 && (await isWhole(store)),
  }
}

function rowsIn(body: Buffer, name: string): RunRow[] | { readonly why: string } {
  const hash = sha256Hex(body).slice(0, 8)
  if (!name.endsWith(`-${hash}.json`)) return { why: `its hash is ${hash}, not the one in its name` }
  try {
    return searchSegment(body, {})
  } catch (cause) {
    return { why: asSluiceError(cause).message }
  }
}

/** How the records that there are compare with the list of runs. `records`: the hash of each by the run id in its name. */
export function indexFaults(index: RecordIndex, records: ReadonlyMap<string, string>): Fault[] {
  const about = (runId: string) => ({ subject: 'ledger', file: runKey(runId), place: '' })
  const faults: Fault[] = []
  for (const [runId, hashes] of index.hashes) {
    const found = records.get(runId)
    if (found === undefined) {
      const what = `the list of runs has run ${runId}, and its record is not there`
      faults.push({ ...about(runId), kind: 'missing', code: 'record_missing', what })
      continue
    }
    const other = [...hashes].find(hash => hash !== found)
    if (other === undefined) continue
    if (hashes.has(found)) {
      const what = `the list of runs knows an earlier one, of hash ${other}: that was lost, and the run was made again`
      faults.push({ ...about(runId), kind: 'odd', code: 'record_made_again', what })
      continue
    }
    const what = `its hash is ${found}, and the list of runs says ${other}: it is not as the run wrote it`
    faults.push({ ...about(runId), kind: 'damaged', code: 'record_changed', what })
  }
  if (!index.isWhole) return faults
  for (const runId of records.keys()) {
    const what = 'the list of runs does not have it: lines of `_ledger/` are gone'
    if (!index.hashes.has(runId)) faults.push({ ...about(runId), kind: 'odd', code: 'record_unlisted', what })
  }
  return faults
}

/**
 * Lines that do not say what their records do. `recorded`: the line that each record makes, by its name. A record that is gone, or is not the one
 * whose hash its line has, is told of by itself.
 */
export function lineFaults({ lines, isWhole }: RecordIndex, recorded: ReadonlyMap<string, RunRow>): Fault[] {
  const faults: Fault[] = []
  const listed = new Set<string>()
  for (const { row, file } of lines) {
    listed.add(idOf(row))
    const made = recorded.get(idOf(row))
    const place = `run ${row.run_id}`
    const about = { subject: 'ledger', file, place } as const
    if (made === undefined && row.attempt !== undefined) {
      const what = `it tells of attempt ${row.attempt}, and the record of that is not there`
      faults.push({ ...about, kind: 'missing', code: 'attempt_missing', what })
    }
    const { record_hash: hash } = row
    if (made === undefined || (hash !== undefined && hash !== made.record_hash)) continue
    const name = differing({ ...made, ...(hash === undefined && { record_hash: undefined }) }, row)
    const what = `its ${name} is not that of the record which it is made of`
    if (name !== undefined) faults.push({ ...about, kind: 'damaged', code: 'line_changed', what })
  }
  for (const [id, { run_id, attempt }] of isWhole ? recorded : []) {
    if (attempt === undefined || listed.has(id)) continue
    const about = { subject: 'ledger', file: attemptKey(run_id, attempt), place: '' }
    const what = 'the list of runs does not have it: lines of `_ledger/` are gone'
    faults.push({ ...about, kind: 'odd', code: 'record_unlisted', what })
  }
  return faults
}

/** The first field in which two lines differ. */
function differing(made: object, row: object): string | undefined {
  const [a, b] = [new Map(Object.entries(made)), new Map(Object.entries(row))]
  return [...new Set([...a.keys(), ...b.keys()])].find(
    name => JSON.stringify(a.get(name)) !== JSON.stringify(b.get(name)),
  )
}
