import { errors } from 'undici'
import type { Judgement } from '../answers/meaning.js'
import { Refusal } from './refusal.js'

/** What can be said of an error by its code. `unavailable` may pass; what is `refused` will be so again. */
const BY_CODE: Readonly<Record<string, Judgement['why']>> = {
  ENOTFOUND: 'the name has no address',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNREFUSED: 'no server listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer began in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stood still for too long',
  UND_ERR_SOCKET: 'the connection was closed before an answer began',
}

const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate comes from an authority that is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate comes from an authority that is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate comes from an authority that is not known',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
}

/** What an error of the network means. An error that is not known is `unavailable`, with its own words. */
export function judgeFailure(thrown: unknown, timeUp: boolean): Judgement {
  if (thrown instanceof Refusal) return thrown.judgement
  if (timeUp) return { meaning: 'unavailable', why: 'the answer was not complete in time' }
  const code = codeOf(thrown)
  const named = CERTIFICATE[code]
  if (named !== undefined) return { meaning: 'refused', why: `${named} (${code})` }
  if (/^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code)) return { meaning: 'refused', why: `TLS failed (${code})` }
  if (thrown instanceof errors.HTTPParserError) return { meaning: 'mismatch', why: 'the answer is not HTTP' }
  if (code === 'UND_ERR_INVALID_ARG') return { meaning: 'refused', why: 'the request has a header that cannot be sent' }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return { meaning: 'refused', why: 'the headers are too large' }
  const why = BY_CODE[code] ?? (thrown instanceof Error ? thrown.message : String(thrown))
  return { meaning: 'unavailable', why: code === '' ? why : `${why} (${code})` }
}

/** Several addresses were tried: the first error that has a code speaks for them. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return ''
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code
  if (thrown instanceof AggregateError) return thrown.errors.map(codeOf).find(code => code !== '') ?? ''
  return ''
}
