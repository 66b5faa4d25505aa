import { isUtf8 } from 'node:buffer'
import type { Answer } from '../http/transport.js'
import type { AnswerRule } from '../source.js'
import { ruleFor } from './answer-rules.js'
import { csvShape } from './csv-shape.js'
import { errorInJson, judgeError } from './error-body.js'
import { jsonShape } from './json-shape.js'
import type { Judgement } from './meaning.js'

/** What a body must be to hold records. */
export type Expectation =
  | { readonly kind: 'json' }
  | {
      readonly kind: 'csv'
      /** What the first line must look like. */
      readonly header?: RegExp
      readonly delimiter?: string | undefined
      /** A WHATWG label. Default: UTF-8, and then the bytes must be. */
      readonly encoding?: string | undefined
      readonly endsLines?: boolean
    }

export type JudgedAnswer = Pick<Answer, 'status' | 'headers' | 'body' | 'end'>

/**
 * What an answer means: cut or whole, the provider's own rules, status, content type, first byte, known error bodies, and at
 * last whether it has the form that is due. `isConditional`: it was asked with a validator of an earlier answer. Pure. Looks at the form only: whether values are right is the contract's matter.
 */
export function classify(
  answer: JudgedAnswer,
  rules: readonly AnswerRule[],
  expects: Expectation,
  isConditional = false,
): Judgement {
  if (answer.status === 304 && !isConditional)
    return { meaning: 'mismatch', why: 'HTTP 304, and nobody asked whether something changed' }
  if (answer.end === 'cut') return { meaning: 'truncated', why: 'the connection ended before the body did' }
  return ruleFor(answer, rules) ?? judgeStatus(answer) ?? judgeOpening(answer) ?? judgeBody(answer.body, expects)
}

/** Everything but a success with a body is decided by its status. */
function judgeStatus(answer: JudgedAnswer): Judgement | undefined {
  const { status } = answer
  if (status === 200 || status === 201 || status === 203) return undefined
  if (status === 304) return { meaning: 'unchanged', why: 'not changed since the last answer' }
  if (status === 204 || status === 205) return { meaning: 'empty', why: `HTTP ${status}: no content` }
  const why = `HTTP ${status}${detail(answer)}`
  if (status === 429) return { meaning: 'rate_limited', why }
  if (status === 408 || status === 425 || status >= 500) return { meaning: 'unavailable', why }
  if (status === 401 || status === 403) return { meaning: isPage(answer) ? 'blocked' : 'refused', why }
  if (status === 402 || status === 407 || status === 451) return { meaning: 'refused', why }
  return { meaning: status >= 400 ? 'error' : 'mismatch', why }
}

function judgeOpening(answer: JudgedAnswer): Judgement | undefined {
  if (isPage(answer)) return { meaning: 'blocked', why: 'a web page came instead of records' }
  const first = firstByte(answer.body)
  if (first === undefined) return { meaning: 'truncated', why: 'the body is empty' }
  return first === '<' ? { meaning: 'mismatch', why: 'XML came instead of what is due' } : undefined
}

function judgeBody(body: Buffer, expects: Expectation): Judgement {
  const encoding = expects.kind === 'csv' ? expects.encoding : undefined
  if (encoding === undefined && !isUtf8(body)) return { meaning: 'mismatch', why: 'the text is not UTF-8' }
  if (expects.kind === 'json') return jsonShape(body)
  // Drops a byte order mark.
  const text = new TextDecoder(encoding ?? 'utf-8').decode(body)
  const error = /^\s*[[{]/.test(text) ? errorInText(text) : undefined
  if (error !== undefined) return judgeError(error)
  return csvShape(text, expects)
}

function isPage({ headers, body }: JudgedAnswer): boolean {
  if (/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(headers['content-type'] ?? '')) return true
  return /^\s*<(!doctype html|html|head|body|script)\b/i.test(opening(body))
}

function firstByte(body: Buffer): string | undefined {
  return /\S/.exec(opening(body))?.[0]
}

function opening(body: Buffer): string {
  return body.toString('utf8', 0, 4096).replace(/^\uFEFF/, '')
}

/** What the provider says of its refusal, if it says it shortly. */
function detail(answer: JudgedAnswer): string {
  if (isPage(answer)) return ', a web page'
  const text = errorInText(answer.body.toString('utf8'))?.message ?? opening(answer.body)
  const line = text.replace(/[\s\x00-\x1F\x7F]+/g, ' ').trim()
  return line === '' ? '' : `: ${line.length > 200 ? `${line.slice(0, 200)}…` : line}`
}

function errorInText(text: string): ReturnType<typeof errorInJson> {
  try {
    return errorInJson(JSON.parse(text))
  } catch {
    return undefined
  }
}
