import { CONTRACT_HASH } from '../../contract/tables.js'
import type { TableName } from '../../lake/catalog.js'
import { LAYOUT_KEY } from '../../lake/layout.js'
import { versionedDataset } from '../../lake/newest-version.js'
import { tableKey } from '../../lake/table-location.js'
import { TABLE_NAMES } from '../../lake/table-names.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { keptKey } from '../contracts/kept-contracts.js'
import { type DecisionNote, noteKey } from '../holding/decision-notes.js'
import type { RunRecord } from '../record/run-record.js'
import type { Fault } from './verification.js'
import type { MetadataFile } from './verify-metadata.js'
import type { VerifyScope } from './verify-scope.js'

/** A lake that has tables says its layout: without it, versions that know another one would write into it. */
export async function layoutFaults(store: ObjectStore, { tables }: VerifyScope): Promise<Fault[]> {
  if (tables.length === 0 || (await store.head(LAYOUT_KEY)) !== undefined) return []
  const what = 'the lake has tables, and does not say which layout it has'
  return [{ kind: 'missing', code: 'layout_missing', subject: 'lake', file: LAYOUT_KEY, place: '', what }]
}

/** A table that is there is one that the lake says it has: queries and runs would pass it over. */
export function unlistedFaults(name: TableName, { listed }: VerifyScope): Fault[] {
  if (listed === undefined || listed.has(tableKey(name))) return []
  const subject = `${name.layer}.${name.dataset}`
  const what = 'records of runs say that they wrote to the table, it is there, and this does not name it'
  return [{ kind: 'damaged', code: 'table_unlisted', subject, file: TABLE_NAMES, place: '', what }]
}

/** The contracts under which a table was written, by the versions that are there, are kept. */
export async function keptFaults(
  files: readonly MetadataFile[],
  name: TableName,
  store: ObjectStore,
): Promise<Fault[]> {
  const faults: Fault[] = []
  const dataset = versionedDataset(name) ?? name.dataset
  const hashes = new Set(files.map(({ metadata }) => metadata?.properties[CONTRACT_HASH]))
  for (const hash of hashes) {
    if (hash === undefined) continue
    const file = keptKey(dataset, hash)
    if ((await store.head(file)) !== undefined) continue
    const subject = `${name.layer}.${name.dataset}`
    const what = 'the table was written under this contract, and the lake does not have it'
    faults.push({ kind: 'missing', code: 'contract_missing', subject, file, place: '', what })
  }
  return faults
}

/** What a run carried out of a decision stands in its record, and who decided and why in a note beside it: the two agree. */
export function decisionFaults(
  records: ReadonlyMap<string, RunRecord>,
  notes: ReadonlyMap<string, Partial<DecisionNote>>,
): Fault[] {
  const faults: Fault[] = []
  for (const [runId, { decision }] of records) {
    if (decision === undefined) continue
    const about = { subject: 'ledger', file: noteKey(runId), place: '' } as const
    const note = notes.get(runId)
    const other = note && (['move', 'by', 'reason'] as const).find(name => note[name] !== decision[name])
    const what = `its ${other} is not that of the record of run ${runId}`
    if (other !== undefined) faults.push({ ...about, kind: 'damaged', code: 'decision_changed', what })
    const gone = `run ${runId} carried out a decision, and who decided it is not noted`
    if (note === undefined) faults.push({ ...about, kind: 'missing', code: 'decision_missing', what: gone })
  }
  return faults
}
