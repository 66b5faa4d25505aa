import { countRecords, valuesAt } from '../generic/json-path.js'
import type { Paging } from '../source.js'

/** The part of an answer that says whether there is more. Header names are in lower case. */
export interface PagedAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A page that was asked for. */
export interface AskedPage {
  readonly url: string
  /** From 1. */
  readonly page: number
  /** The address of an earlier page, see `markOf`. */
  readonly mark: string
}

/** `cut`: there is more, and it cannot be asked for. */
export type NextPage =
  | { readonly outcome: 'next'; readonly url: string }
  | { readonly outcome: 'last' }
  | { readonly outcome: 'cut'; readonly why: string }

const LAST: NextPage = { outcome: 'last' }

/**
 * What comes after a page. Always at the origin of its address: a page elsewhere would get the key. `records` is the JSON path of the
 * records, or `csv`. Pure.
 */
export function nextPage(
  paging: Paging,
  records: string,
  { url, page, mark }: AskedPage,
  answer: PagedAnswer,
): NextPage {
  const next = pageAfter(paging, records, url, page, answer)
  if (next.outcome !== 'next') return next
  if (next.url === url || next.url === mark) {
    const isEmpty = countIn(answer.body, records) === 0
    return isEmpty ? LAST : { outcome: 'cut', why: `page ${page} points back to a page that was asked for already` }
  }
  if (page < paging.maxPages) return next
  return { outcome: 'cut', why: `there are more pages than the ${paging.maxPages} that may be asked for` }
}

/**
 * The page to compare later ones with: so, whatever the length of a circle of pages, it is found, and one address is kept
 * (R. Brent, An improved Monte Carlo factorization algorithm, 1980, section 3).
 */
export function markOf({ url, page, mark }: AskedPage): string {
  return (page & (page - 1)) === 0 ? url : mark
}

function pageAfter(
  paging: Paging,
  records: string,
  url: string,
  page: number,
  { headers, body }: PagedAnswer,
): NextPage {
  switch (paging.by) {
    case 'page':
    case 'offset': {
      const count = countIn(body, records)
      if (count === undefined) return { outcome: 'cut', why: `page ${page} cannot be read` }
      if (count < (paging.size ?? 1)) return LAST
      const value = paging.by === 'page' ? paging.start + page : paging.size * page
      return { outcome: 'next', url: withParam(url, paging.param, String(value)) }
    }
    case 'cursor': {
      const cursor = pointerAt(body, paging.path)
      return typeof cursor === 'string' ? { outcome: 'next', url: withParam(url, paging.param, cursor) } : cursor
    }
    case 'link': {
      const link = paging.path === undefined ? (nextLink(headers['link']) ?? LAST) : pointerAt(body, paging.path)
      return typeof link === 'string' ? atOrigin(url, link, paging.without) : link
    }
  }
}

/** Undefined for what cannot be read. */
function countIn(body: Buffer, records: string): number | undefined {
  const text = body.toString('utf8')
  if (records === 'csv') return Math.max(0, text.split('\n').filter(line => line.trim() !== '').length - 1)
  const document = parsed(text)
  return document === undefined ? undefined : countRecords(document, records)
}

/** The text or number at a path: null, false, 0, an empty text and nothing at all say that there is no more. */
function pointerAt(body: Buffer, path: string): string | NextPage {
  // A number of more digits than a double holds would come out as another one.
  const exact = body
    .toString('utf8')
    .replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, part => (part.startsWith('"') ? part : `"${part}"`))
  const [value] = valuesAt(parsed(exact), path)
  if (!value) return LAST
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  return { outcome: 'cut', why: `what stands at ${path} is no text or number, so the next page is not known` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** Keeps all other parts of the address as they are spelled. */
function withParam(url: string, name: string, value: string): string {
  const [base = '', query = ''] = url.split('?', 2)
  const pair = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  const pairs = query.split('&').filter(part => part !== '')
  const at = pairs.findIndex(part => part.split('=')[0] === encodeURIComponent(name))
  return `${base}?${(at === -1 ? [...pairs, pair] : pairs.with(at, pair)).join('&')}`
}

/** The target of `rel="next"` in a header as RFC 8288 describes it. */
function nextLink(header: string | undefined): string | undefined {
  for (const [, target, params = ''] of (header ?? '').matchAll(
    /<([^>]*)>((?:\s*;\s*[^",;=]+(?:=(?:"[^"]*"|[^",;]*))?)*)/g,
  ))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\s*(?:;|$))/i.test(params)) return target
  return undefined
}

/** Behind a proxy an address may have another scheme, never another host. */
function atOrigin(url: string, link: string, without: string | undefined): NextPage {
  if (!URL.canParse(link, url)) return { outcome: 'cut', why: 'the link to the next page is no address' }
  const [own, next] = [new URL(url), new URL(link, url)]
  if (next.host !== own.host) return { outcome: 'cut', why: `the next page is at another host, ${next.host}` }
  if (without !== undefined && next.searchParams.has(without)) next.searchParams.delete(without)
  return { outcome: 'next', url: `${own.origin}${next.pathname}${next.search}` }
}
