import type { Draw } from '../draw.js'
import type { Mode, Series } from '../mode.js'
import { type Row, times, withCells } from '../row.js'
import { block, byFactor, onwards, repriced } from './changes.js'

const PASS = { kind: 'pass' } as const
const BARS = ['share', 'coin'] as const
const RATES = ['table', 'reference'] as const

/** What looks wrong and happened. */
export const realMoves: readonly Mode[] = [
  {
    id: '04 over-repair',
    does: 'a bar that doubles, or a half of it, and trades all the way: no split, and nothing to mend',
    lanes: BARS,
    must: PASS,
    plant: (series, draw) => traded(series, draw, draw.pick([2, 0.5])),
  },
  {
    id: '06 negative price',
    does: 'oil on 2020-04-20: a close of -37.63, of an instrument whose prices may be negative',
    lanes: ['share'],
    must: PASS,
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      if (at === undefined) return undefined
      const cells = { open: '17.73', high: '17.85', low: '-40.32', close: '-37.63' }
      return { rows: block(series, at, 1, row => withCells(row, cells)), negative: true }
    },
  },
  {
    id: 'R crash',
    does: 'bitcoin on 2020-03-12: 40 % lower in a day that traded all the way, and there it stays',
    lanes: BARS,
    must: PASS,
    plant: (series, draw) => traded(series, draw, draw.between(0.55, 0.65)),
  },
  {
    id: 'R squeeze',
    does: 'GME in January 2021: 135 % higher in a day, lower again after a week or two',
    lanes: BARS,
    must: PASS,
    plant: (series, draw) => {
      const at = draw.block(series.from + 1, series.to, 1)
      if (at === undefined) return undefined
      const [factor, days] = [draw.between(2.2, 2.5), draw.int(5, 12)]
      return { rows: level(series, at, place => (place < at + days ? factor : 1.1)) }
    },
  },
  {
    id: 'R collapse',
    does: 'LUNA in May 2022: 99.9 % lower in six days, each of which trades all the way',
    lanes: BARS,
    must: PASS,
    plant: (series, draw) => {
      const at = draw.block(series.from + 1, series.to, 1)
      if (at === undefined) return undefined
      const path = [0.55, 0.25, 0.05, 0.008, 0.002, 0.001]
      return { rows: level(series, at, place => path[Math.min(place - at, path.length - 1)]!) }
    },
  },
  {
    id: 'R flash crash',
    does: '2010-05-06: one bar trades at less than half and closes near where it began',
    lanes: BARS,
    must: PASS,
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      if (at === undefined) return undefined
      const share = draw.between(0.3, 0.6)
      return { rows: block(series, at, 1, row => withCells(row, { low: byFactor(row.cells['low']!, share) })) }
    },
  },
  {
    id: 'R franc',
    does: 'EUR/CHF on 2015-01-15: 15 to 20 % in a day, and there it stays',
    lanes: RATES,
    must: PASS,
    plant: (series, draw) => stays(series, draw, draw.pick([draw.between(0.8, 0.85), draw.between(1.18, 1.25)])),
  },
  {
    id: 'R devaluation',
    does: 'the peso on 2023-12-13: half of it in a day, and there it stays',
    lanes: RATES,
    must: PASS,
    plant: (series, draw) => stays(series, draw, draw.between(0.45, 0.55)),
  },
  {
    id: 'R rouble',
    does: 'the rouble on 2014-12-16: a fifth in a day, and back on the next',
    lanes: RATES,
    must: PASS,
    plant: (series, draw) => {
      const at = draw.block(series.from + 1, series.to, 1)
      if (at === undefined) return undefined
      const factor = draw.pick([1.2, 0.83])
      return { rows: block(series, at, 1, row => repriced(series.lane, row, factor)) }
    },
  },
  {
    id: 'R events move',
    does: 'a price of every minute that falls or rises by a third, and there it stays',
    lanes: ['ticks'],
    must: PASS,
    plant: (series, draw) => stays(series, draw, draw.pick([0.67, 1.5])),
  },
  {
    id: 'R special dividend',
    does: 'a dividend of a third of the price, with which the price falls',
    lanes: ['vendor'],
    must: PASS,
    plant: (series, draw) => {
      const at = draw.block(series.from + 1, series.to, 1)
      if (at === undefined || series.run === 2 || Number(series.rows[at]!.cells['dividend']) > 0) return undefined
      const left = 1 - draw.between(0.25, 0.35)
      const rows = onwards(series, 0, (row, place) => {
        const { close, adjusted_close, dividend } = row.cells
        const adjusted = { adjusted_close: byFactor(adjusted_close!, left) }
        if (place < at) return withCells(row, adjusted)
        const paid = place === at ? times(series.rows[at - 1]!.cells['close']!, 1 - left) : byFactor(dividend!, left)
        return withCells(row, { ...adjusted, close: byFactor(close!, left), dividend: paid })
      })
      return { rows }
    },
  },
]

/** A day that moves by a factor and trades all the way; the rows after it stay there. */
function traded(series: Series, draw: Draw, factor: number) {
  const at = draw.block(series.from + 1, series.to, 1)
  return at === undefined ? undefined : { rows: level(series, at, () => factor) }
}

/** Bars at another level from a day on. A day whose level is another than the day's before trades from the one to the other. */
function level(series: Series, at: number, factorAt: (place: number) => number): ReadonlyMap<number, readonly Row[]> {
  return onwards(series, at, (row, place) => {
    const [before, factor] = [place === at ? 1 : factorAt(place - 1), factorAt(place)]
    const moved = repriced(series.lane, row, factor)
    if (before === factor) return moved
    const from = repriced(series.lane, row, before)
    const [one, other] = [moved.cells, from.cells]
    const pick = (name: string, largest: boolean): string =>
      Number(one[name]) > Number(other[name]) === largest ? one[name]! : other[name]!
    return withCells(moved, { open: other['open']!, high: pick('high', true), low: pick('low', false) })
  })
}

function stays(series: Series, draw: Draw, factor: number) {
  const at = draw.block(series.from + 1, series.to, 1)
  return at === undefined ? undefined : { rows: onwards(series, at, row => repriced(series.lane, row, factor)) }
}
