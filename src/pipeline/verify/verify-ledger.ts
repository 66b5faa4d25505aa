import type { ObjectStore } from '../../storage/object-store.js'
import { EXPIRED_FOLDER, expiredCaptures, isExpired } from '../maintain/expired-captures.js'
import type { RunRecord } from '../run-record.js'
import { readOrFault } from './read-or-fault.js'
import type { Fault } from './verification.js'

/** What the records of finished runs say that there must be. */
export interface Ledger {
  readonly records: ReadonlyMap<string, RunRecord>
  /** The captures that runs took, but for those that a person has let go since. */
  readonly inputs: readonly {
    readonly captureId: string
    readonly pipe: string
    readonly name: string
    readonly runId: string
  }[]
  /** sha256 of data files by their keys. */
  readonly hashes: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
}

/** Everything beside tables and captures that a lake keeps as JSON. */
const FOLDERS = ['_runs/', '_decisions/', '_contracts/', EXPIRED_FOLDER, '_state/']

/** Reads what the lake keeps as JSON. What is none is a fault. */
export async function readLedger(store: ObjectStore): Promise<Ledger> {
  const records = new Map<string, RunRecord>()
  const inputs: Ledger['inputs'][number][] = []
  const hashes = new Map<string, string>()
  const faults: Fault[] = []
  const expired = await expiredCaptures(store)
  for (const folder of FOLDERS) {
    for await (const { key } of store.list(folder)) {
      if (!key.endsWith('.json')) continue
      const read = await readOrFault(store, key, 'ledger')
      if ('fault' in read) {
        // States are pruned while they are listed.
        if (folder !== '_state/' || read.fault.kind !== 'missing') faults.push(read.fault)
        continue
      }
      const document = documentIn(read.bytes, key, faults)
      if (document === undefined || folder !== '_runs/' || !isRecord(document)) continue
      records.set(document.run_id, document)
      faults.push(...clockFaults(document, key))
      for (const { capture_id: captureId, pipe, name } of document.inputs)
        if (!isExpired(expired, captureId, document)) inputs.push({ captureId, pipe, name, runId: document.run_id })
      for (const { files } of document.tables) for (const { path, sha256 } of files) hashes.set(path, sha256)
    }
  }
  return { records, inputs, hashes, faults }
}

function isRecord(document: unknown): document is RunRecord {
  const record = document as Partial<RunRecord>
  return typeof record.run_id === 'string' && Array.isArray(record.inputs) && Array.isArray(record.tables)
}

function documentIn(bytes: Buffer, file: string, faults: Fault[]): unknown {
  try {
    const document: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof document === 'object' && document !== null) return document
  } catch {
    // Said below.
  }
  const what = 'it is no JSON document'
  faults.push({ kind: 'damaged', code: 'record_invalid', subject: 'ledger', file, place: '', what })
  return undefined
}

function clockFaults({ started_at, finished_at }: RunRecord, file: string): Fault[] {
  if (!(Date.parse(finished_at) < Date.parse(started_at))) return []
  const what = `it ended at ${finished_at}, and began later, at ${started_at}: the clock went back`
  return [{ kind: 'odd', code: 'run_clock', subject: 'ledger', file, place: '', what }]
}
