import { type Interval, mergeIntervals } from '../gold/touched.js'
import { isUnfilled } from './compare-with-lake.js'
import { extentsOf, inputsOf, type PlannedModel } from './model-inputs.js'
import { contractNamed } from './resolve-pipes.js'
import type { RunContext } from './run-context.js'

/**
 * The time that a gold table of a new major has still to be derived for: all that its inputs cover, as long as it has no row and an older major has
 * some. What changed in a run alone would leave the history behind.
 */
export async function newMajor(model: PlannedModel, run: RunContext): Promise<readonly Interval[]> {
  const contract = contractNamed(run.project.contracts, model.contract)
  if (!(await isUnfilled(contract, run.workspace.lake))) return []
  return mergeIntervals(extentsOf(await inputsOf(model, run)).map(({ start, end }) => ({ start, end })))
}
