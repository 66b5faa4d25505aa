import { orderModels } from '../gold/order.js'
import { type Interval, mergeIntervals } from '../gold/touched.js'
import type { TableName } from '../lake/catalog.js'
import { namesOf } from './lake-views.js'
import { type PlannedModel, withDependencies } from './model-inputs.js'
import { OWN_TABLES } from './own-tables.js'
import type { RunContext } from './run-context.js'
import { changeDebts, type Debt } from './stale-gold.js'

const WHY = 'its inputs changed, and the run that changed them has not derived it'

/**
 * Notes what gold owes once a table of silver is committed: call it before. A run that ends between the two, however it ends, leaves to
 * the next one what it had to derive; one that goes on takes the note back.
 */
export async function noteOwed(name: TableName, changed: readonly Interval[], run: RunContext): Promise<void> {
  const { project, workspace, runId } = run
  if (changed.length === 0 || project.models.length === 0) return
  const models = orderModels(await withDependencies(project.models, workspace.engines[0]!), OWN_TABLES)
  const tables = downstream(models, namesOf(name)).map(model => `gold.${model.table}`)
  if (tables.length === 0) return
  const sharing = { ...run.deps, store: workspace.lake.store }
  await changeDebts(sharing, known => {
    const isOwn = (debt: Debt): boolean => debt.runId === runId && tables.includes(debt.table)
    // Another dataset of this run may have noted the same table.
    const notedOf = (table: string): readonly Interval[] =>
      known.filter(debt => isOwn(debt) && debt.table === table).flatMap(debt => debt.changed)
    const owed = tables.map(
      (table): Debt => ({ table, runId, why: WHY, changed: mergeIntervals([...notedOf(table), ...changed]) }),
    )
    return [...known.filter(debt => !isOwn(debt)), ...owed]
  })
}

/** The models that read a table, and those that read what they make. `models` are in the order in which they are derived. */
function downstream(models: readonly PlannedModel[], names: readonly string[]): PlannedModel[] {
  const touched = new Set(names)
  return models.filter(model => {
    const reads = model.dependencies.some(input => touched.has(input))
    if (reads) touched.add(`gold.${model.table}`)
    return reads
  })
}
