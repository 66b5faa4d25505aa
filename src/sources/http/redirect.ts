import { Refusal } from './refusal.js'
import { HIDDEN } from './secret.js'
import { secretPattern } from './secret-pattern.js'

const STATUSES = [301, 302, 303, 307, 308]
const MOST = 5

/** A step on the way to an answer. Holds the key: for the transport alone. */
export interface Hop {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

export interface KeyOfHop {
  /** The header that carries the key, in lower case. */
  readonly header: string | undefined
  readonly value: string | undefined
}

export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && STATUSES.includes(status)
}

/**
 * Where a redirect leads, given the way so far, newest last. Another origin does not get the key. Throws a Refusal for a
 * loop, too many steps, a way from https to http, an address that is none, and one that would hand on the key.
 */
export function nextHop(way: readonly Hop[], location: string, key: KeyOfHop): Hop {
  const from = way.at(-1)!
  const url = targetOf(location, from.url)
  const { protocol } = url
  if (protocol !== 'http:' && protocol !== 'https:') throw new Refusal(`a redirect leads to ${protocol}`)
  if (from.url.protocol === 'https:' && protocol === 'http:') {
    throw new Refusal(`a redirect leads from https to http (${url.host})`)
  }
  if (url.username !== '' || url.password !== '') throw new Refusal(`a redirect to ${url.host} names a user`)
  if (way.some(hop => hop.url.href === url.href)) {
    throw new Refusal(`a redirect loop: ${[...way.map(hop => hop.url), url].map(bare).join(' → ')}`)
  }
  if (way.length > MOST) throw new Refusal(`more than ${MOST} redirects, the last to ${bare(url)}`)
  if (url.origin === from.url.origin) return { url, headers: from.headers }
  if (holdsKey(url, key.value)) throw new Refusal(`a redirect would give the key to ${url.host}`)
  return { url, headers: without(from.headers, key.header) }
}

function targetOf(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new Refusal('a redirect leads to what is no address')
  const url = new URL(location, from.href)
  url.hash = ''
  return url
}

function holdsKey(url: URL, value: string | undefined): boolean {
  return value !== undefined && secretPattern(value).test(url.href)
}

function without(headers: Readonly<Record<string, string>>, name: string | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name && header !== 'cookie'))
}

/** Host and path: a query may hold more than should be printed. */
function bare(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : `?${HIDDEN}`}`
}
