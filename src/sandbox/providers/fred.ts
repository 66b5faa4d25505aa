import { type Answer, type Ask, json, type SimulatedProvider, text } from '../answer.js'
import { dateText } from '../day-texts.js'
import { fredSeries } from './fred-list.js'
import { type FredHistory, type FredSeries, historyOf, LAST_DATE } from './fred-series.js'

const DAY_MS = 86_400_000
/** St. Louis is six hours behind UTC, five in summer: nothing is released in that hour. */
const CENTRAL_MS = -6 * 3_600_000
const FIRST_DATE = '1776-07-04'
const MOST_VINTAGES = 2000
const MOST_OBSERVATIONS = 100_000
const MOST_VINTAGE_DATES = 10_000
const MORE = 'Read https://fred.stlouisfed.org/docs/api/api_key.html for more information.'

/**
 * FRED: `series`, `series/observations` (output types 1 and 4, units `lin`, own frequency) and `series/vintagedates`. What of the rest
 * is asked for is refused with 501, which FRED does not know. Answers are XML where `file_type=json` is left out, as errors or empty.
 */
export const fred: SimulatedProvider = {
  root: '/fred/fred',
  answer: ask => {
    const answer = answerTo(ask)
    return ask.query.get('file_type') === 'json' || answer.status >= 500 ? answer : asXml(answer)
  },
}

interface Window {
  readonly start: string
  readonly end: string
}

function answerTo(ask: Ask): Answer {
  const wrongKey = refusedKey(ask)
  if (wrongKey !== undefined) return wrongKey
  if (!['/series', '/series/observations', '/series/vintagedates'].includes(ask.path)) return refusal('Not Found', 404)
  const id = ask.query.get('series_id')
  if (id === null || id === '') return refusal('Bad Request.  Variable series_id is not set.')
  const series = fredSeries(id)
  if (series === undefined) return refusal('Bad Request.  The series does not exist.')
  const today = dateText(Math.floor((ask.nowMs + CENTRAL_MS) / DAY_MS))
  const wide = ask.path === '/series/vintagedates'
  const window = {
    start: ask.query.get('realtime_start') ?? (wide ? FIRST_DATE : today),
    end: ask.query.get('realtime_end') ?? (wide ? LAST_DATE : today),
  }
  for (const [name, date] of [
    ['realtime_start', window.start],
    ['realtime_end', window.end],
  ] as const) {
    if (!isDate(date)) return refusal(`Bad Request.  Value of ${name} is not a valid date.`)
  }
  if (window.start > window.end || window.start < FIRST_DATE)
    return refusal(`Bad Request.  The realtime period from ${window.start} to ${window.end} is not valid.`)
  const history = historyOf(ask.market, series, today)
  if (ask.path === '/series') return about(ask, series, history, window)
  return wide ? vintageDates(ask, history, window) : observations(ask, history, window)
}

function refusedKey(ask: Ask): Answer | undefined {
  const sent = ask.query.get('api_key')
  if (sent === null || sent === '') return refusal(`Bad Request.  Variable api_key is not set.  ${MORE}`)
  if (!/^[a-z0-9]{32}$/.test(sent))
    return refusal(
      `Bad Request.  The value for variable api_key is not a 32 character alpha-numeric lower-case string.  ${MORE}`,
    )
  if (ask.key === undefined || ask.key === sent) return undefined
  return refusal(`Bad Request.  The value for variable api_key is not registered.  ${MORE}`)
}

/** Each period in which a value was held, cut to the real-time period that was asked for. */
function observations({ query }: Ask, history: FredHistory, window: Window): Answer {
  const type = query.get('output_type') ?? '1'
  const [units, frequency] = [query.get('units') ?? 'lin', query.get('frequency')]
  if (units !== 'lin' || frequency !== null || (type !== '1' && type !== '4') || query.has('vintage_dates'))
    return refusal('The simulator knows units=lin, the own frequency and the output types 1 and 4.', 501)
  const vintages = history.vintages.filter(date => date >= window.start && date <= window.end).length
  if (vintages > MOST_VINTAGES)
    return refusal(
      `Bad Request.  There are ${vintages} vintage dates in the specified real-time period: ${window.start} to ${window.end}.  This exceeds the maximum number of vintage dates allowed for this file type (${MOST_VINTAGES}).`,
    )
  const [start, end] = [query.get('observation_start') ?? '1600-01-01', query.get('observation_end') ?? LAST_DATE]
  const rows: string[] = []
  for (const { date, said } of history.observations) {
    if (date < start || date > end) continue
    for (const { from, until, value } of type === '4' ? said.slice(0, 1) : said) {
      if (from > window.end || until < window.start || (type === '4' && from < window.start)) continue
      const [first, last] = [later(from, window.start), earlier(until, window.end)]
      rows.push(`{"realtime_start":"${first}","realtime_end":"${last}","date":"${date}","value":"${value}"}`)
    }
  }
  const { order, offset, limit, page } = pageOf(query, rows, MOST_OBSERVATIONS)
  return json(
    `{"realtime_start":"${window.start}","realtime_end":"${window.end}","observation_start":"${start}","observation_end":"${end}",` +
      `"units":"lin","output_type":${type},"file_type":"json","order_by":"observation_date","sort_order":"${order}",` +
      `"count":${rows.length},"offset":${offset},"limit":${limit},"observations":[${page.join()}]}`,
  )
}

function vintageDates({ query }: Ask, history: FredHistory, { start, end }: Window): Answer {
  const dates = history.vintages.filter(date => date >= start && date <= end)
  const { order, offset, limit, page } = pageOf(query, dates, MOST_VINTAGE_DATES)
  return json({
    realtime_start: start,
    realtime_end: end,
    order_by: 'vintage_date',
    sort_order: order,
    count: dates.length,
    offset,
    limit,
    vintage_dates: page,
  })
}

const FREQUENCIES = { D: 'Daily', M: 'Monthly', Q: 'Quarterly' } as const
const SEASONS = {
  SA: 'Seasonally Adjusted',
  NSA: 'Not Seasonally Adjusted',
  SAAR: 'Seasonally Adjusted Annual Rate',
} as const

function about({ market }: Ask, series: FredSeries, history: FredHistory, { start, end }: Window): Answer {
  const updated = history.vintages.at(-1) ?? series.start
  const minute = String(30 + Math.floor(market.chance(`fred:${series.id}:updated`, 0) * 29))
  const entry = {
    id: series.id,
    realtime_start: start,
    realtime_end: end,
    title: series.title,
    observation_start: history.observations[0]?.date ?? series.start,
    observation_end: history.observations.at(-1)?.date ?? series.start,
    frequency: FREQUENCIES[series.frequency],
    frequency_short: series.frequency,
    units: series.units,
    units_short: series.units,
    seasonal_adjustment: SEASONS[series.seasonal],
    seasonal_adjustment_short: series.seasonal,
    last_updated: `${updated} 07:${minute}:03-06`,
    popularity: 80,
    notes: 'Simulated.',
  }
  return json({ realtime_start: start, realtime_end: end, seriess: [entry] })
}

function pageOf(query: URLSearchParams, rows: readonly string[], most: number) {
  const order = query.get('sort_order') === 'desc' ? 'desc' : 'asc'
  const offset = Math.max(0, Math.floor(Number(query.get('offset') ?? 0)) || 0)
  const limit = Math.min(most, Math.max(1, Math.floor(Number(query.get('limit') ?? most)) || most))
  const ordered = order === 'desc' ? rows.toReversed() : rows
  return { order, offset, limit, page: ordered.slice(offset, offset + limit) }
}

function refusal(message: string, status = 400): Answer {
  return json({ error_code: status, error_message: message }, status)
}

/** What a client sees that forgot `file_type`: enough to find out. */
function asXml(answer: Answer): Answer {
  const { error_code: code, error_message: message } = JSON.parse(answer.body) as Record<string, unknown>
  const root = code === undefined ? '<observations></observations>' : `<error code="${code}" message="${message}" />`
  return text(`<?xml version="1.0" encoding="utf-8" ?>\n\n${root}\n`, answer.status, 'text/xml; charset=UTF-8')
}

function earlier(a: string, b: string): string {
  return a < b ? a : b
}

function later(a: string, b: string): string {
  return a < b ? b : a
}

function isDate(date: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(Date.parse(date))
}
