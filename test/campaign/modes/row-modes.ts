import type { Draw } from '../draw.js'
import type { Mode, Must, Planted, Series } from '../mode.js'
import { type Row, withCells } from '../row.js'
import { block, byFactor, onwards, pricesOf, repriced, scaled } from './changes.js'

const DAY_MS = 86_400_000
const FRIDAY = 5
const QUARANTINE = (...rules: readonly string[]): Must => ({ kind: 'quarantine', rules })
const FLAG = (...rules: readonly string[]): Must => ({ kind: 'flag', rules })
const EVERYWHERE = ['share', 'coin', 'table', 'reference', 'series', 'ticks', 'vendor'] as const
const DAILY = ['share', 'coin', 'table', 'reference'] as const

const CORRECTED =
  'of two rates for one day in one answer, the second is a correction: a publication rule says that the first was known before'

/** Rows that come twice, late, at another time, or not at all. */
export const rowModes: readonly Mode[] = [
  {
    id: '10 duplicates',
    does: 'rows that come twice, or three times, word for word',
    lanes: EVERYWHERE,
    must: { kind: 'same' },
    plant: (series, draw) =>
      onBlock(series, draw, draw.int(1, 12), row => (draw.chance(0.8) ? [row, row] : [row, row, row])),
  },
  {
    id: '10 conflicting duplicate',
    does: 'a row that comes twice in one answer, once with other prices',
    lanes: ['share', 'coin', 'table', 'reference', 'ticks', 'vendor'],
    must: { kind: 'flag', rules: ['conflict'], holds: true },
    plant: (series, draw) => {
      const at = draw.block(series.from, series.to, 1)
      if (at === undefined) return undefined
      const factor = draw.pick([0.97, 1.03, 1.01])
      const last = draw.chance(0.5)
      return {
        rows: block(series, at, 1, row => {
          const other = scaled(series.lane, row, factor)
          return last ? [row, other] : [other, row]
        }),
        beside: [at],
        ...(series.lane.dataset === 'fx_rates' ? { must: { kind: 'uncovered', why: CORRECTED } } : {}),
      }
    },
  },
  {
    id: '11 out of order',
    does: 'the rows of an answer in another order',
    lanes: EVERYWHERE,
    must: { kind: 'same' },
    plant: ({ lane }, draw) => ({
      answer: answer => {
        const rows = lane.form.read(answer.body)
        const turned = draw.chance(0.5) ? rows.toReversed() : rows.toSorted((a, b) => hash(a.at) - hash(b.at))
        return { ...answer, body: lane.form.write(turned, answer.body) }
      },
    }),
  },
  {
    id: '11 late rows',
    does: 'rows that are not in the first answer and come when it is asked again',
    lanes: DAILY,
    must: { kind: 'same' },
    plant: (series, draw) =>
      series.run === 1 ? onBlock(series, draw, draw.int(1, 6), () => [], { only: 1 }) : undefined,
  },
  {
    id: '11 correction',
    does: 'some rows of what is published say something a little different when they are asked for again',
    lanes: ['share', 'coin', 'table', 'reference'],
    must: { kind: 'restate', kinds: ['revision', 'vendor_error', 'back_adjustment'] },
    plant: (series, draw) => {
      const factor = draw.between(1.005, 1.02)
      return series.run === 1
        ? onBlock(series, draw, draw.int(1, 3), row => [scaled(series.lane, row, factor)], { only: 2 })
        : undefined
    },
  },
  {
    id: '11 back-adjusted history',
    does: 'all that is published is said again as a split or a dividend changes it',
    lanes: ['share'],
    must: { kind: 'restate', kinds: ['back_adjustment', 'split'] },
    plant: (series, draw) => {
      const before = series.run === 1 ? draw.block(series.from, series.to, series.to - series.from) : undefined
      if (before === undefined) return undefined
      const factor = draw.pick([0.5, 0.25, 0.1, 0.985, 0.97])
      return {
        rows: block(series, series.from, series.to - series.from, row => scaled(series.lane, row, factor)),
        only: 2,
      }
    },
  },
  {
    id: '12 gap',
    does: 'a run of sessions without a row, of at least a tenth of the answer',
    lanes: DAILY,
    must: FLAG('completeness'),
    plant: (series, draw) => {
      const least = Math.ceil((series.to - series.from) / 10) + 1
      const at = draw.block(series.from + 1, series.to - 1, draw.int(least, least + 4))
      if (at === undefined) return undefined
      return { rows: block(series, at, least, () => []) }
    },
  },
  {
    id: '12 one missing day',
    does: 'one session without a row',
    lanes: DAILY,
    must: { kind: 'uncovered', why: 'one day in fifty is within the 5 % that the contracts allow to be missing' },
    plant: (series, draw) => (series.run === 1 ? onBlock(series, draw, 1, () => []) : undefined),
  },
  {
    id: '13 dates a day early',
    does: 'all rows of an answer on the day before their own, as a time zone moves them',
    lanes: ['share', 'table', 'reference'],
    must: { kind: 'flag', rules: ['off_session'], holds: true },
    plant: (series, draw) => {
      const length = series.to - series.from
      if (draw.block(series.from, series.to, length) === undefined) return undefined
      // The first of them lands on the day before the answer.
      const beside = series.from > 0 ? [series.from - 1] : []
      return { rows: block(series, series.from, length, row => moved(series, row, -DAY_MS)), beside }
    },
  },
  {
    id: '13 wrong unit of time',
    does: 'milliseconds that were divided by a thousand, or multiplied by it',
    lanes: ['coin', 'ticks'],
    must: QUARANTINE('event_time_plausible', 'type:event_time', 'required:event_time'),
    plant: (series, draw) => {
      const up = draw.chance(0.5) && series.lane.kind === 'coin'
      const { form } = series.lane
      return onBlock(series, draw, draw.int(1, 6), row => {
        const ms = form.startMs(row.at)
        return [{ ...row, at: up ? String(ms * 1000) : form.atOf(Math.floor(ms / 1000) + draw.int(0, 2) * 500) }]
      })
    },
  },
  {
    id: '13 hours off',
    does: 'events an hour or five too early, as a time zone moves them',
    lanes: ['ticks'],
    must: {
      kind: 'uncovered',
      why: 'prices of every minute have no session that would tell: any past hour is possible',
    },
    plant: (series, draw) => {
      const hours = draw.pick([1, 2, 5])
      // Not among the rows of the same minutes.
      return onBlock(series, draw, draw.int(1, 4), row => [moved(series, row, -hours * 3_600_000 - 60_000)])
    },
  },
  {
    id: '17 weekend copy',
    does: 'Friday’s row once more, on Saturday, or on both days of the weekend',
    lanes: ['share', 'table', 'reference'],
    must: FLAG('off_session'),
    plant: (series, draw) => {
      const { lane, rows, from, to } = series
      const fridays = rows.flatMap(({ at }, place) =>
        place >= from && place < to && new Date(lane.form.startMs(at)).getUTCDay() === FRIDAY ? [place] : [],
      )
      if (fridays.length === 0) return undefined
      const friday = draw.pick(fridays)
      const at = draw.block(friday, friday + 1, 1)
      if (at === undefined) return undefined
      const days = draw.int(1, 3)
      const copies = (row: Row): Row[] =>
        Array.from({ length: days }, (_, day) => moved(series, row, (day + 1) * DAY_MS))
      return { rows: block(series, at, 1, row => [row, ...copies(row)]) }
    },
  },
  {
    id: '29 missing marker',
    does: 'the provider’s word for no value, where a value may be missing',
    lanes: ['series'],
    must: { kind: 'pass' },
    plant: (series, draw) => onBlock(series, draw, draw.int(1, 4), row => [withCells(row, { value: '.' })]),
  },
  {
    id: '29 no value',
    does: 'an empty text, N/D or null in place of a price that has to be there',
    lanes: ['share', 'coin', 'table'],
    must: QUARANTINE('required:close', 'type:close', 'rate_present', 'type:mid'),
    plant: (series, draw) => {
      const word = series.lane.kind === 'table' ? 'null' : draw.pick(['', 'N/D', '-', '.'])
      const name = series.lane.figures[0]!
      return onBlock(series, draw, draw.int(1, 3), row => [withCells(row, { [name]: word })])
    },
  },
  {
    id: '30 partial bar',
    does: 'the bar of the day that is not over, as if it were one of the others',
    lanes: ['share', 'coin'],
    must: { kind: 'same' },
    plant: (series, draw) => {
      const at = draw.block(series.to - 1, series.to, 1)
      const { lane, runMs } = series
      if (at === undefined) return undefined
      const today = lane.form.atOf(Math.floor(runMs / DAY_MS) * DAY_MS)
      return { rows: block(series, at, 1, row => [row, { ...scaled(lane, row, 1.004), at: today }]), only: series.run }
    },
  },
  {
    id: '31 symbol of another',
    does: 'a symbol that instruments knew until a day, and that is another company’s from then on',
    lanes: ['share'],
    must: QUARANTINE('unknown_instrument'),
    plant: (series, draw) => {
      const at = draw.block(series.from + 2, series.to, 1)
      if (at === undefined) return undefined
      const factor = draw.between(0.2, 5)
      return { rows: onwards(series, at, row => repriced(series.lane, row, factor)), aliasUntil: series.rows[at]!.at }
    },
  },
  {
    id: '31 symbol of another, unannounced',
    does: 'a symbol that is another company’s from a day on, which no table says: prices at half or less, twice or more',
    lanes: ['share', 'coin'],
    must: FLAG('large_move', 'split_shape'),
    plant: (series, draw) => {
      const at = draw.block(series.from + 3, series.to, 1)
      if (at === undefined) return undefined
      const [up, size] = [draw.chance(0.5), draw.between(2.2, 8)]
      return { rows: onwards(series, at, row => repriced(series.lane, row, up ? size : 1 / size)) }
    },
  },
  {
    id: '32 halted',
    does: 'one to three bars without a trade: all four prices those of the close before, no volume; or no row at all for a day',
    lanes: ['share'],
    must: { kind: 'pass' },
    plant: (series, draw) => {
      if (draw.chance(0.3)) return onBlock(series, draw, 1, () => [])
      const length = draw.int(1, 4)
      const at = draw.block(series.from + 1, series.to, length)
      if (at === undefined) return undefined
      const close = series.rows[at - 1]!.cells['close']!
      const flat = { ...Object.fromEntries(pricesOf(series.lane).map(name => [name, close])), volume: '0' }
      return { rows: block(series, at, length, row => withCells(row, flat)) }
    },
  },
]

/** The errors of a vendor of adjusted prices. */
export const dividendModes: readonly Mode[] = [
  {
    id: '05 dividend in pence',
    does: 'a dividend a hundred times as large as it was',
    lanes: ['vendor'],
    must: QUARANTINE('dividend_adjustment'),
    plant: (series, draw) =>
      onDividend(series, draw, row => withCells(row, { dividend: byFactor(row.cells['dividend']!, 100) })),
  },
  {
    id: '05 dividend twice',
    does: 'a dividend that is counted twice, or half',
    lanes: ['vendor'],
    must: QUARANTINE('dividend_adjustment'),
    plant: (series, draw) => {
      const factor = draw.pick([2, 0.5])
      return onDividend(series, draw, row => withCells(row, { dividend: byFactor(row.cells['dividend']!, factor) }))
    },
  },
  {
    id: '05 dividend not in the adjustment',
    does: 'adjusted closes before a dividend are as if there had been none',
    lanes: ['vendor'],
    must: FLAG('dividend_adjustment'),
    plant: (series, draw) => {
      const at = dividendDay(series, draw)
      if (at === undefined) return undefined
      const { dividend, close } = series.rows[at]!.cells
      const factor = 1 / (1 - Number(dividend) / Number(close))
      return {
        rows: block(series, 0, at, row =>
          withCells(row, { adjusted_close: byFactor(row.cells['adjusted_close']!, factor) }),
        ),
        // The row at which the levels part is the one that is found, and it is right.
        beside: [at],
      }
    },
  },
  {
    id: '05 adjusted below zero',
    does: 'an adjusted close below zero',
    lanes: ['vendor'],
    must: QUARANTINE('dividend_adjustment'),
    plant: (series, draw) => {
      const planted = onBlock(series, draw, 1, row => [
        withCells(row, { adjusted_close: byFactor(row.cells['adjusted_close']!, -1) }),
      ])
      const [at] = [...(planted?.rows?.keys() ?? [])]
      return planted === undefined || at === undefined ? undefined : planted
    },
  },
]

function onDividend(series: Series, draw: Draw, change: (row: Row) => Row): Planted | undefined {
  const at = dividendDay(series, draw)
  return at === undefined ? undefined : { rows: block(series, at, 1, change) }
}

function dividendDay({ rows, from, to }: Series, draw: Draw): number | undefined {
  const days = rows.flatMap(({ cells }, at) => (at > from && at < to && Number(cells['dividend']) > 0 ? [at] : []))
  if (days.length === 0) return undefined
  const day = draw.pick(days)
  return draw.block(day, day + 1, 1)
}

function onBlock(
  series: Series,
  draw: Draw,
  length: number,
  change: (row: Row) => readonly Row[],
  more: Planted = {},
): Planted | undefined {
  const at = draw.block(series.from, series.to, length)
  return at === undefined ? undefined : { ...more, rows: block(series, at, length, change) }
}

function moved({ lane }: Series, row: Row, ms: number): Row {
  return { ...row, at: lane.form.atOf(lane.form.startMs(row.at) + ms) }
}

function hash(text: string): number {
  let sum = 7
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 1009
  return sum
}
