import { asSluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { begunNotes, isWhole, listSegments, looseRows, readSegment, SEGMENTS } from '../ledger/row-index.js'
import type { RunRow } from '../ledger/run-row.js'
import { searchSegment } from '../ledger/segment.js'
import { runKey } from '../runs.js'
import type { Fault } from './verification.js'

/** What the list of runs says of run records. */
export interface RecordIndex {
  /** By run id: the hashes of its record that lines note; none where only older versions wrote any. */
  readonly hashes: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether every record has a line, but for those of runs that have just ended. */
  readonly isWhole: boolean
  readonly faults: readonly Fault[]
}

/** Reads the lines of all runs that left a record. Read it before the records: a line is written after its record. */
export async function readIndex(store: ObjectStore): Promise<RecordIndex> {
  const faults: Fault[] = []
  // Lines go from notes into rows and from rows into segments: looked at in this order, none is missed.
  const underWay = await begunNotes(store)
  const rows = await looseRows(store)
  for (const segment of await listSegments(store)) {
    const file = `${SEGMENTS}${segment.name}`
    const body = await readSegment(store, segment)
    // One that is gone was folded into a larger one since it was listed.
    const read = body === undefined ? [] : rowsIn(body, segment.name)
    if (Array.isArray(read)) rows.push(...read)
    else faults.push({ kind: 'damaged', code: 'index_damaged', subject: 'ledger', file, place: '', what: read.why })
  }
  const hashes = new Map<string, Set<string>>()
  for (const { run_id, attempt, record_hash } of rows) {
    if (attempt !== undefined) continue
    const own = hashes.get(run_id) ?? new Set()
    if (record_hash !== undefined) own.add(record_hash)
    hashes.set(run_id, own)
  }
  return { hashes, isWhole: faults.length === 0 && underWay.length === 0 && (await isWhole(store)), faults }
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
    const what = `its hash is ${found}, and the list of runs says ${other}: it is not as the run wrote it`
    if (other !== undefined) faults.push({ ...about(runId), kind: 'damaged', code: 'record_changed', what })
  }
  if (!index.isWhole) return faults
  for (const runId of records.keys()) {
    const what = 'the list of runs does not have it: lines of `_ledger/` are gone'
    if (!index.hashes.has(runId)) faults.push({ ...about(runId), kind: 'odd', code: 'record_unlisted', what })
  }
  return faults
}
