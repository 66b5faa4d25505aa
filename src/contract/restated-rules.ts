/** What a provider did when it says something else of the past than before. */
export const RESTATEMENT_KINDS = [
  'revision',
  'split',
  'redenomination',
  'unit_switch',
  'back_adjustment',
  'vendor_error',
] as const

export type RestatementKind = (typeof RESTATEMENT_KINDS)[number]

/** The name under which a threshold counts restated rows of every kind. A vintage that the provider announced is not among them. */
export const RESTATED = 'restated'

/** The name under which a threshold counts restated rows of one kind, as `restated:unit_switch`. */
export function restatedRule(kind: RestatementKind): string {
  return `${RESTATED}:${kind}`
}

/** What a threshold may name beside the rules of a contract. */
export const RESTATED_RULES: readonly string[] = [RESTATED, ...RESTATEMENT_KINDS.map(restatedRule)]

/** What rows counted under such a name are, in words: `rows restated (unit switch)`. Undefined for any other rule. */
export function restatedWords(rule: string): string | undefined {
  if (!RESTATED_RULES.includes(rule)) return undefined
  if (rule === RESTATED) return 'rows restated'
  return `rows restated (${rule.slice(RESTATED.length + 1).replace('_', ' ')})`
}
