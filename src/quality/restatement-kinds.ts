import type { RestatementKind } from '../contract/restated-rules.js'
import { quoteText } from '../engine/sql-text.js'

/** The limits by which restated rows are told apart. Distances of ratios are between their logarithms: 0.01 is about a hundredth. */
export const LIMITS = {
  /** Figures that differ by less than this share of themselves say the same: digits that a float has and nobody meant. */
  noise: 1e-9,
  /** Fewer rows that move by one ratio may do so by chance. */
  commonRows: 3,
  /** Share of the rows of a group that agree with its ratio, for the ratio to be theirs in common. */
  agreeingShare: 0.95,
  /** Ratios are one when they differ by less than this share of the change, beside what rounding explains; */
  spreadOfChange: 0.02,
  /** and never by more than this. */
  mostSpread: 0.005,
  /** A ratio is a known factor when it is this near to it, beside what rounding explains; */
  nearFactor: 0.001,
  /** of which no more than this is believed. */
  mostRounding: 0.01,
  /** Share of a series' restated rows that move by common ratios, for it to have been adjusted and not revised. */
  systematicShare: 0.8,
  /** How near the product of two measures stays to what it was, when one moved against the other. */
  nearProduct: 0.02,
  /** Share of rows on which another measure moved the other way, as volume does in a split. */
  inverseShare: 0.5,
  /** How near the product of the old and the new value is to 1 in a pair that was turned round, beside what rounding explains. */
  nearInverse: 0.001,
  /** A factor that no revision of single rows has. */
  loneFactor: 5,
} as const

/** New shares for old ones. */
const SPLIT_FACTORS = [
  ...[2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100],
  ...[3 / 2, 5 / 2, 4 / 3, 5 / 3, 5 / 4],
]

/** Pence in a pound, thousands, millions, billions; grams in a troy ounce. */
const UNIT_FACTORS = [100, 1_000, 1_000_000, 1_000_000_000, 31.1034768]

/**
 * A group of restated rows of a series, as columns of SQL: `cause` (announced, returned, currency, inverted or plain), `rows`, `x`
 * (logarithm of new over known, the median; NULL without one), `rounding` (what rounding explains of it), `agreeing`, `inverse` and
 * `systematic` (shares) and `redenominated` (its currency was, at this factor).
 */
interface KindRule {
  readonly kind: RestatementKind
  /** SQL over these columns. */
  readonly when: string
}

const constant = `(rows >= ${LIMITS.commonRows} AND agreeing >= ${LIMITS.agreeingShare})`

/** The first that holds is the kind of a group. */
export const KIND_RULES: readonly KindRule[] = [
  // A vintage that follows another is what revisions are for, whatever its figures do.
  { kind: 'revision', when: `cause = 'announced'` },
  // An earlier value came back: what was said in between was not so.
  { kind: 'vendor_error', when: `cause = 'returned'` },
  { kind: 'redenomination', when: `redenominated AND (cause = 'currency' OR ${constant})` },
  // Volume moves against price in a split, and in no change of unit: that tells 100:1 from pence.
  { kind: 'split', when: `inverse >= ${LIMITS.inverseShare} AND ${nearAny(SPLIT_FACTORS)}` },
  { kind: 'unit_switch', when: `cause = 'currency'` },
  { kind: 'unit_switch', when: `cause = 'inverted' AND rows >= ${LIMITS.commonRows}` },
  { kind: 'unit_switch', when: `${constant} AND ${nearAny(UNIT_FACTORS)}` },
  { kind: 'split', when: `${constant} AND ${nearAny(SPLIT_FACTORS)}` },
  { kind: 'back_adjustment', when: `${constant} AND systematic >= ${LIMITS.systematicShare}` },
  { kind: 'vendor_error', when: `abs(x) >= ln(${LIMITS.loneFactor})` },
]

/** SQL for the kind of a group; what no rule explains is a revision. */
export function kindSql(): string {
  const cases = KIND_RULES.map(({ kind, when }) => `WHEN ${when} THEN ${quoteText(kind)}`)
  return `CASE ${cases.join(' ')} ELSE 'revision' END`
}

/** SQL that is true when a group has one ratio in common. */
export const CONSTANT_SQL = constant

/** SQL that is true when the ratio of a group, or its inverse, is near a factor: `factor` is SQL. */
export function nearSql(factor: string): string {
  return `abs(abs(x) - ln(${factor})) <= ${LIMITS.nearFactor} + least(rounding, ${LIMITS.mostRounding})`
}

function nearAny(factors: readonly number[]): string {
  return `coalesce(${factors.map(factor => nearSql(`${factor}::DOUBLE`)).join(' OR ')}, false)`
}
