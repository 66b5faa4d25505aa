import type { Session } from '../../market/calendar/calendar.js'
import { type Answer, type Ask, json, type SimulatedProvider } from '../answer.js'
import type { Market } from '../market.js'
import { ECB_CURRENCIES, ecbDays, euroRate, roundedRate } from './ecb-rates.js'

const DAY_MS = 86_400_000
/** No two TARGET days are further apart. */
const LONGEST_GAP_DAYS = 10

/** Frankfurter, version 1: the rates of the ECB as JSON. A day without rates is answered with the day before, under its own date. */
export const frankfurter: SimulatedProvider = { root: '/frankfurter/v1', answer: answerTo }

function answerTo(ask: Ask): Answer {
  const base = ask.query.get('base') ?? ask.query.get('from') ?? 'EUR'
  const wanted = (ask.query.get('symbols') ?? ask.query.get('to'))?.split(',')
  const isKnown = (code: string): boolean => code === 'EUR' || ECB_CURRENCIES.some(known => known.code === code)
  const span = /^\/(latest|\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d)?)?$/.exec(ask.path)
  if (span === null || !isKnown(base) || (wanted !== undefined && !wanted.some(isKnown)))
    return json({ message: 'not found' }, 404)
  const today = new Date(ask.nowMs).toISOString().slice(0, 10)
  const [start, end] = [span[1] === 'latest' ? today : span[1]!, span[2] ?? today]
  if (Number.isNaN(Date.parse(start)) || Number.isNaN(Date.parse(end))) return json({ message: 'invalid date' }, 422)
  const ratesOf = (day: Session): Record<string, number> => ratesOn(ask.market, base, wanted, day)
  const before = new Date(Date.parse(start) - LONGEST_GAP_DAYS * DAY_MS).toISOString().slice(0, 10)
  const opening = ecbDays(before, start, ask.nowMs).at(-1)
  if (!ask.path.includes('..')) {
    if (opening === undefined) return json({ message: 'not found' }, 404)
    return json({ amount: 1, base, date: opening.date, rates: ratesOf(opening) })
  }
  const days = ecbDays(opening?.date ?? start, end, ask.nowMs)
  if (days.length === 0) return json({ message: 'not found' }, 404)
  const rates = Object.fromEntries(days.map(day => [day.date, ratesOf(day)]))
  return json({ amount: 1, base, start_date: days[0]!.date, end_date: days.at(-1)!.date, rates })
}

function ratesOn(
  market: Market,
  base: string,
  wanted: readonly string[] | undefined,
  day: Session,
): Record<string, number> {
  const ofEuro = (code: string): number => (code === 'EUR' ? 1 : euroRate(market, code, day))
  const codes = [
    'EUR',
    ...ECB_CURRENCIES.filter(({ until }) => until === undefined || day.date <= until).map(({ code }) => code),
  ]
  const shown = codes.filter(code => code !== base && (wanted === undefined || wanted.includes(code))).toSorted()
  return Object.fromEntries(shown.map(code => [code, roundedRate(ofEuro(code) / ofEuro(base))]))
}
