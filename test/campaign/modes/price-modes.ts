import type { Draw } from '../draw.js'
import type { Mode, Must, Series } from '../mode.js'
import { withCells } from '../row.js'
import { block, byFactor, figureAt, onwards, pricesOf, scaled } from './changes.js'

const QUARANTINE = (...rules: readonly string[]): Must => ({ kind: 'quarantine', rules })
const FLAG = (...rules: readonly string[]): Must => ({ kind: 'flag', rules })

/** The factor of an error that nobody takes for a move of this kind of series: coins move more than currencies. */
function wildFactor({ lane }: Series, draw: Draw): number {
  const least = lane.kind === 'coin' ? 3 : 1.8
  const factor = Math.exp(draw.between(Math.log(least), Math.log(100)))
  return draw.chance(0.5) ? factor : 1 / factor
}

/** Whether a vintage is what its period was last said to be. */
function isNewest({ rows }: Series, at: number): boolean {
  const [period, vintage] = rows[at]!.at.split('|')
  return !rows.some(row => {
    const [own, said = ''] = row.at.split('|')
    return own === period && said > vintage!
  })
}

/** Whether the block lies between rows of its series that are known at the same time. */
function isInside({ from, to, run }: Series, at: number, length: number): boolean {
  return (at > from || run === 2) && at + length < to
}

const AMONG_MOVES = 'a tick within days of a real move: what lies before and after it is not near each other'
const AT_EDGE = 'a tick of two rows with one row before or after it: half of what is there is wrong'
const SIDE = 5

/** Whether the five rows before and those after are further apart than half the way to the tick. */
function isAmongMoves(series: Series, at: number, length: number): boolean {
  const value = (place: number): number => figureAt(series, place)
  const median = (from: number, to: number): number => {
    const side = Array.from({ length: Math.max(0, to - from) }, (_, step) => value(from + step)).sort((a, b) => a - b)
    return (
      ((side[Math.floor((side.length - 1) / 2)] ?? Number.NaN) + (side[Math.floor(side.length / 2)] ?? Number.NaN)) / 2
    )
  }
  const before = median(Math.max(0, at - SIDE), at)
  const after = median(at + length, Math.min(series.to, at + length + SIDE))
  const tick = value(at)
  return Math.abs(before - after) >= 0.4 * Math.min(Math.abs(tick - before), Math.abs(tick - after))
}

const LEVELS = ['bad_tick', 'unit_break', 'inverted_pair']

export const priceModes: readonly Mode[] = [
  {
    id: '01 bad tick',
    does: 'one row, or two, at 1.8 to 100 times its price, or one over that; then back',
    lanes: ['share', 'coin', 'table', 'reference', 'ticks'],
    must: QUARANTINE('bad_tick', 'unit_break'),
    plant: (series, draw) => {
      const length = draw.int(1, 3)
      const at = draw.block(series.from + 1, series.to - 1, length)
      if (at === undefined || !isInside(series, at, length)) return undefined
      const factor = wildFactor(series, draw)
      const start = series.run === 2 ? 0 : series.from
      const isAtEdge = length > 1 && (at - start < length || series.to - at - length < length)
      return {
        rows: block(series, at, length, row => scaled(series.lane, row, factor)),
        ...(isAtEdge ? { must: { kind: 'uncovered', why: AT_EDGE } } : {}),
        mustAmong: rows =>
          isAmongMoves({ ...series, rows }, at, length) ? { kind: 'uncovered', why: AMONG_MOVES } : undefined,
      }
    },
  },
  {
    id: '01 bad tick, newest',
    does: 'the same in the last row that is known: nobody knows yet whether it comes back',
    lanes: ['share', 'coin', 'table', 'reference', 'ticks'],
    must: { kind: 'flag', rules: ['large_move', 'unit_break', 'split_shape', 'value_per_unit'], holds: true },
    plant: (series, draw) => {
      const at = draw.block(series.to - 1, series.to, 1)
      if (at === undefined) return undefined
      const factor = wildFactor(series, draw)
      return { rows: block(series, at, 1, row => scaled(series.lane, row, factor)) }
    },
  },
  {
    id: '01 bad print in a bar',
    does: 'the high of one bar at 3 to 20 times its price, or its low at one over that',
    lanes: ['share', 'coin'],
    must: { kind: 'uncovered', why: 'a bar that reaches back was traded: such prints were real on 2010-05-06' },
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      if (at === undefined) return undefined
      const [factor, up] = [draw.between(3, 20), draw.chance(0.5)]
      const name = up ? 'high' : 'low'
      return {
        rows: block(series, at, 1, row =>
          withCells(row, { [name]: byFactor(row.cells[name]!, up ? factor : 1 / factor) }),
        ),
      }
    },
  },
  {
    id: '02 pence block',
    does: 'a run of days in pence for pounds, or in pounds for pence',
    lanes: ['share', 'coin'],
    must: QUARANTINE('unit_break', 'bad_tick'),
    plant: (series, draw) => {
      const length = draw.int(2, Math.max(3, Math.floor((series.to - series.from) / 3)))
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      const factor = draw.chance(0.5) ? 100 : 0.01
      return { rows: block(series, at, length, row => scaled(series.lane, row, factor)) }
    },
  },
  {
    id: '03 missing split',
    does: 'from a day on prices are divided by the ratio of a split, and volumes are multiplied by it',
    lanes: ['share'],
    must: FLAG('split_shape', 'large_move'),
    plant: (series, draw) => {
      const at = draw.block(series.from + 2, series.to - 1, 1)
      if (at === undefined) return undefined
      const ratio = draw.pick([1.5, 2, 3, 4, 5, 10, 0.5, 0.2, 0.1])
      return {
        rows: onwards(series, at, row =>
          withCells(scaled(series.lane, row, 1 / ratio), { volume: (Number(row.cells['volume']) * ratio).toFixed(0) }),
        ),
      }
    },
  },
  {
    id: '07 sentinel',
    does: '0 or -1 in place of the prices of one row or two',
    lanes: ['share', 'coin', 'table', 'reference', 'ticks'],
    must: QUARANTINE('prices_positive', 'rates_positive', 'price_positive'),
    plant: (series, draw) => {
      const length = draw.int(1, 3)
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      const prices = Object.fromEntries(pricesOf(series.lane).map(name => [name, draw.chance(0.5) ? '0' : '-1']))
      return { rows: block(series, at, length, row => withCells(row, prices)) }
    },
  },
  {
    id: '07 no volume',
    does: 'a bar that moved, with a volume of 0',
    lanes: ['share', 'coin'],
    must: FLAG('volume_anomaly'),
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      return at === undefined ? undefined : { rows: block(series, at, 1, row => withCells(row, { volume: '0' })) }
    },
  },
  {
    id: '08 stale quote',
    does: 'a row again and again, with new dates: 6 to 10 bars, 11 to 14 rates',
    lanes: ['share', 'coin', 'table', 'reference'],
    must: FLAG('stale_close', 'stale_mid'),
    plant: (series, draw) => {
      const length = series.lane.dataset === 'bars' ? draw.int(6, 11) : draw.int(11, 15)
      const earliest = series.run === 2 ? series.from : series.from + 6
      // The row that is said again is no other mode's.
      const first = draw.block(earliest - 1, series.to, length + 1)
      if (first === undefined) return undefined
      const { cells } = series.rows[first]!
      return { rows: block(series, first + 1, length, row => withCells(row, cells)) }
    },
  },
  {
    id: '09 incoherent bar',
    does: 'a high below the close, a low above the open, or a close as it is adjusted among raw prices',
    lanes: ['share', 'coin'],
    must: QUARANTINE('high_is_highest', 'low_is_lowest'),
    plant: (series, draw) => {
      const length = draw.int(1, 3)
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      const way = draw.int(0, 3)
      return {
        rows: block(series, at, length, row => {
          const { close, low, high } = row.cells
          if (way === 0) return withCells(row, { high: byFactor(low!, 0.97) })
          if (way === 1) return withCells(row, { low: byFactor(high!, 1.03) })
          return withCells(row, { close: byFactor(close!, 0.5) })
        }),
      }
    },
  },
  {
    id: '14 unit break',
    does: 'rates for 100 or 1,000 units, or for an ounce in place of a gram, for one row to a third of them',
    lanes: ['table', 'reference', 'ticks'],
    must: QUARANTINE(...LEVELS),
    plant: (series, draw) => {
      const length = draw.int(1, Math.max(2, Math.floor((series.to - series.from) / 3)))
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      const factor = draw.pick([100, 1000, 31.1034768, 0.01, 0.001, 1 / 31.1034768])
      return { rows: block(series, at, length, row => scaled(series.lane, row, factor)) }
    },
  },
  {
    id: '14 thousands',
    does: 'figures of a statistical office in thousands among figures in units',
    lanes: ['series'],
    must: FLAG('unit_break'),
    plant: (series, draw) => {
      const length = draw.int(1, 8)
      const at = draw.block(series.from + 1, series.to - 1, length)
      if (at === undefined) return undefined
      const factor = draw.pick([1000, 0.001])
      const isJudged = Array.from({ length }, (_, step) => at + step).some(place => isNewest(series, place))
      const why = 'of the vintages of a period in one answer, the newest is judged'
      return {
        rows: block(series, at, length, row => scaled(series.lane, row, factor)),
        ...(isJudged ? {} : { must: { kind: 'uncovered', why } }),
      }
    },
  },
  {
    id: '15 inverted pair',
    does: 'a block of rates that are one over what they should be',
    lanes: ['table', 'reference'],
    must: QUARANTINE(...LEVELS),
    plant: (series, draw) => {
      const length = draw.int(1, Math.max(2, Math.floor((series.to - series.from) / 3)))
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      const nearOne = Math.abs(Math.log(figureAt(series, at))) < 0.32
      const why = 'a rate within a third of one: its inverse cannot be told from a move'
      return {
        rows: block(series, at, length, row => withCells(row, { mid: (1 / Number(row.cells['mid'])).toPrecision(9) })),
        ...(nearOne ? { must: { kind: 'uncovered', why } } : {}),
      }
    },
  },
  {
    id: '16 redenomination',
    does: 'from a day on the rates are those of the new unit, a thousand or ten thousand old ones, under the old code',
    lanes: ['table', 'reference'],
    must: { kind: 'flag', rules: ['unit_break', 'large_move', 'bad_tick'], holds: true },
    plant: (series, draw) => {
      const at = draw.block(series.from + 3, series.to, 1)
      if (at === undefined) return undefined
      const factor = draw.pick([1000, 10_000])
      // Which of the two units is the right one, the series does not say.
      const beside = series.run === 1 ? Array.from({ length: at }, (_, place) => place) : []
      return { rows: onwards(series, at, row => scaled(series.lane, row, factor)), beside }
    },
  },
  {
    id: '16 currency out of use',
    does: 'prices in a currency that was replaced before',
    lanes: ['share'],
    must: FLAG('currency_in_use'),
    plant: (series, draw) => {
      const row = draw.block(series.from, series.to, 1)
      return row === undefined || series.run === 2
        ? undefined
        : { currency: draw.pick(['HRK', 'BYR', 'STD', 'SLL', 'VEF']) }
    },
  },
  {
    id: '18 float noise',
    does: 'rates with the noise of a double: 3.7512000000000003',
    lanes: ['table', 'reference'],
    must: { kind: 'uncovered', why: 'a 1e-15th of the rate changes no figure; it is kept as it was said' },
    plant: (series, draw) => {
      const length = draw.int(1, 10)
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      return {
        rows: block(series, at, length, row => {
          const { mid = '' } = row.cells
          return withCells(row, { mid: `${mid}${mid.includes('.') ? '' : '.'}${'0'.repeat(10)}${draw.int(1, 10)}` })
        }),
      }
    },
  },
  {
    id: '20 exact digits',
    does: 'a volume beyond 2^53, whose last digit a double would lose',
    lanes: ['share', 'coin'],
    must: { kind: 'pass' },
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      // A value for the volume that is traded at the close.
      return at === undefined
        ? undefined
        : {
            rows: block(series, at, 1, row => {
              const volume = `90071992547409${draw.pick(['93', '95', '97'])}`
              const value = (BigInt(volume) * BigInt(Math.round(Number(row.cells['close']) * 1e8))) / 100_000_000n
              return withCells(row, { volume, ...('quote_volume' in row.cells ? { quote_volume: String(value) } : {}) })
            }),
          }
    },
  },
  {
    id: '20 too large',
    does: '1e400, or more digits than a decimal has, in place of a price',
    lanes: ['share', 'coin', 'reference', 'ticks'],
    must: QUARANTINE('type:close', 'type:high', 'type:mid', 'type:price'),
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      if (at === undefined) return undefined
      const text = draw.pick(['1e400', '9'.repeat(25)])
      const cells = series.lane.dataset === 'bars' ? { close: text, high: text } : { [series.lane.figures[0]!]: text }
      return { rows: block(series, at, 1, row => withCells(row, cells)) }
    },
  },
  {
    id: '28 swapped columns',
    does: 'the low before the high in every row, and nothing says so',
    lanes: ['share', 'coin'],
    must: QUARANTINE('high_is_highest', 'low_is_lowest'),
    plant: (series, draw) => {
      if (draw.block(series.from, series.to, series.to - series.from) === undefined) return undefined
      return {
        rows: block(series, series.from, series.to - series.from, row =>
          withCells(row, { high: row.cells['low']!, low: row.cells['high']! }),
        ),
      }
    },
  },
  {
    id: '34 lots for units',
    does: 'a block of volumes in lots of 100, beside values that are right; or volume and value swapped',
    lanes: ['coin'],
    must: QUARANTINE('value_per_unit'),
    plant: (series, draw) => {
      const length = draw.int(1, 8)
      const at = draw.block(series.from, series.to, length)
      if (at === undefined) return undefined
      const swap = draw.chance(0.5)
      return {
        rows: block(series, at, length, row => {
          const { volume, quote_volume } = row.cells
          return withCells(
            row,
            swap ? { volume: quote_volume!, quote_volume: volume! } : { volume: byFactor(volume!, 0.01) },
          )
        }),
      }
    },
  },
  {
    id: '34 units without a value',
    does: 'volumes a hundred times as large from a day on, where no value is reported beside them',
    lanes: ['share'],
    must: FLAG('volume_anomaly'),
    plant: (series, draw) => {
      const at = draw.block(series.run === 2 ? series.from : series.from + 3, series.to, 1)
      if (at === undefined) return undefined
      return {
        rows: onwards(series, at, row => withCells(row, { volume: (Number(row.cells['volume']) * 100).toFixed(0) })),
      }
    },
  },
]
