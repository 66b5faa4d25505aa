import { calendar } from '../../market/calendar/calendar.js'
import { WEEKDAYS, weekdayOf } from '../../market/calendar/days.js'
import { type Answer, type Ask, keyFits, type SimulatedProvider, sentKey, text } from '../answer.js'
import { dateText, dayNumber } from '../day-texts.js'
import { decimal } from '../digits.js'
import type { Bar } from '../market.js'
import { hashText, uniform } from '../noise.js'
import { type StooqSymbol, stooqSymbol } from './stooq-symbols.js'

const DAY_MS = 86_400_000
const YEAR_DAYS = 365
const FIRST = '2000-01-03'
const SATURDAY = WEEKDAYS.indexOf('Sat')
/** Each year, shares pay out so much; older prices are lowered by it. */
const DIVIDEND = 0.023

const WORDS = {
  en: { header: 'Date,Open,High,Low,Close', volume: 'Volume', none: 'No data', denied: 'Access denied' },
  pl: {
    header: 'Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie',
    volume: 'Wolumen',
    none: 'Brak danych',
    denied: 'Odmowa dostępu',
  },
} as const

type Language = keyof typeof WORDS

/** Stooq in English, or in Polish with `lang=pl` or a host that ends in `.pl`. */
export const stooq: SimulatedProvider = { root: '/stooq', answer: ask => answerTo(ask, languageOf(ask)) }

/** Stooq in Polish, as at stooq.pl. */
export const stooqPl: SimulatedProvider = { root: '/stooq-pl', answer: ask => answerTo(ask, 'pl') }

/** A page that wants a browser: what clients without a key get, with HTTP 200. */
export const CHALLENGE = `<!DOCTYPE html><html><head><meta charset="utf-8"><title>Stooq</title></head><body>
<noscript>This site requires JavaScript to verify your browser.</noscript>
<script>/* a proof of work stands here */</script></body></html>`

interface DayBar extends Bar {
  readonly day: number
  readonly volume: number
}

function answerTo(ask: Ask, language: Language): Answer {
  const words = WORDS[language]
  if (ask.path !== '/q/d/l') return text('<html><body>404</body></html>', 404, 'text/html')
  const sent = sentKey(ask, 'x-no-header', 'apikey')
  if (sent === undefined) return text(CHALLENGE, 200, 'text/html; charset=utf-8')
  if (!keyFits(ask, sent)) return text(words.denied, 200, 'text/plain; charset=utf-8')
  const symbol = stooqSymbol((ask.query.get('s') ?? '').toLowerCase())
  const from = dateIn(ask.query.get('d1')) ?? FIRST
  const to = dateIn(ask.query.get('d2')) ?? dateText(Math.floor(ask.nowMs / DAY_MS))
  const interval = ask.query.get('i') ?? 'd'
  const cut = CUTS[interval]
  if (symbol === undefined || cut === undefined) return text(words.none)
  const days = dayBars(ask, symbol, from < FIRST ? FIRST : from, to)
  const bars = interval === 'd' ? days : joined(days, cut)
  if (bars.length === 0) return text(words.none)
  const adjusted = symbol.kind === 'share' && !/[1-9]/.test(ask.query.get('o') ?? '')
  const last = Math.floor(ask.nowMs / DAY_MS)
  const rows = bars.map(bar => {
    const years = adjusted ? Math.floor((last - bar.day) / YEAR_DAYS) : 0
    const prices = [bar.open, bar.high, bar.low, bar.close].map(price => written(price, symbol, years)).join()
    return `${dateText(bar.day)},${prices}${symbol.volume === undefined ? '' : `,${bar.volume}`}\r\n`
  })
  const header = symbol.volume === undefined ? words.header : `${words.header},${words.volume}`
  return text(`${header}\r\n${rows.join('')}`, 200, 'text/csv')
}

/** A bar per session that has begun; the last may be that of a session under way. */
function dayBars({ market, nowMs }: Ask, symbol: StooqSymbol, from: string, to: string): DayBar[] {
  const path = symbol.path(market)
  const noise = hashText(`${market.seed}:stooq:${symbol.name}`)
  const bars: DayBar[] = []
  for (const { day, open, close } of sessionsOf(symbol, from, to)) {
    if (open >= nowMs) break
    const end = Math.min(close, nowMs)
    const volume = Math.round(
      (symbol.volume ?? 0) * (0.4 + 1.2 * uniform(noise, day)) * ((end - open) / (close - open)),
    )
    bars.push({ ...market.bar(path, open, end), day, volume })
  }
  return bars
}

function sessionsOf({ mic }: StooqSymbol, from: string, to: string): { day: number; open: number; close: number }[] {
  if (from > to) return []
  if (mic !== undefined)
    return calendar(mic)
      .sessions(from, to)
      .map(({ date, open, close }) => ({ day: dayNumber(date), open, close }))
  const days = []
  for (let day = dayNumber(from); day <= dayNumber(to); day++) {
    if (weekdayOf(day) < SATURDAY) days.push({ day, open: day * DAY_MS, close: (day + 1) * DAY_MS })
  }
  return days
}

const weekOf = (day: number): number => day - weekdayOf(day)
const monthOf = (day: number): string => dateText(day).slice(0, 7)
const yearOf = (day: number): string => dateText(day).slice(0, 4)
const quarterOf = (day: number): string => `${yearOf(day)}-${Math.ceil(Number(dateText(day).slice(5, 7)) / 3)}`
const CUTS: Readonly<Record<string, (day: number) => number | string>> = {
  d: day => day,
  w: weekOf,
  m: monthOf,
  q: quarterOf,
  y: yearOf,
}

/** Longer bars, each with the date of its last day. */
function joined(days: readonly DayBar[], cut: (day: number) => number | string): DayBar[] {
  const bars: DayBar[] = []
  let current: number | string | undefined
  for (const bar of days) {
    const before = bars.at(-1)
    const period = cut(bar.day)
    if (before === undefined || period !== current) bars.push(bar)
    else
      bars[bars.length - 1] = {
        day: bar.day,
        open: before.open,
        high: Math.max(before.high, bar.high),
        low: Math.min(before.low, bar.low),
        close: bar.close,
        volume: before.volume + bar.volume,
      }
    current = period
  }
  return bars
}

/** Lowered prices of shares have as many digits as the multiplication leaves. */
function written(price: number, symbol: StooqSymbol, years: number): string {
  const plain = decimal(price, symbol.kind === 'pair' ? 5 : 2)
  return years <= 0 ? plain : String(Number((Number(plain) * (1 - DIVIDEND) ** years).toPrecision(15)))
}

function languageOf({ headers, query }: Ask): Language {
  return query.get('lang') === 'pl' || /\.pl(:\d+)?$/.test(headers.host ?? '') ? 'pl' : 'en'
}

/** `YYYYMMDD` as `YYYY-MM-DD`. */
function dateIn(compact: string | null): string | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(compact ?? '')
  if (parts === null) return undefined
  const date = `${parts[1]}-${parts[2]}-${parts[3]}`
  return Number.isNaN(Date.parse(date)) ? undefined : date
}
