import { currentSnapshot } from '../../lake/scan.js'
import { referenceMark } from './derived-marks.js'
import type { ModelInput, PlannedModel } from './model-inputs.js'

/** What the snapshot of a derived table says of how it was made: in its summary. */
export const MODEL = 'sluice.model-hash'
export const FORMULAS = 'sluice.formulas-hash'
/** JSON: the snapshot id of each input by its name in SQL, null where it had none. */
export const INPUTS = 'sluice.inputs'

export function modelSummary(
  model: PlannedModel,
  formulasHash: string,
  inputs: readonly ModelInput[],
): Readonly<Record<string, string>> {
  const snapshots = inputs.map(({ name, table }) => {
    const snapshot = table === undefined ? undefined : currentSnapshot(table)
    return [name, snapshot === undefined ? null : String(snapshot['snapshot-id'])]
  })
  return {
    ...{ [MODEL]: model.hash, [FORMULAS]: formulasHash, [INPUTS]: JSON.stringify(Object.fromEntries(snapshots)) },
    ...referenceMark(model),
  }
}
