import type { Judgement } from './meaning.js'

/** What a JSON document says went wrong. */
export interface StatedError {
  readonly code?: number
  readonly message: string
}

type Fields = Readonly<Record<string, unknown>>

/**
 * The error that a JSON document is, or undefined when it is none. Knows the ways that are in use: `error` as text, list or
 * object, `error_code` with `error_message`, also below `status`, `errors`, `code` with `msg`, a lone `message`, `success: false`.
 */
export function errorInJson(document: unknown): StatedError | undefined {
  if (Array.isArray(document)) return errorInList(document)
  if (!isFields(document)) return undefined
  const { status, error, errors } = document
  if (isFields(status)) return coded(status)
  const stated = statedBy(error) ?? statedBy(errors) ?? statedBy(document['Error Message'])
  if (stated !== undefined) return { ...codeOf(status), ...stated }
  return coded(document) ?? lone(document)
}

/** A code that HTTP knows means what it means there. */
export function judgeError({ code, message }: StatedError): Judgement {
  const why = `an error came with success: ${code === undefined ? '' : `${code} `}${shorten(message)}`
  if (code === 429 || /rate.?limit|too many requests/i.test(message)) return { meaning: 'rate_limited', why }
  if (code === 401 || code === 403) return { meaning: 'refused', why }
  return { meaning: code !== undefined && code >= 500 && code < 600 ? 'unavailable' : 'error', why }
}

/** `[{"message":[{"id":"120","key":"Invalid value","value":"…"}]}]` */
function errorInList(list: readonly unknown[]): StatedError | undefined {
  const [only] = list
  if (list.length !== 1 || !isFields(only) || Object.keys(only).length !== 1) return undefined
  return statedBy(only['message'])
}

function coded(fields: Fields): StatedError | undefined {
  const code = fields['error_code'] ?? fields['code']
  const message = fields['error_message'] ?? fields['msg']
  if (typeof message !== 'string' || message === '') return undefined
  // `code: 0` is how some say that all is well.
  return code === 0 || code === '0' ? undefined : { ...codeOf(code), message }
}

function lone(fields: Fields): StatedError | undefined {
  const { message, success } = fields
  if (success === false) return { message: typeof message === 'string' ? message : 'no success' }
  return Object.keys(fields).length === 1 && typeof message === 'string' ? { message } : undefined
}

/** Something that stands where an error would: nothing, false and what is empty are none. */
function statedBy(error: unknown): StatedError | undefined {
  if (typeof error === 'string' && error !== '') return { message: error }
  if (error === true) return { message: 'an error without words' }
  if (Array.isArray(error)) return error.length === 0 ? undefined : { message: JSON.stringify(error) }
  if (!isFields(error) || Object.keys(error).length === 0) return undefined
  const { message, code, status } = error
  const inner = isFields(status) ? coded(status) : coded(error)
  return inner ?? { ...codeOf(code), message: typeof message === 'string' ? message : JSON.stringify(error) }
}

function codeOf(code: unknown): { code?: number } {
  return typeof code === 'number' && Number.isInteger(code) ? { code } : {}
}

function shorten(message: string): string {
  return message.length > 200 ? `${message.slice(0, 200)}…` : message
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
