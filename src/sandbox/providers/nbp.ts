import { createHash } from 'node:crypto'
import { calendar } from '../../market/calendar/calendar.js'
import { type Answer, type Ask, json, type SimulatedProvider, text } from '../answer.js'
import { CURRENCIES, currencyOf, inZloty, type ListedCurrency } from '../currencies.js'
import { dateText, dayNumber } from '../day-texts.js'
import { fixed } from '../digits.js'
import { GOLD_OUNCE } from '../metals.js'
import { lastPublications, type NbpTable, type Publication, publications } from './nbp-days.js'

const DAY_MS = 86_400_000
const LONGEST_DAYS = 93
const MOST_RESULTS = 255
/** Grams in a troy ounce. */
const OUNCE_GRAMS = 31.1034768
const FIRST_GOLD = '2013-01-02'

const NOT_FOUND = text('404 NotFound - Not Found - Brak danych', 404)
const TOO_LONG = text('400 BadRequest - Przekroczony limit 93 dni / Limit of 93 days has been exceeded', 400)
const BAD_RANGE = text('400 BadRequest - Błędny zakres dat / Invalid date range', 400)
const TOO_MANY = text(
  `400 BadRequest - Przekroczony limit ${MOST_RESULTS} wyników / Maximum size of ${MOST_RESULTS} data series has been exceeded`,
  400,
)

/** Narodowy Bank Polski: tables A, B and C, single currencies, gold. JSON only; `format=xml` is not imitated. */
export const nbp: SimulatedProvider = { root: '/nbp/api', answer: ask => tagged(ask, answerTo(ask)) }

function answerTo(ask: Ask): Answer {
  const path = ask.path
    .toLowerCase()
    .split('/')
    .filter(part => part !== '')
  if (path[0] === 'cenyzlota') return gold(ask, path.slice(1))
  const table = path[2]?.toUpperCase()
  if (path[0] !== 'exchangerates' || (table !== 'A' && table !== 'B' && table !== 'C')) return NOT_FOUND
  if (path[1] === 'tables') return tables(ask, table, path.slice(3))
  return path[1] === 'rates' ? rates(ask, table, path[3] ?? '', path.slice(4)) : NOT_FOUND
}

function tables(ask: Ask, table: NbpTable, span: readonly string[]): Answer {
  const found = publicationsIn(ask, table, span)
  if (!Array.isArray(found)) return found
  const bodies = found.map(publication => {
    const rows = listed(table).filter(currency => isQuoted(currency, publication.date))
    const rates = rows.map(
      ({ polish, code }, at) =>
        `{"currency":"${polish}","code":"${code}",${rateOf(ask, table, rows[at]!, publication)}}`,
    )
    // Table C tells the quotes of the banking day before.
    const traded = table === 'C' ? `"tradingDate":"${tradingDate(publication.date)}",` : ''
    return `{"table":"${table}","no":"${numberOf(table, publication)}",${traded}"effectiveDate":"${publication.date}","rates":[${rates.join()}]}`
  })
  return json(`[${bodies.join()}]`)
}

function rates(ask: Ask, table: NbpTable, code: string, span: readonly string[]): Answer {
  const currency = currencyOf(code)
  if (currency === undefined || !listed(table).includes(currency)) return NOT_FOUND
  const found = publicationsIn(ask, table, span)
  if (!Array.isArray(found)) return found
  const rows = found
    .filter(({ date }) => isQuoted(currency, date))
    .map(one => `{"no":"${numberOf(table, one)}","effectiveDate":"${one.date}",${rateOf(ask, table, currency, one)}}`)
  if (rows.length === 0) return NOT_FOUND
  return json(`{"table":"${table}","currency":"${currency.polish}","code":"${currency.code}","rates":[${rows.join()}]}`)
}

function gold(ask: Ask, span: readonly string[]): Answer {
  const found = publicationsIn(ask, 'A', span)
  if (!Array.isArray(found)) return found
  const dollar = inZloty(currencyOf('USD')!)
  const rows = found
    .filter(({ date }) => date >= FIRST_GOLD)
    .map(({ date, publishedMs }) => {
      // The price is that of the afternoon before.
      const ms = publishedMs - DAY_MS
      const price = (ask.market.price(GOLD_OUNCE, ms) * ask.market.price(dollar, ms)) / OUNCE_GRAMS
      return `{"data":"${date}","cena":${fixed(price, 2)}}`
    })
  return rows.length === 0 ? NOT_FOUND : json(`[${rows.join()}]`)
}

/** What `''`, `last/N`, `today`, a date or two dates at the end of a path mean; an answer when it is a refusal. */
function publicationsIn({ market, nowMs }: Ask, table: NbpTable, span: readonly string[]): Publication[] | Answer {
  const [first = '', second] = span
  if (span.length > 2) return NOT_FOUND
  if (first === 'last' || span.length === 0) {
    const count = span.length === 0 ? 1 : Number(second)
    if (!Number.isInteger(count) || count < 1) return BAD_RANGE
    return count > MOST_RESULTS ? TOO_MANY : orNotFound(lastPublications(market, table, count, nowMs))
  }
  // The date of today is Warsaw's.
  const start = first === 'today' ? warsawDate(nowMs) : first
  const end = second ?? start
  if (!isDate(start) || !isDate(end)) return NOT_FOUND
  if (end < start || start < calendar('NBP').from) return BAD_RANGE
  if (dayNumber(end) - dayNumber(start) >= LONGEST_DAYS) return TOO_LONG
  return orNotFound(publications(market, table, start, end, nowMs))
}

function orNotFound(found: Publication[]): Publication[] | Answer {
  return found.length === 0 ? NOT_FOUND : found
}

/** `"mid":3.6056`, or bid and ask 1 % from it. The rate is that of half an hour before the publication at the latest. */
function rateOf({ market }: Ask, table: NbpTable, currency: ListedCurrency, { date }: Publication): string {
  const day = dayNumber(date) * DAY_MS
  // 11:00 of the day; table C: 16:00 of the day before.
  const mid = market.price(
    inZloty(currency),
    table === 'C' ? dayNumber(tradingDate(date)) * DAY_MS + 15 * 3_600_000 : day + 10 * 3_600_000,
  )
  if (table !== 'C') return `"mid":${mid4(mid, currency)}`
  return `"bid":${mid4(mid * 0.99, currency)},"ask":${mid4(mid * 1.01, currency)}`
}

/** Four decimals for as many units as the printed table quotes; small rates of table B have six. Zeros beyond the fourth are not written. */
function mid4(rate: number, { units, table }: ListedCurrency): string {
  const decimals = table === 'B' ? 6 : 4 + Math.round(Math.log10(units))
  return fixed(rate, decimals).replace(/(\.\d{4}\d*?)0+$/, '$1')
}

function listed(table: NbpTable): readonly ListedCurrency[] {
  return LISTS[table]
}

const LISTS: Readonly<Record<NbpTable, readonly ListedCurrency[]>> = {
  A: CURRENCIES.filter(({ table }) => table === 'A'),
  B: CURRENCIES.filter(({ table }) => table === 'B'),
  C: CURRENCIES.filter(({ bidAsk }) => bidAsk),
}

function isQuoted({ until }: ListedCurrency, date: string): boolean {
  return until === undefined || date <= until
}

/** `041/A/NBP/2026` */
function numberOf(table: NbpTable, { number, date }: Publication): string {
  return `${String(number).padStart(3, '0')}/${table}/NBP/${date.slice(0, 4)}`
}

function tradingDate(date: string): string {
  return date === calendar('NBP').from ? date : calendar('NBP').previous(date).date
}

/** In Warsaw it is an hour later than UTC, two in summer; near midnight nothing is published. */
function warsawDate(nowMs: number): string {
  return dateText(Math.floor((nowMs + 3_600_000) / DAY_MS))
}

function isDate(date: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(Date.parse(date)) && dateText(Date.parse(date) / DAY_MS) === date
  )
}

/** With the headers that NBP sends, and without a body for one who has it already. */
function tagged(ask: Ask, answer: Answer): Answer {
  if (answer.status !== 200) return answer
  const etag = `"${createHash('sha256').update(answer.body).digest('base64')}"`
  const headers = { ...answer.headers, etag, 'cache-control': 'no-cache', pragma: 'no-cache', expires: '-1' }
  return ask.headers['if-none-match'] === etag ? { status: 304, headers, body: '' } : { ...answer, headers }
}
