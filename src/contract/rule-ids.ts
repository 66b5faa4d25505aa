import type { Column, Contract } from './contract.js'

/** The rule that a value has its column's type. */
export function typeRuleId(column: Column): string {
  return `type:${column.name}`
}

/** The rule that a required column has a value. */
export function requiredRuleId(column: Column): string {
  return `required:${column.name}`
}

/** Whether a text can fail to become the column's type. */
export function canFailCast(column: Column): boolean {
  return column.type.kind !== 'string' && column.type.kind !== 'json'
}

/** Ids of all rules that a row can break, in the order in which they are tested: type, required, then the contract's own. */
export function ruleIds(contract: Contract): string[] {
  return [
    ...contract.columns.filter(canFailCast).map(typeRuleId),
    ...contract.columns.filter(column => column.required).map(requiredRuleId),
    ...contract.rules.map(rule => rule.id),
  ]
}
