import type { Contract } from '../../contract/contract.js'
import { compileDatasetDetections } from '../../contract/detectors/compile-detectors.js'
import type { Engine } from '../../engine/engine.js'
import type { BatchProfile } from '../../quality/gate.js'
import type { OtherRows } from './other-rows.js'

/**
 * The figures of the contract's detectors that look at other datasets, by batch: a statement for each. `rows` is SQL of the contract's
 * columns and `_batch`.
 */
export async function reconcileDatasets(
  contract: Contract,
  rows: string,
  others: readonly OtherRows[],
  engine: Engine,
): Promise<ReadonlyMap<number, BatchProfile['checks']>> {
  const figures = new Map<number, Record<string, number | null>>()
  for (const { id, against, figureSql } of compileDatasetDetections(contract)) {
    const other = others.find(({ contract: { dataset } }) => dataset === against)
    if (other === undefined) continue
    for (const row of await engine.rows(figureSql(rows, other.sql))) {
      const batch = Number(row['_batch'])
      const figure = row['figure']
      figures.set(batch, { ...figures.get(batch), [id]: typeof figure === 'number' ? figure : null })
    }
  }
  return figures
}
