import { type Answer, json, text } from './answer.js'
import type { ProviderName } from './providers/all.js'
import { CHALLENGE } from './providers/stooq.js'

const GECKO =
  "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to subscribe to our API plans for higher rate limits."

/** How each says that it was asked too often. */
const TOO_OFTEN: Readonly<Record<ProviderName, Answer>> = {
  nbp: text('429 Too Many Requests', 429),
  coingecko: json({ status: { error_code: 429, error_message: GECKO } }, 429, { 'content-type': 'application/json' }),
  'coingecko-pro': json({ status: { error_code: 429, error_message: GECKO } }, 429, {
    'content-type': 'application/json',
  }),
  fred: json({ error_code: 429, error_message: 'Too Many Requests.  Exceeded Rate Limit' }, 429),
  stooq: text('Exceeded the daily hits limit', 429),
  'stooq-pl': text('Przekroczony dzienny limit wywolan', 429),
  ecb: text('Too Many Requests', 429),
  binance: json({ code: -1003, msg: 'Too many requests; current limit is 6000 request weight per 1 MINUTE.' }, 429),
  frankfurter: json({ message: 'too many requests' }, 429),
  http: json({ error: 'too many requests' }, 429),
}

/** An answer with a status that is an error; 429 and 503 say after how many seconds to come again. */
export function refusalOf(provider: ProviderName, status: number, retryAfterS: number | undefined): Answer {
  const after = retryAfterS ?? (status === 429 || status === 503 ? 1 : undefined)
  const later = after === undefined ? {} : { 'retry-after': String(after) }
  const answer = status === 429 ? TOO_OFTEN[provider] : bodyOf(provider, status)
  return { ...answer, headers: { ...answer.headers, ...later } }
}

/** The error document that comes as if all were well. */
export function errorAsSuccess(provider: ProviderName): Answer {
  return { ...TOO_OFTEN[provider], status: 200 }
}

/** A page where records were due; Stooq's is its own. */
export function pageForBrowsers(provider: ProviderName): Answer {
  const page =
    '<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>\n'
  return text(provider.startsWith('stooq') ? CHALLENGE : page, 200, 'text/html; charset=utf-8')
}

function bodyOf(provider: ProviderName, status: number): Answer {
  if (provider === 'nbp' || provider === 'ecb' || provider.startsWith('stooq')) return text(`${status} Error`, status)
  return json({ status, error: status >= 500 ? 'Internal Server Error' : 'Error' }, status)
}
