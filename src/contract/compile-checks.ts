import type { Check, Contract } from './contract.js'

/** A check's SQL, which gives one number. */
export interface CompiledCheck {
  readonly id: string
  /** `aggregate`: an expression for the one SELECT over the batch. `query`: a SELECT of its own. */
  readonly kind: 'aggregate' | 'query'
  readonly sql: string
}

/**
 * Compiles the batch checks, apart from detectors. `object` is the SQL name of the table that holds the batch; queries read it for `{object}`.
 * A figure in percent is 0..100, and 0 for an empty batch.
 */
export function compileChecks(contract: Contract, object: string): CompiledCheck[] {
  return contract.checks.filter(check => check.detector === undefined).map(check => compile(check, object))
}

function compile({ id, sql, unit }: Check, object: string): CompiledCheck {
  if (sql.includes('{object}')) return { id, kind: 'query', sql: sql.replaceAll('{object}', object) }
  const share = `coalesce(100.0 * (${sql}) / nullif(count(*), 0), 0)`
  return { id, kind: 'aggregate', sql: unit === 'percent' ? share : sql }
}
