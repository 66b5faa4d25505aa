import type { Lane } from '../lanes.js'
import type { Planted, Series } from '../mode.js'
import { decimalsOf, type Row, times, withCells } from '../row.js'

/** The cells of a lane that hold prices, or its only figure. */
export function pricesOf({ dataset, figures }: Lane): readonly string[] {
  if (dataset === 'bars') return ['open', 'high', 'low', 'close']
  return dataset === 'adjusted_bars' ? ['close', 'adjusted_close'] : figures
}

/** The figure that detectors follow. */
export function figureAt({ lane, rows }: Series, at: number): number {
  return Number(rows[at]!.cells[lane.figures[0]!])
}

/** A row with all its prices times a factor. */
export function scaled(lane: Lane, row: Row, factor: number): Row {
  const prices = pricesOf(lane).map(name => [name, row.cells[name]!] as const)
  // The same for all, so that rounding does not put a low above an open.
  const decimals = Math.max(...prices.map(([, text]) => decimalsOf(text))) + 3
  return withCells(row, Object.fromEntries(prices.map(([name, text]) => [name, times(text, factor, decimals)])))
}

/** A bar, or a rate, at another level as a market makes it: the value traded goes with the price. */
export function repriced(lane: Lane, row: Row, factor: number): Row {
  const { quote_volume } = row.cells
  const priced = scaled(lane, row, factor)
  return quote_volume === undefined ? priced : withCells(priced, { quote_volume: byFactor(quote_volume, factor) })
}

/** Two digits more where a figure becomes smaller. */
export function byFactor(text: string, factor: number): string {
  return times(text, factor, decimalsOf(text) + (factor < 1 ? 3 : 0))
}

/** One row, or several, in place of each of a block. */
export function block(
  { rows }: Series,
  at: number,
  length: number,
  change: (row: Row, place: number) => Row | readonly Row[],
): ReadonlyMap<number, readonly Row[]> {
  return new Map(
    Array.from({ length: Math.min(length, rows.length - at) }, (_, step) => {
      const instead = change(rows[at + step]!, at + step)
      return [at + step, Array.isArray(instead) ? (instead as readonly Row[]) : [instead as Row]] as const
    }),
  )
}

/** All rows from a place on, those of later answers too: a level that stays. */
export function onwards(
  series: Series,
  at: number,
  change: (row: Row, place: number) => Row,
): ReadonlyMap<number, readonly Row[]> {
  return block(series, at, series.rows.length - at, change)
}

/** A planted change of the answer's text alone. */
export function ofText(change: (body: string) => string): Planted {
  return { answer: answer => ({ ...answer, body: change(answer.body) }) }
}

/** An answer of another kind altogether, with success. */
export function instead(body: string, type: string): Planted {
  return { answer: answer => ({ ...answer, headers: { ...answer.headers, 'content-type': type }, body }) }
}
