import { sha256Hex } from '../../core/ids.js'
import { type ObjectStore, passUnreachable } from '../../storage/object-store.js'
import { EXPIRED_FOLDER, expiredCaptures, isExpired } from '../maintain/expired-captures.js'
import { recordHash } from '../record-bytes.js'
import type { RunRecord } from '../run-record.js'
import { runIdOf } from '../runs.js'
import { readOrFault } from './read-or-fault.js'
import { isRunRecord } from './record-shape.js'
import { commitsIn, type RecordedCommit } from './recorded-commits.js'
import type { Fault } from './verification.js'
import { indexFaults, readIndex } from './verify-index.js'

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
  readonly commits: readonly RecordedCommit[]
  /** Runs that left a record, as far as the list of runs or a file's name says so. */
  readonly runIds: ReadonlySet<string>
  /** sha256 of data files by their keys. */
  readonly hashes: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
}

/** Everything beside tables and captures that a lake keeps as JSON. */
const FOLDERS = ['_runs/', '_attempts/', '_decisions/', '_contracts/', EXPIRED_FOLDER, '_state/']

/** Reads what the lake keeps as JSON. What is none is a fault, and so is a record that the list of runs knows otherwise. */
export async function readLedger(store: ObjectStore): Promise<Ledger> {
  const index = await readIndex(store)
  const records = new Map<string, RunRecord>()
  const recordHashes = new Map<string, string>()
  const commits: RecordedCommit[] = []
  const inputs: Ledger['inputs'][number][] = []
  const hashes = new Map<string, string>()
  const faults: Fault[] = [...index.faults]
  // One that cannot be read is named below.
  const expired = (await expiredCaptures(store).catch(passUnreachable)) ?? new Map<string, string>()
  for (const folder of FOLDERS) {
    for await (const { key } of store.list(folder)) {
      if (!key.endsWith('.json')) continue
      const read = await readOrFault(store, key, 'ledger')
      if ('fault' in read) {
        // States are pruned while they are listed.
        if (folder !== '_state/' || read.fault.kind !== 'missing') faults.push(read.fault)
        continue
      }
      const runId = folder === '_runs/' ? runIdOf(key) : undefined
      if (runId !== undefined) recordHashes.set(runId, recordHash(read.bytes))
      const document = documentIn(read.bytes, key, faults)
      if (document !== undefined && folder === '_contracts/') faults.push(...contractFaults(read.bytes, key))
      if (document === undefined || runId === undefined) continue
      if (!isRunRecord(document) || document.run_id !== runId) {
        faults.push(notItsRecord(document, key))
        continue
      }
      records.set(runId, document)
      commits.push(...commitsIn(document))
      faults.push(...clockFaults(document, key))
      for (const { capture_id: captureId, pipe, name } of document.inputs)
        if (!isExpired(expired, captureId, document)) inputs.push({ captureId, pipe, name, runId: document.run_id })
      for (const { files } of document.tables) for (const { path, sha256 } of files) hashes.set(path, sha256)
    }
  }
  const named = new Set(faults.map(({ file }) => file))
  faults.push(...indexFaults(index, recordHashes).filter(({ file }) => !named.has(file)))
  const runIds = new Set([...recordHashes.keys(), ...index.hashes.keys()])
  return { records, inputs, commits, runIds, hashes, faults }
}

function notItsRecord(document: object, file: string): Fault {
  const about = { kind: 'damaged', subject: 'ledger', file, place: '' } as const
  if (!isRunRecord(document)) return { ...about, code: 'record_invalid', what: 'it is no run record' }
  return { ...about, code: 'record_name', what: `it is the record of run ${document.run_id.slice(0, 80)}` }
}

function contractFaults(bytes: Buffer, file: string): Fault[] {
  const hash = sha256Hex(bytes)
  if (file.endsWith(`/${hash}.json`)) return []
  const what = `its hash is ${hash.slice(0, 8)}, not the one that names it`
  return [{ kind: 'damaged', code: 'contract_hash', subject: 'ledger', file, place: '', what }]
}

function documentIn(bytes: Buffer, file: string, faults: Fault[]): object | undefined {
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
