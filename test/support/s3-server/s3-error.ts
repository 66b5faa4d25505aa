import type { Answer } from './answer.js'
import { element, xmlAnswer } from './xml.js'

/** A refusal as S3 words it: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export class S3Error extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** Further elements of the answer, as XML. */
  readonly more: string

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    more = '',
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
    this.more = more
  }
}

export function errorAnswer(
  { status, code, message, headers, more }: S3Error,
  path: string,
  requestId: string,
): Answer {
  const parts = [element('Code', code), element('Message', message), more, element('Resource', path)]
  const answer = xmlAnswer(`<Error>${parts.join('')}${element('RequestId', requestId)}</Error>`, status)
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

export const notFound = (key: string): S3Error => new S3Error(404, 'NoSuchKey', `The key ${key} does not exist.`)

export const preconditionFailed = (): S3Error =>
  new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')

export const notImplemented = (what: string): S3Error =>
  new S3Error(501, 'NotImplemented', `${what} is not implemented`)

export const invalid = (message: string): S3Error => new S3Error(400, 'InvalidArgument', message)
