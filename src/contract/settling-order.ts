import type { Contract } from './contract.js'
import { otherDatasets } from './detectors/compile-detectors.js'

/** The contracts so that one that looks at another dataset comes after it; where they look at each other, as they stood. */
export function settlingOrder(contracts: readonly Contract[]): Contract[] {
  const ordered = new Set<Contract>()
  const place = (contract: Contract, above: readonly Contract[]): void => {
    if (ordered.has(contract) || above.includes(contract)) return
    const names = otherDatasets(contract)
    for (const other of contracts) if (names.includes(other.dataset)) place(other, [...above, contract])
    ordered.add(contract)
  }
  for (const contract of contracts) place(contract, [])
  return [...ordered]
}
