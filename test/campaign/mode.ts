import type { Altered, Answer } from '../../src/testing.js'
import type { Draw } from './draw.js'
import type { Lane, LaneKind } from './lanes.js'
import type { Row } from './row.js'

/** One way in which what a provider says goes wrong, or looks as if it did. */
export interface Mode {
  /** The number in the list of failure modes and a name: `01 bad tick`. Real moves begin with `R`. */
  readonly id: string
  /** What is done to a clean series, in words. */
  readonly does: string
  readonly lanes: readonly LaneKind[]
  readonly must: Must
  /** Plants it. Undefined where this series has no place for it. */
  plant(series: Series, draw: Draw): Planted | undefined
}

/** What has to become of it. */
export type Must =
  /** Nothing of it in silver, and one of these rules is the reason; the batch may be held. */
  | { readonly kind: 'quarantine'; readonly rules: readonly string[] }
  /** One of these rules counts it; it may be let through. Nothing is held for it unless it `holds`. */
  | { readonly kind: 'flag'; readonly rules: readonly string[]; readonly holds?: true }
  /** The answer is not taken; the next run asks for the same again. */
  | { readonly kind: 'refuse'; readonly meanings: readonly string[] }
  /** It is read as what it means: silver is as if nothing had been wrong. */
  | { readonly kind: 'same' }
  /** It is real: it goes into silver as it was said, and no row and no batch is kept back. */
  | { readonly kind: 'pass' }
  /** The provider says something else than before: booked as one of these kinds, whether as a version, held or in conflict. */
  | { readonly kind: 'restate'; readonly kinds: readonly string[] }
  /** No rule is for it. */
  | { readonly kind: 'uncovered'; readonly why: string }

/** The clean rows of a lane as they are at the end, ascending, and which of them a mode may touch. */
export interface Series {
  readonly lane: Lane
  readonly rows: readonly Row[]
  /** Rows `[from, to)` come with the answer that is planted on. Those before are published; none comes after. */
  readonly from: number
  readonly to: number
  /** The run whose answer that is, and when it is. */
  readonly run: 1 | 2
  readonly runMs: number
}

export interface Planted {
  /** What comes in place of a clean row, by its place: other rows, or none. */
  readonly rows?: ReadonlyMap<number, readonly Row[]>
  /** The first answer with rows of the planted run, once the rows are in it, as it goes out. */
  readonly answer?: (answer: Answer) => Altered
  /** The rows are changed in the answers of this run alone; without it in all. The second run asks for all of them again. */
  readonly only?: 1 | 2
  /** Where this place asks for something else than the mode. */
  readonly must?: Must
  /** The same, once all modes are planted: given the rows as they are then. */
  readonly mustAmong?: (rows: readonly Row[]) => Must | undefined
  /** The lane's instrument may have negative prices. */
  readonly negative?: true
  /** What the pipe says that its prices are in. */
  readonly currency?: string
  /** The lane's symbol is somebody else's from this day on. */
  readonly aliasUntil?: string
  /** Clean rows that may wait in quarantine with it, by place: nobody can tell which of two is right. */
  readonly beside?: readonly number[]
}
