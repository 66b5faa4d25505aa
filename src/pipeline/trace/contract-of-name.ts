import type { Contract } from '../../contract/contract.js'
import { publishedShape } from '../../contract/tables.js'
import { namesOf } from '../lake-views.js'

/** The contract of the table that a name in SQL reads: `silver.macro_observations_versions` is of macro_observations. */
export function contractOfName(name: string, contracts: readonly Contract[]): Contract | undefined {
  return contracts.find(contract => namesOf(publishedShape(contract).name).includes(name))
}
