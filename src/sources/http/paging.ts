import { countRecords, valuesAt } from '../generic/json-path.js'
import type { Paging } from '../source.js'

/** The part of an answer that says whether there is more. Header names are in lower case. */
export interface PagedAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * The address of the page after an answer, or undefined after the last one: when there is no more, when the answer points back to
 * itself, or at `maxPages`. `page` counts from 1. Always at the origin of `url`: a page elsewhere would get the key. Pure.
 */
export function nextPage(paging: Paging, url: string, answer: PagedAnswer, page: number): string | undefined {
  if (page >= paging.maxPages) return undefined
  const next = addressAfter(paging, url, answer, page)
  return next === url ? undefined : next
}

function addressAfter(paging: Paging, url: string, answer: PagedAnswer, page: number): string | undefined {
  switch (paging.by) {
    case 'page':
      return isLast(paging, answer) ? undefined : withParam(url, paging.param, String(paging.start + page))
    case 'offset':
      return isLast(paging, answer) ? undefined : withParam(url, paging.param, String(paging.size * page))
    case 'cursor': {
      const cursor = textAt(answer.body, paging.path)
      return cursor === undefined ? undefined : withParam(url, paging.param, cursor)
    }
    case 'link': {
      const link = paging.path === undefined ? nextLink(answer.headers['link']) : textAt(answer.body, paging.path)
      return link === undefined ? undefined : atOrigin(url, link, paging.without)
    }
  }
}

function isLast({ records, size = 1 }: { records: string; size?: number }, { body }: PagedAnswer): boolean {
  const text = body.toString('utf8')
  if (records === 'csv') return text.split('\n').filter(line => line.trim() !== '').length - 1 < size
  const document = parsed(text)
  return document === undefined || countRecords(document, records) < size
}

/** The text or number at a path; undefined for null, an empty text and what is neither. */
function textAt(body: Buffer, path: string): string | undefined {
  // A number of more digits than a double holds would come out as another one.
  const exact = body
    .toString('utf8')
    .replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, part => (part.startsWith('"') ? part : `"${part}"`))
  const [value] = valuesAt(parsed(exact), path)
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text !== '' ? text : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
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

function atOrigin(url: string, link: string, without: string | undefined): string | undefined {
  if (!URL.canParse(link, url)) return undefined
  const next = new URL(link, url)
  if (without !== undefined && next.searchParams.has(without)) next.searchParams.delete(without)
  return `${new URL(url).origin}${next.pathname}${next.search}`
}
