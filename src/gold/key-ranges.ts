import { quoteIdent, quoteText } from '../engine/sql-text.js'

/** Values of a text column from `from` on and before `to`, in the order of their bytes; the first range has also the rows without one. */
export interface KeyRange {
  readonly column: string
  readonly from: string | undefined
  readonly to: string | undefined
}

/** Of the engine's memory, what an input row of a range may take with all that windows keep beside it, while two ranges are worked on at once. */
const ROW_BYTES = 800

/** In how many ranges so many input rows fit into so many bytes of memory; 0 for no rows. */
export function rangesFor(rows: number, memoryBytes: number): number {
  return Math.ceil((rows * ROW_BYTES) / memoryBytes)
}

/** Ranges that hold every value and have about equally many rows; fewer than `count` when there are fewer keys. `keys` are in order. */
export function cutKeys(
  column: string,
  keys: readonly { readonly key: string; readonly rows: number }[],
  count: number,
): KeyRange[] {
  const total = keys.reduce((sum, { rows }) => sum + rows, 0)
  const starts: string[] = []
  let rows = 0
  for (const [at, key] of keys.entries()) {
    if (at > 0 && rows >= (total * (starts.length + 1)) / count) starts.push(key.key)
    rows += key.rows
  }
  return [undefined, ...starts].map((from, at) => ({ column, from, to: starts[at] }))
}

/** A condition that holds for the rows of a range: plain comparisons, which the engine can move down to where rows are read. */
export function inRangeSql({ column, from, to }: KeyRange): string {
  const key = quoteIdent(column)
  const before = to === undefined ? undefined : `${key} < ${quoteText(to)}`
  if (from === undefined) return before === undefined ? 'true' : `(${key} IS NULL OR ${before})`
  return [`${key} >= ${quoteText(from)}`, ...(before === undefined ? [] : [before])].join(' AND ')
}
