import type { Contract } from '../../contract/contract.js'
import type { Model } from '../../gold/front-matter.js'

/** What is told apart: a text, a comment, or the name of a table as models must write it. */
const PART = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|\b(silver|gold)"?\s*\.\s*"?([a-z_][a-z0-9_]*)/gi

/** What is made in a project, as far as `+x` needs it. */
export interface Making {
  readonly contracts: readonly Pick<Contract, 'dataset' | 'layer'>[]
  readonly models: readonly Pick<Model, 'table' | 'sql'>[]
}

/**
 * The silver datasets out of which `bars`, `silver.bars`, `risk_summary` or `gold.risk_summary` is made, through models that read models.
 * Undefined when nothing is called so. Reads the names of tables out of the SQL without an engine: a model names each with its layer.
 */
export function feedersOf(name: string, { contracts, models }: Making): Set<string> | undefined {
  const [, layer, table = ''] = /^(?:(silver|gold)\.)?(.+)$/.exec(name) ?? []
  const datasets = new Set<string>()
  const seen = new Set<string>()
  const visit = (model: Pick<Model, 'table' | 'sql'>): void => {
    if (seen.has(model.table)) return
    seen.add(model.table)
    for (const [, from = '', read = ''] of model.sql.matchAll(PART)) {
      if (from.toLowerCase() === 'silver') datasets.add(silverName(read.toLowerCase(), contracts))
      else for (const other of models) if (other.table === read.toLowerCase()) visit(other)
    }
  }
  const model = layer === 'silver' ? undefined : models.find(candidate => candidate.table === table)
  const isDataset = layer !== 'gold' && contracts.some(made => made.layer === 'silver' && made.dataset === table)
  if (model === undefined && !isDataset) return undefined
  if (model !== undefined) visit(model)
  if (isDataset) datasets.add(table)
  return datasets
}

/** Everything that `+x` knows. */
export function madeNames({ contracts, models }: Making): string[] {
  const silver = contracts.filter(({ layer }) => layer === 'silver').map(({ dataset }) => dataset)
  return [...silver, ...models.map(({ table }) => table)]
}

/** `bars_versions` and `bars_v1` are tables of the dataset `bars`. */
function silverName(table: string, contracts: Making['contracts']): string {
  const isSilver = (name: string) => contracts.some(({ layer, dataset }) => layer === 'silver' && dataset === name)
  if (isSilver(table)) return table
  const base = table.replace(/(_v\d+)?(_versions)?(_v\d+)?$/, '')
  return isSilver(base) ? base : table
}
