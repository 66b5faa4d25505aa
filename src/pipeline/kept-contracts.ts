import type { Contract } from '../contract/contract.js'
import { canonicalText } from '../contract/contract-hash.js'
import { CONTRACT_HASH } from '../contract/tables.js'
import { SluiceError } from '../core/errors.js'
import { sha256Hex } from '../core/ids.js'
import type { LoadedTable } from '../lake/catalog.js'
import { addressOf } from '../lake/table-location.js'
import type { ObjectStore } from '../storage/object-store.js'

/** Keeps contracts in the lake, each under its hash, so that a later one can be compared with what tables were written under. */
export async function keepContracts(contracts: readonly Contract[], store: ObjectStore): Promise<void> {
  for (const contract of contracts) {
    const text = canonicalText(contract)
    // One that is there already says the same: its name is its hash. A lost answer costs a comparison, never a row.
    await store.create(keptKey(contract.dataset, sha256Hex(text)), Buffer.from(text))
  }
}

/** The contract under which a table was last written, or undefined when the lake does not have it. Throws SLUICE_METADATA_CORRUPT. */
export async function keptContract(
  table: LoadedTable,
  dataset: string,
  store: ObjectStore,
): Promise<Contract | undefined> {
  const hash = table.metadata.properties[CONTRACT_HASH]
  if (hash === undefined) return undefined
  const key = keptKey(dataset, hash)
  const bytes = await store.get(key)
  if (bytes === undefined) return undefined
  if (sha256Hex(bytes) === hash) return { ...(JSON.parse(bytes.toString('utf8')) as Contract), hash, file: key }
  const file = addressOf(store, key)
  const message = `${file} is not the contract that its name says. Nothing was changed.`
  throw new SluiceError('SLUICE_METADATA_CORRUPT', message, { place: { file } })
}

function keptKey(dataset: string, hash: string): string {
  return `_contracts/${dataset}/${hash}.json`
}
