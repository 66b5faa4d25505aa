/** What a change means for readers: nothing, that the old promise still holds, or that it does not. */
export type Grade = 'none' | 'compatible' | 'breaking'

/** One difference between two contracts. */
export interface ContractChange {
  /** What changed: `column close`, `rule price_positive`, `key`. */
  readonly subject: string
  readonly grade: Grade
  /** `shape`: what a row is and how its table holds it. `promise`: what can be relied on of rows. `text`: words for people. */
  readonly about: 'shape' | 'promise' | 'text'
  /** As the contracts say it; undefined for what is not there. */
  readonly before: string | undefined
  readonly after: string | undefined
  readonly reason: string
}

/** How one test stands to another: `tighter` lets no row pass that the other stops. */
export type Relation = 'same' | 'tighter' | 'looser' | 'unknown'

const GRADES: readonly Grade[] = ['none', 'compatible', 'breaking']

/** The worst of some grades; of none, `none`. */
export function worstGrade(grades: readonly Grade[]): Grade {
  return GRADES[Math.max(0, ...grades.map(grade => GRADES.indexOf(grade)))]!
}

/** Said of a change that nothing here can judge: it counts as breaking until somebody has looked. */
export const UNGRADED = 'changed, and cannot be graded: look at it; until then it counts as breaking'

/** Names of columns in the older contract, by what they are called in the newer one. */
export type Renames = ReadonlyMap<string, string>

/** The older contract's names as the newer one has them. */
export function renamed(names: readonly string[], renames: Renames): string[] {
  return names.map(name => renames.get(name) ?? name)
}
