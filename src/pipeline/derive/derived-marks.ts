import { goldShape } from '../../contract/tables.js'
import { type Interval, mergeIntervals } from '../../gold/touched.js'
import type { LoadedTable } from '../../lake/catalog.js'
import { asSeen } from '../../lake/one-look.js'
import { currentSnapshot, dataFiles } from '../../lake/scan.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import type { RunContext } from '../run-context.js'
import { coveredTime } from './covered-time.js'
import { extentsOf, inputsOf, type ModelInput, type PlannedModel, reachOf } from './model-inputs.js'

/** Table property: the `modelPrint` under which all rows of a gold table were derived. */
export const MODEL_PRINT = 'sluice.model'

/** Table property: JSON, the prints of the reference tables that all rows of a gold table were derived with, by their names. */
export const REFERENCE_PRINTS = 'sluice.references'

/** Table property: where the newest input ended when a gold table was last derived, in milliseconds since the epoch. */
const DERIVED_TO = 'sluice.derived-to'

/** What a gold table says of its rows: a copy without rows says none of it. */
export const ROW_MARKS: ReadonlySet<string> = new Set([MODEL_PRINT, REFERENCE_PRINTS, DERIVED_TO])

/** What a gold table says of itself once it is derived, and the time whose change this derivation has to follow. */
export interface Marking {
  readonly changed: readonly Interval[]
  readonly marks: Readonly<Record<string, string>>
}

/**
 * A change reaches rows up to a lookback after it, but none is derived past the end of the newest input. When that end has moved, what
 * changed before the old one reaches on: the step from the old end is a change too.
 */
export function markingOf(
  model: PlannedModel,
  changed: readonly Interval[],
  table: LoadedTable,
  inputs: readonly ModelInput[],
): Marking {
  const print = { ...(model.print !== undefined && { [MODEL_PRINT]: model.print }), ...referenceMark(model) }
  const reach = reachOf(model, inputs)
  // No end cuts what a change reaches where rows go a lookback past the inputs.
  if (model.lookbackMs === 0 || model.until === 'lookback' || reach === undefined) return { changed, marks: print }
  const end = reach.knownTo ?? reach.end
  const before = Number(table.metadata.properties[DERIVED_TO] ?? end)
  const moved = before < end ? [{ start: before, end: before + 1 }] : []
  return { changed: [...changed, ...moved], marks: { ...print, [DERIVED_TO]: String(end) } }
}

/** What a table or a snapshot says of the reference tables behind its rows: nothing where its model joins none. */
export function referenceMark({ referencePrints }: PlannedModel): Readonly<Record<string, string>> {
  if (referencePrints === undefined || Object.keys(referencePrints).length === 0) return {}
  return { [REFERENCE_PRINTS]: JSON.stringify(referencePrints) }
}

/**
 * The time that a gold table owes for another reason than its inputs: all of it when it was never derived, a new major included, and when its model,
 * a formula, a column or a reference table is another one than that of its rows. A table of a lake that does not say is taken for one of today's model.
 */
export async function owedHistory(
  model: PlannedModel,
  { project, workspace }: RunContext,
): Promise<readonly Interval[]> {
  // What others commit meanwhile they owe to gold themselves.
  const seeing = { project, workspace: { ...workspace, lake: asSeen(workspace.lake) } }
  return (await whyHistory(model, seeing)) === undefined ? [] : wholeHistory(model, seeing)
}

/** Why a gold table has to be derived as a whole, or undefined. */
export async function whyHistory(
  model: PlannedModel,
  { project, workspace }: Pick<RunContext, 'project' | 'workspace'>,
): Promise<string | undefined> {
  const table = await workspace.lake.catalog.load(goldShape(contractNamed(project.contracts, model.contract)).name)
  if (table === undefined) return 'it was never derived'
  const print = table.metadata.properties[MODEL_PRINT]
  if (print === undefined) return currentSnapshot(table) === undefined ? 'it was never derived' : undefined
  if (print !== model.print) return 'its model changed: the SQL, a formula or a column'
  const changed = changedReferences(model, table.metadata.properties[REFERENCE_PRINTS])
  return changed.length === 0 ? undefined : `what it joins changed: ${changed.join(', ')}`
}

/** The reference tables that are not what the rows of a table were derived with. One that does not say is believed. */
function changedReferences({ referencePrints = {} }: PlannedModel, told: string | undefined): string[] {
  if (told === undefined) return []
  const before = JSON.parse(told) as Readonly<Record<string, string>>
  return Object.entries(referencePrints).flatMap(([name, print]) => {
    if (before[name] === print) return []
    return [name.includes('.') ? name : `reference.${name}`]
  })
}

/** All time that the inputs of a model and its own rows cover. */
export async function wholeHistory(
  model: PlannedModel,
  run: Pick<RunContext, 'project' | 'workspace'>,
): Promise<readonly Interval[]> {
  const { lake } = run.workspace
  const own = await lake.catalog.load(goldShape(contractNamed(run.project.contracts, model.contract)).name)
  const rows = own === undefined ? [] : coveredTime(own, await dataFiles(lake, own))
  const read = extentsOf(await inputsOf(model, run)).map(({ start, end }) => ({ start, end }))
  return mergeIntervals([...rows, ...read])
}
