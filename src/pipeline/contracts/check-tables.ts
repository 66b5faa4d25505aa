import type { Contract } from '../../contract/contract.js'
import type { ContractDiff } from '../../contract/diff/diff-contracts.js'
import type { ParseSql } from '../../contract/sql-guard.js'
import { CONTRACT_HASH, publishedShape, shapesOf, silverShape } from '../../contract/tables.js'
import { SluiceError } from '../../core/errors.js'
import type { LoadedTable } from '../../lake/catalog.js'
import type { Lake } from '../../lake/lake.js'
import { VERSIONS_SUFFIX, versionedDataset } from '../../lake/newest-version.js'
import { checkTable } from '../../lake/open-table.js'
import type { Project } from '../project/project.js'
import { diffWithTable, isUnfilled, refuseOldMajor, refuseUnfit } from './compare-with-lake.js'

/** What is new to a lake in the contracts of a run. */
export interface ContractNews {
  /** Contracts under which no table was last written: the lake is to keep them. */
  readonly contracts: readonly Contract[]
  /** What changed since the tables were written. */
  readonly diffs: readonly ContractDiff[]
  /** Datasets of pipes whose new major has no rows while an older one has: they wait for `contract migrate`. */
  readonly toMigrate: readonly string[]
}

/**
 * Lets a run begin only when every table that it may write can follow its contract, by form and by version: those of `datasets`, and gold.
 * Throws SLUICE_CONTRACT_BREAKING and SLUICE_CONTRACT_VERSION while nothing is written.
 */
export async function checkTables(
  datasets: readonly Contract[],
  project: Project,
  lake: Lake,
  parse: ParseSql,
): Promise<ContractNews> {
  const gold = project.contracts.filter(contract => contract.layer === 'gold')
  const contracts: Contract[] = []
  const diffs: ContractDiff[] = []
  const toMigrate: string[] = []
  const all = [...datasets, ...gold]
  // Side by side; of several faults the first by the order of the contracts is told.
  const checks = await Promise.allSettled(all.map(contract => checkContract(contract, lake)))
  for (const [at, contract] of all.entries()) {
    const check = checks[at]!
    if (check.status === 'rejected') throw check.reason
    const { published, isUnfilled } = check.value
    if (isUnfilled) toMigrate.push(contract.dataset)
    if (published?.metadata.properties[CONTRACT_HASH] === contract.hash) continue
    contracts.push(contract)
    if (published === undefined) continue
    const diff = await diffWithTable(contract, published, lake, parse)
    refuseUnfit(contract, diff)
    if (diff.changes.length > 0) diffs.push(diff)
  }
  return { contracts, diffs, toMigrate }
}

/** What is found of a contract whose tables can follow it. */
interface ContractCheck {
  /** The table that readers read, if there is one. */
  readonly published: LoadedTable | undefined
  readonly isUnfilled: boolean
}

async function checkContract(contract: Contract, lake: Lake): Promise<ContractCheck> {
  const shapes = shapesOf(contract)
  const tables = await Promise.all(shapes.map(shape => checkTable(lake, shape)))
  const { layer } = publishedShape(contract).name
  const published = tables[shapes.findLastIndex(({ name }) => name.layer === layer)]
  const isSilver = contract.layer === 'silver'
  if (isSilver) await checkPolicy(contract, lake)
  await refuseOldMajor(contract, lake)
  return { published, isUnfilled: isSilver && (await isUnfilled(contract, lake)) }
}

/** Versions are kept in a table of their own: a policy that begins or ceases to keep them would leave the rows so far behind. */
async function checkPolicy(contract: Contract, lake: Lake): Promise<void> {
  const own = silverShape(contract).name
  const keeps = versionedDataset(own) !== undefined
  const dataset = keeps ? contract.dataset : `${contract.dataset}${VERSIONS_SUFFIX}`
  if ((await lake.catalog.load({ ...own, dataset })) === undefined) return
  const change = keeps ? 'now keeps versions' : 'no longer keeps versions'
  const next = `Set the version of the contract to ${own.major + 1}.0.0: \`sluice contract migrate ${contract.dataset}\` fills the new table.`
  throw new SluiceError(
    'SLUICE_CONTRACT_BREAKING',
    `The contract of silver.${contract.dataset} (v${own.major}) ${change}; its rows stand in silver.${dataset}. Nothing was written.`,
    { next },
  )
}
