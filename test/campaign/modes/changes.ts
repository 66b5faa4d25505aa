import type { Lane } from '../lanes.js'
import type { Planted, Series } from '../mode.js'
import { type Row, times, withCells } from '../row.js'

/** The cells of a lane that hold prices, or its only figure. */
export function pricesOf({ dataset, figures }: Lane): readonly string[] {
  if (dataset === 'bars') return ['open', 'high', 'low', 'close']
  return dataset === 'adjusted_bars' ? ['close', 'adjusted_close'] : figures
}

/** The figure that detectors follow. */
export function figureAt({ lane, rows }: Series, at: number): number {
  return Number(rows[at]!.cells[lane.figures[0]!])
}

/** A row with all its prices times a factor, in as many decimals as they need. */
export function scaled(lane: Lane, row: Row, factor: number): Row {
  return withCells(row, Object.fromEntries(pricesOf(lane).map(name => [name, byFactor(row.cells[name]!, factor)])))
}

/** A bar, or a rate, at another level as a market makes it: the value traded goes with the price. */
export function repriced(lane: Lane, row: Row, factor: number): Row {
  const { quote_volume } = row.cells
  const priced = scaled(lane, row, factor)
  return quote_volume === undefined ? priced : withCells(priced, { quote_volume: byFactor(quote_volume, factor) })
}

/** Two digits more where a figure becomes smaller. */
export function byFactor(text: string, factor: number): string {
  const decimals = /\.(\d+)/.exec(text)?.[1]?.length ?? 0
  return times(text, factor, factor < 1 ? decimals + 3 : decimals)
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
