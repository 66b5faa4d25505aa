import type { Mode } from '../mode.js'
import { answerModes } from './answer-modes.js'
import { priceModes } from './price-modes.js'
import { realMoves } from './real-moves.js'
import { dividendModes, rowModes } from './row-modes.js'

/** All ways to go wrong, and the real moves that look like some of them, in the order of their ids. */
export const CATALOGUE: readonly Mode[] = [
  ...priceModes,
  ...rowModes,
  ...dividendModes,
  ...answerModes,
  ...realMoves,
].toSorted((a, b) => (a.id < b.id ? -1 : 1))

/** The kinds of failure, by the number in the ids. */
export const FAILURES = Array.from({ length: 34 }, (_, at) => String(at + 1).padStart(2, '0'))
