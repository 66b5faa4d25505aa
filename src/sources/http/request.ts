import type { KeyPlace } from '../source.js'
import { HIDDEN, type Secret } from './secret.js'

/** A GET that can be printed: its key is a Secret, and the address does not hold it. With `post` it is a POST, whose redirects are not followed. */
export interface HttpRequest {
  /** Without the key. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly key?: { readonly secret: Secret; readonly in: KeyPlace }
  /** What the last answer said of itself: the provider may answer that nothing has changed. */
  readonly validators?: { readonly etag?: string; readonly lastModified?: string }
  /** What is sent. */
  readonly post?: { readonly body: string; readonly contentType: string }
}

export interface PlainRequest {
  readonly method: 'GET'
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** The request as captures and messages hold it: `***` in place of the key. */
export function printedRequest(request: HttpRequest): PlainRequest {
  return withKey(request, HIDDEN)
}

/** The request as it goes over the wire. Holds the key: for the transport alone, never to be kept or printed. */
export function wireRequest(request: HttpRequest): PlainRequest {
  return withKey(request, request.key?.secret.reveal())
}

/** The header that carries the key, in lower case; undefined when none does. */
export function keyHeader(request: HttpRequest): string | undefined {
  const place = request.key?.in
  if (place === undefined || 'query' in place) return undefined
  return 'header' in place ? place.header.toLowerCase() : 'authorization'
}

function withKey(request: HttpRequest, key: string | undefined): PlainRequest {
  const { etag, lastModified } = request.validators ?? {}
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value
  if (etag !== undefined) headers['if-none-match'] = etag
  if (lastModified !== undefined) headers['if-modified-since'] = lastModified
  const place = request.key?.in
  if (place === undefined || key === undefined) return { method: 'GET', url: request.url, headers }
  if ('query' in place) return { method: 'GET', url: withQuery(request.url, place.query, key), headers }
  headers[keyHeader(request)!] = 'bearer' in place ? `Bearer ${key}` : key
  return { method: 'GET', url: request.url, headers }
}

function withQuery(url: string, name: string, value: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${encodeURIComponent(name)}=${encodeURIComponent(value)}`
}
