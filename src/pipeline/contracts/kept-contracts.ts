import type { Contract } from '../../contract/contract.js'
import { canonicalText } from '../../contract/contract-hash.js'
import { CONTRACT_HASH } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import { sha256Hex } from '../../core/ids.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { addressOf } from '../../lake/table-location.js'
import type { ObjectStore } from '../../storage/object-store.js'

/** Keeps contracts in the lake, each under its hash, so that a later one can be compared with what tables were written under. */
export async function keepContracts(contracts: readonly Contract[], store: ObjectStore): Promise<void> {
  await Promise.all(
    contracts.map(async contract => {
      const text = canonicalText(contract)
      const key = keptKey(contract.dataset, sha256Hex(text))
      // One that is there already says the same: its name is its hash. To look costs less than to write in vain.
      if ((await store.head(key)) !== undefined) return
      // A lost answer costs a comparison, never a row.
      await store.create(key, Buffer.from(text))
    }),
  )
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

/** Where a lake keeps a contract of a dataset. */
export function keptKey(dataset: string, hash: string): string {
  return `_contracts/${dataset}/${hash}.json`
}
