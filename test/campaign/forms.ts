import { type Form, type Row, withCells } from './row.js'

const DAY_MS = 86_400_000

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const dayMs = (at: string): number => (/^\d{4}-\d\d-\d\d$/.test(at) ? Date.parse(at) : Number.NaN)

/** Stooq: a line for each session; shares have volumes. */
export const stooqForm: Form = {
  type: 'csv',
  startMs: dayMs,
  atOf: day,
  read: body =>
    linesOf(body)
      .slice(1)
      .map(line => {
        const [at = '', open = '', high = '', low = '', close = '', volume = ''] = line.split(',')
        return { at, cells: { open, high, low, close, volume } }
      }),
  write: (rows, body) => {
    const lines = rows.map(({ at, cells }) =>
      [at, ...['open', 'high', 'low', 'close', 'volume'].map(name => cells[name])].join(','),
    )
    return [linesOf(body)[0], ...lines, ''].join('\r\n')
  },
}

const KLINE = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'end',
  'quote_volume',
  'trades',
  'taker',
  'taker_quote',
  'rest',
]
const BARE = new Set(['end', 'trades'])

/** Binance: a list for each bar, numbers as texts. */
export const klinesForm: Form = {
  type: 'json',
  startMs: at => (/^\d+$/.test(at) ? Number(at) : Number.NaN),
  atOf: String,
  read: body =>
    (JSON.parse(body) as (string | number)[][]).map(([at, ...cells]) => ({
      at: String(at),
      cells: Object.fromEntries(KLINE.map((name, place) => [name, String(cells[place])])),
    })),
  write: rows => {
    const cell = (name: string, text: string): string => (BARE.has(name) ? text : JSON.stringify(text))
    const lines = rows.map(({ at, cells }) => `[${[at, ...KLINE.map(name => cell(name, cells[name]!))].join()}]`)
    return `[${lines.join()}]`
  },
}

/** NBP: the rates of one currency; numbers are bare. */
export const nbpForm: Form = {
  type: 'json',
  startMs: dayMs,
  atOf: day,
  read: body =>
    [...body.matchAll(/\{"no":"([^"]*)","effectiveDate":"([^"]*)","mid":([^}]*)\}/g)].map(([, no, at, mid]) => ({
      at: at!,
      cells: { no: no!, mid: mid! },
    })),
  write: (rows, body) => {
    const lines = rows.map(({ at, cells }) => `{"no":"${cells['no']}","effectiveDate":"${at}","mid":${cells['mid']}}`)
    return body.replace(/"rates":\[.*\]/, `"rates":[${lines.join()}]`)
  },
}

const ECB_TIME = 6

/** ECB: a line for each day, with 32 columns of which two matter. */
export const ecbForm: Form = {
  type: 'csv',
  startMs: dayMs,
  atOf: day,
  read: body =>
    linesOf(body)
      .slice(1)
      .map(line => {
        const cells = line.split(',')
        const [before, after] = [cells.slice(0, ECB_TIME).join(), cells.slice(ECB_TIME + 2).join()]
        return { at: cells[ECB_TIME]!, cells: { before, mid: cells[ECB_TIME + 1]!, after } }
      }),
  write: (rows, body) => {
    const lines = rows.map(({ at, cells }) => [cells['before'], at, cells['mid'], cells['after']].join())
    return [linesOf(body)[0], ...lines, ''].join('\n')
  },
}

/** FRED: an object for each period and time in which it was held true. A row is told by both: `2025-01-01|2025-02-12`. */
export const fredForm: Form = {
  type: 'json',
  startMs: at => dayMs(at.slice(0, 10)),
  atOf: ms => `${day(ms)}|${day(ms)}`,
  read: body =>
    (JSON.parse(body) as { observations: Record<string, string>[] }).observations.map(one => ({
      at: `${one['date']}|${one['realtime_start']}`,
      cells: { value: one['value']!, until: one['realtime_end']! },
    })),
  write: (rows, body) => {
    const lines = rows.map(({ at, cells }) => {
      const [date, start] = at.split('|')
      const { value, until } = cells
      return JSON.stringify({ realtime_start: start, realtime_end: until, date, value })
    })
    return body
      .replace(/"observations":\[.*\]/, `"observations":[${lines.join()}]`)
      .replace(/"count":\d+/, `"count":${rows.length}`)
  },
}

/** The API of nobody: an object for each point. */
export const pointsForm: Form = objectsForm(
  'time',
  [
    ['series', 'text'],
    ['price', 'text'],
    ['volume', 'number'],
  ],
  at => Date.parse(at),
)

/** A vendor of adjusted prices, whom the simulator does not know: made of the points. */
export const adjustedForm: Form = objectsForm(
  'day',
  ['close', 'adjusted_close', 'dividend', 'split'].map(name => [name, 'text'] as const),
  dayMs,
)

/** The days on which a vendor's share pays a dividend, each after the first day of its history by so much; and which share of the price. */
const DIVIDENDS = [
  { afterDays: 17, share: 0.012 },
  { afterDays: 52, share: 0.02 },
] as const

/** An answer of points as the vendor of adjusted prices would give it. `sinceMs`: the first day of its history. */
export function adjustedBody(points: string, sinceMs: number): string {
  const rows = pointsForm.read(points).map(({ at, cells }) => {
    const ms = Math.floor(Date.parse(at) / DAY_MS) * DAY_MS
    const price = Number(cells['price'])
    const paid = DIVIDENDS.filter(({ afterDays }) => ms >= sinceMs + afterDays * DAY_MS)
    const today = DIVIDENDS.find(({ afterDays }) => ms === sinceMs + afterDays * DAY_MS)
    const left = (shares: readonly { share: number }[]): number =>
      shares.reduce((product, { share }) => product * (1 - share), 1)
    const row = { at: day(ms), cells: {} }
    return withCells(row, {
      close: (price * left(paid)).toFixed(4),
      adjusted_close: (price * left(DIVIDENDS)).toFixed(4),
      dividend: today === undefined ? '0' : (price * left(paid.slice(0, -1)) * today.share).toFixed(4),
      split: '0',
    })
  })
  return adjustedForm.write(rows, '')
}

function objectsForm(
  time: string,
  fields: readonly (readonly [string, 'text' | 'number'])[],
  startMs: Form['startMs'],
): Form {
  const field = ([name, kind]: readonly [string, string], row: Row): string => {
    const text = name === time ? row.at : row.cells[name]!
    return `"${name}":${kind === 'text' ? JSON.stringify(text) : text}`
  }
  return {
    type: 'json',
    startMs,
    atOf: ms => (startMs === dayMs ? day(ms) : `${new Date(ms).toISOString().slice(0, 19)}Z`),
    read: body =>
      (JSON.parse(body) as Record<string, string | number>[]).map(({ [time]: at, ...cells }) => ({
        at: String(at),
        cells: Object.fromEntries(Object.entries(cells).map(([name, value]) => [name, String(value)])),
      })),
    write: rows =>
      `[${rows.map(row => `{${([[time, 'text'], ...fields] as const).map(one => field(one, row)).join()}}`).join()}]`,
  }
}

function linesOf(body: string): string[] {
  return body.split(/\r?\n/).filter(line => line !== '')
}
