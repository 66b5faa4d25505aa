import { CONTRACT_HASH } from '../../contract/tables.js'
import type { TableName } from '../../lake/catalog.js'
import { LAYOUT_KEY } from '../../lake/layout.js'
import { versionedDataset } from '../../lake/newest-version.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { keptKey } from '../kept-contracts.js'
import type { Fault } from './verification.js'
import type { MetadataFile } from './verify-metadata.js'
import type { VerifyScope } from './verify-scope.js'

/** A lake that has tables says its layout: without it, versions that know another one would write into it. */
export async function layoutFaults(store: ObjectStore, { tables }: VerifyScope): Promise<Fault[]> {
  if (tables.length === 0 || (await store.head(LAYOUT_KEY)) !== undefined) return []
  const what = 'the lake has tables, and does not say which layout it has'
  return [{ kind: 'missing', code: 'layout_missing', subject: 'lake', file: LAYOUT_KEY, place: '', what }]
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
