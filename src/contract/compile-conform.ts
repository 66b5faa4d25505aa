import { quoteIdent } from '../engine/sql-text.js'
import { duckdbType } from './column-types.js'
import { castSql, typedCastSql } from './compile-cast.js'
import type { Column, Contract, ReferenceTest, Rule } from './contract.js'
import { rowDetectorSql } from './detectors/compile-detectors.js'
import { rawColumn } from './raw-column.js'
import { canFailCast, requiredRuleId, typeRuleId } from './rule-ids.js'

/** SQL that turns raw rows into typed ones and finds every broken rule. */
export interface Conform {
  /** One per column, in contract order: `sql` reads the raw column `_raw_<name>` and gives the typed one. */
  readonly casts: readonly { readonly column: string; readonly sql: string }[]
  /** In the order type, required, contract: a row's first broken rule is the most telling one. */
  readonly rules: readonly CompiledRule[]
}

/**
 * `brokenSql` is true or false, never NULL, over the typed columns, the raw ones (`_raw_<name>`) and the system columns.
 * A `reference` rule is broken when the column's value is not NULL, not in `target` of the reference table and no symbol of
 * `aliasSource`: the caller joins.
 */
export type CompiledRule = ExpressionRule | ReferenceRule

interface ExpressionRule {
  readonly id: string
  readonly severity: Rule['severity']
  readonly brokenSql: string
  readonly reference?: undefined
}

interface ReferenceRule {
  readonly id: string
  readonly severity: Rule['severity']
  readonly reference: ReferenceTest
  readonly brokenSql?: undefined
}

/**
 * Compiles casts and rules. `raw` says what the raw columns hold: `text` as bronze has it, or `typed` values, as a model gives them.
 * A rule expression that gives NULL is kept; one that raises for a row (an overflow) is broken for that row.
 */
export function compileConform(contract: Contract, raw: 'text' | 'typed' = 'text'): Conform {
  return {
    casts: contract.columns.map(column => ({ column: column.name, sql: cast(column, raw) })),
    rules: [
      ...contract.columns.filter(column => raw === 'typed' || canFailCast(column)).map(typeRule),
      ...contract.columns.filter(column => column.required).map(requiredRule),
      ...contract.rules.flatMap(rule => contractRule(rule, contract)),
    ],
  }
}

function cast(column: Column, raw: 'text' | 'typed'): string {
  const name = quoteIdent(rawColumn(column.name))
  return raw === 'text' ? castSql(column, name) : typedCastSql(column, name, duckdbType(column.type))
}

function typeRule(column: Column): CompiledRule {
  const brokenSql = `(${quoteIdent(rawColumn(column.name))} IS NOT NULL AND ${quoteIdent(column.name)} IS NULL)`
  return { id: typeRuleId(column), severity: 'error', brokenSql }
}

/** A value that is there but wrong breaks its type rule alone. */
function requiredRule(column: Column): CompiledRule {
  return { id: requiredRuleId(column), severity: 'error', brokenSql: `(${quoteIdent(rawColumn(column.name))} IS NULL)` }
}

/** Detectors that look round are no part of it: they see the rows that it lets pass. */
function contractRule({ id, severity, test }: Rule, contract: Contract): CompiledRule[] {
  switch (test.kind) {
    case 'reference':
      return [{ id, severity, reference: test }]
    case 'expression':
      return [{ id, severity, brokenSql: `coalesce(TRY(coalesce(NOT (${test.sql}), false)), true)` }]
    case 'detector': {
      const found = rowDetectorSql(test, contract)
      return found === undefined ? [] : [{ id, severity, brokenSql: found }]
    }
  }
}
