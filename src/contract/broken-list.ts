import { quoteText } from '../engine/sql-text.js'

/** The ids of the true conditions, or NULL when none is: the list is built for the few rows that need it. */
export function brokenListSql(conditions: readonly { readonly id: string; readonly sql: string }[]): string {
  if (conditions.length === 0) return 'NULL::VARCHAR[]'
  const any = conditions.map(condition => `(${condition.sql})`).join(' OR ')
  const list = conditions.map(condition => `CASE WHEN ${condition.sql} THEN ${quoteText(condition.id)} END`).join(', ')
  return `CASE WHEN ${any} THEN list_filter([${list}], lambda rule: rule IS NOT NULL) END`
}
