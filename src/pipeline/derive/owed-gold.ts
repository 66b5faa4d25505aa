import { orderModels } from '../../gold/order.js'
import { type Interval, mergeIntervals } from '../../gold/touched.js'
import type { TableName } from '../../lake/catalog.js'
import { namesOf } from '../read/lake-views.js'
import type { RunContext } from '../run-context.js'
import { withDependencies } from './model-inputs.js'
import { OWN_TABLES } from './own-tables.js'
import { downstreamOf } from './plan-models.js'
import { changeDebts, type Debt } from './stale-gold.js'

const WHY = 'its inputs changed, and the run that changed them has not derived it'

/**
 * Notes what gold owes once a table of silver is committed: call it before. A run that ends between the two, however it ends, leaves to
 * the next one what it had to derive; one that goes on takes the note back.
 */
export async function noteOwed(name: TableName, changed: readonly Interval[], run: RunContext): Promise<void> {
  const { project, workspace } = run
  if (changed.length === 0 || project.models.length === 0) return
  const models = orderModels(await withDependencies(project.models, workspace.engines[0]!), OWN_TABLES)
  const tables = downstreamOf(models, namesOf(name)).map(model => `gold.${model.table}`)
  await noteTables(new Map(tables.map(table => [table, changed])), WHY, run)
}

/** Notes what some gold tables (`gold.price_bars`) owe, beside what this run has noted of them before. */
export async function noteTables(
  owed: ReadonlyMap<string, readonly Interval[]>,
  why: string,
  { deps, workspace, runId }: RunContext,
): Promise<void> {
  if (owed.size === 0) return
  const sharing = { ...deps, store: workspace.lake.store }
  await changeDebts(sharing, known => {
    const isOwn = (debt: Debt): boolean => debt.runId === runId && owed.has(debt.table)
    // Another dataset of this run may have noted the same table.
    const notedOf = (table: string): readonly Interval[] =>
      known.filter(debt => isOwn(debt) && debt.table === table).flatMap(debt => debt.changed)
    const noted = [...owed].map(
      ([table, changed]): Debt => ({ table, runId, why, changed: mergeIntervals([...notedOf(table), ...changed]) }),
    )
    return [...known.filter(debt => !isOwn(debt)), ...noted]
  })
}
