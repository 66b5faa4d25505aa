import { SluiceError } from '../core/errors.js'

/** A model as the order sees it. `dependencies` are names such as `silver.bars` and `gold.price_bars`. */
export interface Dependent {
  readonly table: string
  readonly file: string
  readonly dependencies: readonly string[]
}

/**
 * The models, each after every model whose table it reads; alphabetical where the dependencies leave a choice.
 * `otherTables` are gold tables that no model makes. Throws SLUICE_MODEL_INVALID for a table made twice, a gold table
 * that nothing makes, and a cycle, which the message names.
 */
export function orderModels<M extends Dependent>(
  models: readonly M[],
  otherTables: ReadonlySet<string> = new Set(),
): M[] {
  const byTable = indexByTable(models)
  const ordered: M[] = []
  const path: string[] = []
  const place = (model: M): void => {
    if (ordered.includes(model)) return
    if (path.includes(model.table)) throw cycle(model, path)
    path.push(model.table)
    for (const table of goldTables(model)) {
      const maker = byTable.get(table)
      if (maker !== undefined) place(maker)
      else if (!otherTables.has(table))
        throw invalid(model, `No model makes the table \`gold.${table}\` that it reads.`)
    }
    path.pop()
    ordered.push(model)
  }
  for (const model of [...byTable.values()].sort(byName)) place(model)
  return ordered
}

function indexByTable<M extends Dependent>(models: readonly M[]): Map<string, M> {
  const byTable = new Map<string, M>()
  for (const model of models) {
    const other = byTable.get(model.table)
    if (other !== undefined) throw invalid(model, `The table \`${model.table}\` is already made by ${other.file}.`)
    byTable.set(model.table, model)
  }
  return byTable
}

function goldTables(model: Dependent): string[] {
  return model.dependencies
    .filter(name => name.startsWith('gold.'))
    .map(name => name.slice('gold.'.length))
    .sort()
}

function byName(a: Dependent, b: Dependent): number {
  return a.table < b.table ? -1 : 1
}

function cycle(model: Dependent, path: readonly string[]): SluiceError {
  const round = [...path.slice(path.indexOf(model.table)), model.table]
  return invalid(model, `The models read each other in a circle: ${round.join(' reads ')}.`)
}

function invalid(model: Dependent, message: string): SluiceError {
  return new SluiceError('SLUICE_MODEL_INVALID', message, { place: { file: model.file } })
}
