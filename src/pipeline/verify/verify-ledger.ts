import { sha256Hex } from '../../core/ids.js'
import { isStoredState } from '../../lake/state.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { DECISIONS_FOLDER, type DecisionNote } from '../holding/decision-notes.js'
import { ATTEMPTS_FOLDER, type AttemptRecord } from '../ledger/attempt-record.js'
import { idOf, type RunRow, rowOfAttempt, rowOfStored } from '../ledger/run-row.js'
import {
  EXPIRED_FOLDER,
  type ExpiredRecord,
  isExpired,
  isExpiredRecord,
  lastExpired,
} from '../maintain/expired-captures.js'
import { recordHash } from '../record/record-bytes.js'
import type { RunRecord } from '../record/run-record.js'
import { RUNS_FOLDER, runIdOf, runKey } from '../record/runs.js'
import { readOrFault } from './read-or-fault.js'
import { isRunRecord } from './record-shape.js'
import { commitsIn, type RecordedCommit } from './recorded-commits.js'
import type { Fault } from './verification.js'
import { decisionFaults } from './verify-beside.js'
import { indexFaults, lineFaults, readIndex } from './verify-index.js'

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
  /** Those, and runs that an attempt was made at. */
  readonly knownRuns: ReadonlySet<string>
  /** sha256 of data files by their keys. */
  readonly hashes: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
}

/** Everything beside tables and captures that a lake keeps as JSON. */
const FOLDERS = [RUNS_FOLDER, ATTEMPTS_FOLDER, DECISIONS_FOLDER, '_contracts/', EXPIRED_FOLDER, '_state/']

/** Reads what the lake keeps as JSON. What is none is a fault, and so is a record that the list of runs knows otherwise. */
export async function readLedger(store: ObjectStore): Promise<Ledger> {
  const index = await readIndex(store)
  const records = new Map<string, RunRecord>()
  const recordHashes = new Map<string, string>()
  const commits: RecordedCommit[] = []
  const rows = new Map<string, RunRow>()
  const decisions = new Map<string, Partial<DecisionNote>>()
  const expired: ExpiredRecord[] = []
  const hashes = new Map<string, string>()
  const faults: Fault[] = [...index.faults]
  for (const folder of FOLDERS) {
    for await (const { key } of store.list(folder)) {
      if (!key.endsWith('.json')) continue
      const read = await readOrFault(store, key, 'ledger')
      if ('fault' in read) {
        // States are pruned while they are listed.
        if (folder !== '_state/' || read.fault.kind !== 'missing') faults.push(read.fault)
        continue
      }
      const runId = folder === RUNS_FOLDER ? runIdOf(key) : undefined
      if (runId !== undefined) recordHashes.set(runId, recordHash(read.bytes))
      const document = documentIn(read.bytes, key, faults)
      if (document !== undefined && folder === '_contracts/') faults.push(...contractFaults(read.bytes, key))
      if (document === undefined) continue
      if (folder === '_state/' && !isStoredState(document)) faults.push(invalid(key, 'it is not a state of Sluice'))
      if (folder === DECISIONS_FOLDER) decisions.set(key.slice(folder.length, -'.json'.length), document)
      if (folder === EXPIRED_FOLDER && isExpiredRecord(document)) expired.push(document)
      else if (folder === EXPIRED_FOLDER) faults.push(invalid(key, 'it does not say what was let go, and when'))
      if (folder === ATTEMPTS_FOLDER) {
        const row = rowOr(() => rowOfAttempt(document as AttemptRecord))
        if (row === undefined) faults.push(invalid(key, 'it is no record of an attempt'))
        else rows.set(idOf(row), row)
      }
      if (runId === undefined) continue
      const row = isRunRecord(document) ? rowOr(() => rowOfStored(document, read.bytes)) : undefined
      if (!isRunRecord(document) || document.run_id !== runId || row === undefined) {
        faults.push(notItsRecord(document, key))
        continue
      }
      rows.set(idOf(row), row)
      records.set(runId, document)
      commits.push(...commitsIn(document))
      faults.push(...clockFaults(document, key))
      for (const { files } of document.tables) for (const { path, sha256 } of files) hashes.set(path, sha256)
    }
  }
  const named = new Set(faults.map(({ file }) => file))
  const ofIndex = [...indexFaults(index, recordHashes), ...lineFaults(index, rows)]
  faults.push(...[...ofIndex, ...decisionFaults(records, decisions)].filter(({ file }) => !named.has(file)))
  const runIds = new Set([...recordHashes.keys(), ...index.hashes.keys()])
  const knownRuns = new Set([...runIds, ...index.underWay, ...[...rows.values()].map(({ run_id }) => run_id)])
  return { records, inputs: inputsOf(records, lastExpired(expired)), commits, runIds, knownRuns, hashes, faults }
}

function inputsOf(records: Ledger['records'], expired: ReadonlyMap<string, string>): Ledger['inputs'] {
  return [...records.values()].flatMap(record =>
    record.inputs
      .filter(({ capture_id }) => !isExpired(expired, capture_id, record))
      .map(({ capture_id: captureId, pipe, name }) => ({ captureId, pipe, name, runId: record.run_id })),
  )
}

/** The line that a record makes; undefined when something that it must say is not there. */
function rowOr(make: () => RunRow): RunRow | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function invalid(file: string, what: string): Fault {
  return { kind: 'damaged', code: 'record_invalid', subject: 'ledger', file, place: '', what }
}

function notItsRecord(document: object, file: string): Fault {
  const about = { kind: 'damaged', subject: 'ledger', file, place: '' } as const
  if (!isRunRecord(document)) return invalid(file, 'it is no run record')
  if (file === runKey(document.run_id)) return invalid(file, 'it lacks what every run record has')
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
  faults.push(invalid(file, 'it is no JSON document'))
  return undefined
}

function clockFaults({ started_at, finished_at }: RunRecord, file: string): Fault[] {
  if (!(Date.parse(finished_at) < Date.parse(started_at))) return []
  const what = `it ended at ${finished_at}, and began later, at ${started_at}: the clock went back`
  return [{ kind: 'odd', code: 'run_clock', subject: 'ledger', file, place: '', what }]
}
