import type { Answer, ProviderName } from '../../src/testing.js'
import { adjustedBody, adjustedForm, ecbForm, fredForm, klinesForm, nbpForm, pointsForm, stooqForm } from './forms.js'
import type { Form } from './row.js'

/** What a pipe of the campaign asks, and where its rows end up. */
export type LaneKind = 'share' | 'coin' | 'table' | 'reference' | 'series' | 'ticks' | 'vendor'

/** A series of one provider with a pipe of its own. Lanes do not touch each other. */
export interface Lane {
  readonly kind: LaneKind
  readonly pipe: string
  readonly dataset: string
  readonly instrument: string
  readonly provider: ProviderName
  /** Whether a request is this lane's. */
  asks(target: string): boolean
  readonly form: Form
  /** What a provider answers before anything goes wrong, where the simulator's own answer is not it. */
  dress?(body: string): string
  /** The columns of silver that hold figures, by the names of the cells. The first is the one that is judged. */
  readonly figures: readonly string[]
  /** Length of what a row covers; its row is final afterwards. 0: at once. */
  readonly coversMs: number
  /** Line of instruments.csv after the id, without `price_can_be_negative`: name, class, currency, venue, calendar. */
  readonly listed: string
  readonly alias?: string
  /** The pipe's own lines in YAML. `{revisit}` stands for its revisits. */
  yaml(times: Times, url: string): string
  /** Below the provider's root: everything between two times at once. */
  target(times: Times): string
}

export interface Times {
  readonly sinceMs: number
  /** The first run. */
  readonly firstMs: number
  /** The second run. */
  readonly secondMs: number
}

const DAY_MS = 86_400_000
export const FRED_KEY = 'abcdefghijklmnopqrstuvwxyz123456'
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const seconds = (ms: number): number => Math.floor(ms / 1000)

const PRICES = ['close', 'open', 'high', 'low', 'volume']

/** A share on Stooq: daily bars of an exchange, as CSV. */
export function share(number: number, market: keyof typeof EXCHANGES): Lane {
  const { mic, currency } = EXCHANGES[market]
  const symbol = `sim${number}${market === 'pl' ? '' : `.${market}`}`
  const pipe = `share-${number}`
  return {
    ...{ kind: 'share', pipe, dataset: 'bars', provider: 'stooq', form: stooqForm, figures: PRICES, coversMs: DAY_MS },
    instrument: `equity:${mic}:SIM${number}`,
    asks: target => target.includes(`s=${symbol}&`),
    listed: `Share ${number},equity,${currency},${mic},${mic}`,
    alias: `stooq,${symbol}`,
    yaml: ({ sinceMs }) =>
      `source: stooq.daily, params: { symbol: ${symbol}, currency: ${currency} }, since: ${day(sinceMs)}`,
    target: ({ sinceMs, secondMs }) =>
      `/q/d/l/?s=${symbol}&d1=${compact(sinceMs)}&d2=${compact(secondMs)}&i=d&apikey=k`,
  }
}

const EXCHANGES = {
  us: { mic: 'XNYS', currency: 'USD' },
  uk: { mic: 'XLON', currency: 'GBX' },
  de: { mic: 'XETR', currency: 'EUR' },
  pl: { mic: 'XWAR', currency: 'PLN' },
} as const

/** A coin at Binance: daily bars of every day, as lists in JSON, with the value traded. */
export function coin(number: number): Lane {
  const symbol = `C${number}USDT`
  return {
    ...{ kind: 'coin', pipe: `coin-${number}`, dataset: 'bars', provider: 'binance', form: klinesForm },
    ...{ instrument: `crypto:binance:${symbol}`, figures: [...PRICES, 'quote_volume', 'trades'], coversMs: DAY_MS },
    asks: target => target.includes(`symbol=${symbol}&`),
    listed: `Coin ${number},crypto,USDT,,24/7`,
    yaml: ({ sinceMs }) =>
      `source: binance.klines_1d, params: { symbol: ${symbol}, quote: USDT }, since: ${day(sinceMs)}`,
    target: ({ sinceMs, secondMs }) =>
      `/klines?symbol=${symbol}&interval=1d&startTime=${sinceMs}&endTime=${secondMs}&limit=1000`,
  }
}

/** A currency in table A of NBP. */
export function table(code: string): Lane {
  return {
    ...{ kind: 'table', pipe: `table-${code}`, dataset: 'fx_rates', provider: 'nbp', form: nbpForm, coversMs: 0 },
    ...{ instrument: `fx:nbp:${code}PLN`, figures: ['mid'], listed: `${code} in zloty,fx,PLN,,NBP` },
    asks: target => target.includes(`/rates/A/${code}/`),
    yaml: ({ sinceMs }) => `source: nbp.rate, params: { table: A, code: ${code} }, since: ${day(sinceMs)}`,
    target: ({ sinceMs, secondMs }) => `/exchangerates/rates/A/${code}/${day(sinceMs)}/${day(secondMs)}?format=json`,
  }
}

/** A reference rate of the ECB, as CSV. */
export function reference(code: string): Lane {
  return {
    ...{ kind: 'reference', pipe: `reference-${code}`, dataset: 'fx_rates', provider: 'ecb', form: ecbForm },
    ...{ instrument: `fx:ecb:EUR${code}`, figures: ['mid'], listed: `Euro in ${code},fx,${code},,TARGET`, coversMs: 0 },
    asks: target => target.includes(`/EXR/D.${code}.EUR`),
    yaml: ({ sinceMs }) => `source: ecb.exchange_rates, params: { currency: ${code} }, since: ${day(sinceMs)}`,
    target: ({ sinceMs, secondMs }) =>
      `/EXR/D.${code}.EUR.SP00.A?format=csvdata&startPeriod=${day(sinceMs)}&endPeriod=${day(secondMs)}`,
  }
}

/** Where the history of a series begins: months, and not days, make it long. */
export function seriesSince({ sinceMs }: Times): number {
  return sinceMs - 730 * DAY_MS
}

/** A monthly series of FRED with its revisions over two years. */
export function series(number: number): Lane {
  const id = `SIM${number}`
  return {
    ...{ kind: 'series', pipe: `series-${number}`, dataset: 'macro_observations', provider: 'fred', form: fredForm },
    ...{ instrument: `macro:fred:${id}`, figures: ['value'], listed: `Series ${number},macro,,,`, coversMs: 0 },
    asks: target => target.includes(`series_id=${id}&`),
    yaml: times => `source: fred.observations, params: { series: ${id} }, since: ${day(seriesSince(times))}`,
    target: times =>
      `/series/observations?series_id=${id}&file_type=json&realtime_start=${day(seriesSince(times) - DAY_MS)}&realtime_end=${day(times.secondMs)}&api_key=${FRED_KEY}`,
  }
}

/** Prices at every five minutes of a few hours, of the API of nobody, as market events. */
export function ticks(number: number): Lane {
  const name = `tick${number}`
  // The newest hours alone: sixty days of them would be a thousand partitions.
  const sinceOf = ({ secondMs }: Times): number => Math.floor(secondMs / HOUR_MS) * HOUR_MS - 8 * HOUR_MS
  return {
    ...{ kind: 'ticks', pipe: `ticks-${number}`, dataset: 'market_events', provider: 'http', form: pointsForm },
    ...{ instrument: `crypto:sim:${name}`, figures: ['price'], listed: `Tick ${number},crypto,USD,,24/7`, coversMs: 0 },
    asks: target => target.startsWith(`/all/${name}.json`),
    yaml: (times, url) => `source: http, contract: market_events, since: "${new Date(sinceOf(times)).toISOString()}",
      map: { instrument_id: "'crypto:sim:${name}'", event_time: time, event_id: time, event_type: "'price'", price: price, currency: "'USD'", source: "'sim'" },
      http: { url: "${url}", path: /all/${name}.json, query: { from: "{start:s}", to: "{end:s}", step: 5m }, records: $,
        columns: { time: $.time, price: $.price, volume: $.volume }, interval: { grain: PT1H }, limits: { per_second: 1000, burst: 100, concurrency: 8 } }`,
    target: times => `/all/${name}.json?from=${seconds(sinceOf(times))}&to=${seconds(times.secondMs)}&step=5m`,
  }
}

const HOUR_MS = 3_600_000

/** A share at a vendor of adjusted prices: closes as traded and adjusted, dividends, splits. */
export function vendor(number: number, { sinceMs }: Times): Lane {
  const name = `vendor${number}`
  return {
    ...{ kind: 'vendor', pipe: `vendor-${number}`, dataset: 'adjusted_bars', provider: 'http', form: adjustedForm },
    ...{ instrument: `equity:sim:${name}`, figures: ['close', 'adjusted_close', 'dividend', 'split'], coversMs: 0 },
    listed: `Vendor ${number},equity,USD,,`,
    asks: target => target.startsWith(`/all/${name}.json`),
    dress: body => adjustedBody(body, sinceMs),
    yaml: (times, url) => `source: http, contract: adjusted_bars, since: ${day(times.sinceMs)},
      map: { instrument_id: "'equity:sim:${name}'", event_time: day },
      http: { url: "${url}", path: /all/${name}.json, query: { from: "{start:s}", to: "{end:s}", step: 1d }, records: $,
        columns: { day: $.day, close: $.close, adjusted_close: $.adjusted_close, dividend: $.dividend, split: $.split }, interval: { grain: P1D }, limits: { per_second: 1000, burst: 100, concurrency: 8 } }`,
    target: ({ secondMs }) => `/all/${name}.json?from=${seconds(sinceMs)}&to=${seconds(secondMs)}&step=1d`,
  }
}

/** The dataset of the vendor: what a project would write that has such a feed. */
export const ADJUSTED_CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: adjusted_bars
version: 1.0.0
status: active
schema:
  - name: adjusted_bars
    logicalType: object
    properties:
      - { name: instrument_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { name: event_time, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2 }
${['close', 'adjusted_close', 'dividend', 'split'].map(name => `      - { name: ${name}, logicalType: number, physicalType: "decimal(38,18)", required: true }`).join('\n')}
    quality:
      - { id: dividend_adjustment, type: custom, engine: sluice, severity: error, implementation: { detector: dividend_adjustment } }
      - { id: unapplied_split, type: custom, engine: sluice, severity: error, implementation: { detector: unapplied_split, value: adjusted_close, split: split } }
      - { id: large_move, type: custom, engine: sluice, severity: warn, implementation: { detector: large_move, value: close } }
customProperties:
  - { property: layer, value: silver }
  - { property: eventTime, value: event_time }
  - { property: partition, value: month }
  - { property: mergePolicy, value: versions }
  - { property: thresholds, value: [{ rule: "*", maxShare: 0.05 }] }
`

/** The body that a lane's provider gives when nothing is wrong. */
export function cleanBody(lane: Lane, answer: Answer): string {
  return answer.status === 200 && lane.dress !== undefined ? lane.dress(answer.body) : answer.body
}

function compact(ms: number): string {
  return day(ms).replaceAll('-', '')
}
