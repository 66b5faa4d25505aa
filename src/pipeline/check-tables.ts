import type { Contract } from '../contract/contract.js'
import { bronzeShape, goldShape, quarantineShape, silverShape } from '../contract/tables.js'
import { SluiceError } from '../core/errors.js'
import type { Lake } from '../lake/lake.js'
import { VERSIONS_SUFFIX, versionedDataset } from '../lake/newest-version.js'
import { checkTable } from '../lake/open-table.js'
import type { Project } from './project.js'

/**
 * Lets a run begin only when every table that it may write can follow its contract: those of `datasets`, and gold.
 * Throws SLUICE_CONTRACT_BREAKING while nothing is written.
 */
export async function checkTables(datasets: readonly Contract[], project: Project, lake: Lake): Promise<void> {
  const gold = project.contracts.filter(contract => contract.layer === 'gold')
  const shapes = [
    ...datasets.flatMap(contract => [bronzeShape(contract), silverShape(contract), quarantineShape(contract)]),
    ...gold.map(goldShape),
  ]
  for (const shape of shapes) await checkTable(lake, shape)
  for (const contract of datasets) await checkPolicy(contract, lake)
}

/** Versions are kept in a table of their own: a policy that begins or ceases to keep them would leave the rows so far behind. */
async function checkPolicy(contract: Contract, lake: Lake): Promise<void> {
  const own = silverShape(contract).name
  const keeps = versionedDataset(own) !== undefined
  const dataset = keeps ? contract.dataset : `${contract.dataset}${VERSIONS_SUFFIX}`
  if ((await lake.catalog.load({ ...own, dataset })) === undefined) return
  const change = keeps ? 'now keeps versions' : 'no longer keeps versions'
  throw new SluiceError(
    'SLUICE_CONTRACT_BREAKING',
    `The contract of silver.${contract.dataset} (v${own.major}) ${change}; its rows stand in silver.${dataset}. Nothing was written.`,
  )
}
