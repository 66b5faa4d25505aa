import type { Contract } from '../contract/contract.js'
import { bronzeShape, goldShape, quarantineShape, silverShape } from '../contract/tables.js'
import type { Lake } from '../lake/lake.js'
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
}
