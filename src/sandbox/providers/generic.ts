import { type Answer, type Ask, json, keyFits, type SimulatedProvider, text } from '../answer.js'
import { minuteText } from '../day-texts.js'
import { fixed } from '../digits.js'
import { hashText, uniform } from '../noise.js'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const STEPS: Readonly<Record<string, number>> = { '1m': 60_000, '5m': 300_000, '1h': HOUR_MS, '1d': DAY_MS }
const USUAL_SIZE = 100
const MOST = 1000
const WITHOUT_PAGES = 100_000

/**
 * An API of nobody, for the generic source: `/http[/AUTH]/PAGING/SERIES.FORMAT?from=&to=&step=`.
 * - AUTH: `auth-header` (`x-api-key`), `auth-query` (`api_key`) or `auth-bearer`; without it nothing is wanted.
 * - PAGING: `all`, `page` (`page`, `per_page`), `offset` (`offset`, `limit`), `cursor` (`cursor`, `limit`) or `link` (`page`, `per_page`; a Link header).
 * - SERIES: any name of letters, digits, `-` and `_`; each has its own prices. FORMAT: `json` or `csv`.
 * - `from` and `to` are RFC 3339 or unix seconds, half-open, the last day when left out; `step` is 1m, 5m, 1h (when left out) or 1d.
 */
export const generic: SimulatedProvider = { root: '/http', answer: answerTo }

interface Row {
  readonly time: string
  readonly price: string
  readonly volume: number
}

interface Page {
  readonly rows: readonly Row[]
  readonly number: number
  readonly size: number
  readonly start: number
  readonly total: number
}

function answerTo(ask: Ask): Answer {
  const [, auth, paging, name, format] =
    /^(?:\/(auth-\w+))?\/(all|page|offset|cursor|link)\/([\w-]+)\.(json|csv)$/.exec(ask.path) ?? []
  if (paging === undefined || name === undefined) return json({ error: 'not found' }, 404)
  if (auth !== undefined && !keyFits(ask, keyIn(ask, auth)))
    return json({ error: 'missing or wrong key' }, 401, { 'www-authenticate': 'Bearer' })
  const all = rowsOf(ask, name)
  if (all === undefined) return json({ error: 'from, to or step is not valid' }, 400)
  const page = pageOf(ask, paging, all)
  if (page === undefined) return json({ error: 'page, offset, limit or cursor is not valid' }, 400)
  const link = linkOf(ask, paging, page)
  const headers = link === undefined ? {} : { link }
  if (format === 'csv') {
    const lines = page.rows.map(({ time, price, volume }) => `${time},${name},${price},${volume}\n`)
    const answer = text(`time,series,price,volume\n${lines.join('')}`, 200, 'text/csv; charset=utf-8')
    return { ...answer, headers: { ...answer.headers, ...headers } }
  }
  const items = page.rows.map(
    ({ time, price, volume }) => `{"time":"${time}","series":"${name}","price":"${price}","volume":${volume}}`,
  )
  return json(enveloped(paging, page, `[${items.join()}]`), 200, headers)
}

function keyIn({ headers, query }: Ask, auth: string): string | undefined {
  if (auth === 'auth-query') return query.get('api_key') ?? undefined
  if (auth === 'auth-bearer') return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  const sent = headers['x-api-key']
  return auth === 'auth-header' && typeof sent === 'string' ? sent : undefined
}

/** A row per step of `[from, to)` that is not in the future. */
function rowsOf({ query, market, nowMs }: Ask, name: string): Row[] | undefined {
  const step = STEPS[query.get('step') ?? '1h']
  const toMs = instant(query.get('to')) ?? nowMs
  const fromMs = instant(query.get('from')) ?? toMs - DAY_MS
  if (step === undefined || Number.isNaN(fromMs) || Number.isNaN(toMs)) return undefined
  const path = market.path({ key: `http:${name}`, base: 100, volatility: 0.02, factor: 'http' })
  const noise = hashText(`${market.seed}:http:${name}`)
  const rows: Row[] = []
  const until = Math.min(toMs, nowMs + 1)
  for (let at = Math.ceil(fromMs / step) * step; at < until && rows.length < WITHOUT_PAGES; at += step) {
    rows.push({
      time: minuteText(at / 60_000),
      price: fixed(path(at), 4),
      volume: Math.floor(uniform(noise, at / 60_000) * 10_000),
    })
  }
  return rows
}

function pageOf({ query }: Ask, paging: string, all: readonly Row[]): Page | undefined {
  if (paging === 'all') return { rows: all, number: 1, size: all.length, start: 0, total: all.length }
  const size = Number(query.get(paging === 'page' || paging === 'link' ? 'per_page' : 'limit') ?? USUAL_SIZE)
  const number = Number(query.get('page') ?? 1)
  const start =
    paging === 'offset'
      ? Number(query.get('offset') ?? 0)
      : paging === 'cursor'
        ? place(query.get('cursor'))
        : (number - 1) * size
  if (!Number.isInteger(size) || size < 1 || size > MOST || !Number.isInteger(start) || start < 0) return undefined
  return { rows: all.slice(start, start + size), number, size, start, total: all.length }
}

function enveloped(paging: string, { number, size, start, total }: Page, items: string): string {
  if (paging === 'page')
    return `{"page":${number},"pages":${Math.ceil(total / size)},"total":${total},"items":${items}}`
  if (paging === 'offset') return `{"offset":${start},"limit":${size},"total":${total},"items":${items}}`
  if (paging !== 'cursor') return items
  return `{"items":${items},"next_cursor":${start + size < total ? `"${cursorOf(start + size)}"` : 'null'}}`
}

/** RFC 8288. Also for CSV, whose cursor has no other place. */
function linkOf(ask: Ask, paging: string, { number, size, start, total }: Page): string | undefined {
  if (start + size >= total || (paging !== 'link' && paging !== 'cursor')) return undefined
  const query = new URLSearchParams(ask.query)
  if (paging === 'link') query.set('page', String(number + 1))
  else query.set('cursor', cursorOf(start + size))
  return `<${ask.root}${ask.path}?${query}>; rel="next"`
}

/** Nothing that a client could count on. */
function cursorOf(start: number): string {
  return Buffer.from(`after:${start}`).toString('base64url')
}

function place(cursor: string | null): number {
  if (cursor === null || cursor === '') return 0
  const start = /^after:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())
  return start === null ? Number.NaN : Number(start[1])
}

function instant(text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text)
}
