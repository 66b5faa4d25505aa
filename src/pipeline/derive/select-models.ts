import { SluiceError } from '../../core/errors.js'
import { didYouMean } from '../../core/nearest-name.js'
import { globTest } from '../pipes/expand-input.js'
import type { PlannedModel } from './model-inputs.js'
import { downstreamOf, upstreamOf } from './plan-models.js'

/**
 * The models that some terms name, in the order in which they are derived; without terms all of them. A term is a table, as `risk_summary` or
 * `gold.risk_summary`, or a pattern with `*` and `?`. `+x` adds the models that x is made of, `x+` those that are made of it.
 * Throws SLUICE_MODEL_UNKNOWN for a term that names none.
 */
export function selectModels<M extends PlannedModel>(models: readonly M[], terms: readonly string[]): M[] {
  if (terms.length === 0) return [...models]
  const chosen = new Set(terms.flatMap(term => modelsOf(models, term.trim())))
  return models.filter(model => chosen.has(model))
}

function modelsOf<M extends PlannedModel>(models: readonly M[], term: string): M[] {
  const bare = term.replace(/^\+|\+$/g, '')
  const test = globTest(bare.replace(/^gold\./, ''))
  const named = models.filter(model => test(model.table))
  if (named.length === 0) {
    const known = models.map(model => model.table)
    const message = `No model makes a table called "${bare}".${didYouMean(bare.replace(/^gold\./, ''), known)} Nothing was written.`
    throw new SluiceError('SLUICE_MODEL_UNKNOWN', message, { known })
  }
  const tables = named.map(model => `gold.${model.table}`)
  return [
    ...named,
    ...(term.startsWith('+') ? upstreamOf(models, tables) : []),
    ...(term.endsWith('+') ? downstreamOf(models, tables) : []),
  ]
}
