import type { ProviderName } from './providers/all.js'

/** Something that goes wrong, where, and how often. */
export type Fault = Misbehaviour & Aim

/** Without a provider: all; without a path: all of its; without `when`: each time. */
export interface Aim {
  readonly provider?: ProviderName
  /** Of the path and query below the provider's root, as `/exchangerates/*`; `*` stands for any text. */
  readonly path?: string
  readonly when?: When
}

/**
 * `first`: so many requests that fit, then no more. `each`: the first so many of each URL. `every`: the third, sixth and so on.
 * `share`: each with this chance, 0..1, that depends on the seed, the URL and how often it was asked, not on the order of arrival.
 */
export type When =
  | { readonly first: number }
  | { readonly each: number }
  | { readonly every: number }
  | { readonly share: number }

export type Misbehaviour =
  /** An HTTP status in place of the answer. 429 and 503 tell when to come again. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterS?: number }
  /** The answer comes so much later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The body takes so long, in ten pieces. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The time of the provider is so much ahead (or, negative, behind): its Date and what is "now" for it. */
  | { readonly kind: 'clock-skew'; readonly ms: number }
  /** A body of so many bytes, streamed. Default: 2 GiB. */
  | { readonly kind: 'huge'; readonly bytes?: number }
  /** Gzip that unpacks to so many bytes. Default: 1 GiB. */
  | { readonly kind: 'gzip-bomb'; readonly bytes?: number }
  | { readonly kind: PlainKind }

/** Faults that need no figure, each with what it does. */
export const PLAIN_KINDS = {
  cut: 'the connection ends in the middle of the body',
  silent: 'no answer, ever',
  html: 'a page for browsers, with 200',
  error: "the provider's own error document, with 200",
  empty: 'an empty body, with 200',
  'half-json': 'the first half of the body, as if it were all',
  'wrong-charset': 'bytes that are not in the charset that is named',
  nan: 'NaN in the place of a number',
  'dropped-ids': 'every second record is not there',
  duplicates: 'every second record is there twice',
  'field-renamed': 'a field has another name',
  'field-added': 'there is one field more',
  'field-missing': 'there is one field less',
  revised: 'history differs from what was said before',
  'other-id': 'the answer to a question for another id',
  'redirect-private': 'a redirect to an address inside a network',
  'redirect-loop': 'a redirect to itself',
} as const

export type PlainKind = keyof typeof PLAIN_KINDS
export type FaultKind = Misbehaviour['kind']
