import type { Contract } from '../../contract/contract.js'
import { SluiceError } from '../../core/errors.js'
import { currencyTables } from '../../market/currency/currency-tables.js'
import type { Project } from './project.js'

const BUILT_IN = currencyTables().map(table => table.name)

/** Lets pass only contracts whose rules look into files that the project has. Throws SLUICE_CONTRACT_INVALID; nothing is written. */
export function guardReferences(project: Project): void {
  for (const contract of project.contracts) {
    for (const rule of contract.rules) {
      if (rule.test.kind !== 'reference') continue
      const { table } = rule.test
      if (project.references[table] === undefined && !BUILT_IN.includes(table))
        throw unknownReference(contract, rule.id, table)
    }
  }
}

function unknownReference(contract: Contract, rule: string, table: string): SluiceError {
  return new SluiceError(
    'SLUICE_CONTRACT_INVALID',
    `The rule ${rule} of ${contract.dataset} looks into the table ${table}; the project has no ${table}.csv.`,
    {
      place: { file: contract.file },
    },
  )
}
