import type { Contract } from '../../contract/contract.js'
import { lintContract } from '../../contract/lint-contract.js'
import type { ParseSql } from '../../contract/sql-guard.js'
import { SluiceError } from '../../core/errors.js'

/**
 * Lets pass only contracts whose SQL computes and nothing else, and which name only datasets that there are (`all`): call it before any
 * of it runs. Throws SLUICE_SQL_REFUSED and SLUICE_CONTRACT_INVALID with the place in the contract.
 */
export async function guardContracts(
  contracts: readonly Contract[],
  parse: ParseSql,
  all: readonly Contract[] = contracts,
): Promise<void> {
  const linted = await Promise.all(contracts.map(contract => lintContract(contract, parse, all)))
  for (const [at, contract] of contracts.entries()) {
    const [finding] = linted[at]!
    if (finding === undefined) continue
    throw new SluiceError(finding.code, `The contract of ${contract.dataset}, ${finding.message}. Nothing was run.`, {
      place: finding.place,
    })
  }
}
