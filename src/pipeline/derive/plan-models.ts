import { goldShape } from '../../contract/tables.js'
import type { Engine } from '../../engine/engine.js'
import { modelPrint } from '../../gold/model-print.js'
import { orderModels } from '../../gold/order.js'
import { contractNamed } from '../pipes/resolve-pipes.js'
import { readMacros } from '../project/macros.js'
import type { Project } from '../project/project.js'
import { type PlannedModel, withDependencies } from './model-inputs.js'
import { OWN_TABLES } from './own-tables.js'

/** A model that knows what its table's rows say that they were made by. */
export type PrintedModel = PlannedModel & { readonly print: string }

/** The project's models in the order in which they are derived, with what they read and their prints. Throws SLUICE_MODEL_INVALID. */
export async function planModels(project: Project, engine: Engine): Promise<PrintedModel[]> {
  const macros = await readMacros(project)
  const models = orderModels(await withDependencies(project.models, engine), OWN_TABLES)
  return models.map(model => {
    const { columns } = goldShape(contractNamed(project.contracts, model.contract))
    return { ...model, print: modelPrint(model, macros, columns) }
  })
}

/** The models that read a table of these names, and those that read what they make. `models` are in order. */
export function downstreamOf<M extends PlannedModel>(models: readonly M[], names: Iterable<string>): M[] {
  const touched = new Set(names)
  return models.filter(model => {
    const reads = model.dependencies.some(input => touched.has(input))
    if (reads) touched.add(`gold.${model.table}`)
    return reads
  })
}

/** The models that make these tables (`gold.price_bars`) and what these are made of, in order. */
export function upstreamOf<M extends PlannedModel>(models: readonly M[], tables: Iterable<string>): M[] {
  const wanted = new Set(tables)
  const chosen = models.toReversed().filter(model => {
    if (!wanted.has(`gold.${model.table}`)) return false
    for (const input of model.dependencies) wanted.add(input)
    return true
  })
  return chosen.reverse()
}
