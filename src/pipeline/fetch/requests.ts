import type { Judgement } from '../../sources/answers/meaning.js'
import type { AnswerRequest, Outcome } from '../../sources/http/fetch-answers.js'
import { markOf } from '../../sources/http/paging.js'
import type { HttpRequest } from '../../sources/http/request.js'
import type { Secret } from '../../sources/http/secret.js'
import { type UrlTemplate, urlTemplate } from '../../sources/http/url-template.js'
import type { Pipe } from '../../sources/pipe.js'
import type { Provider, Source } from '../../sources/source.js'
import { addressKey, type PipeEntry } from './pipe-book.js'
import type { Ask } from './plan-pipe.js'

/** A pipe with the declarations behind its source and the key that goes with its requests. */
export interface AskingPipe {
  readonly pipe: Pipe
  /** See `pipeKey`. */
  readonly key: string
  readonly provider: Provider
  readonly source: Source
  readonly secret: Secret | undefined
  /** Why the secret that is set cannot be used. */
  readonly keyFault?: string
}

/** One request of a pipe. */
export interface PipeRequest extends AnswerRequest {
  readonly from: AskingPipe
  readonly ask: Ask
  /** From 1; the first asks for the interval, each further one for what follows it. */
  readonly page: number
  /** The address of an earlier page, see `markOf`. */
  readonly mark: string
}

export type PipeOutcome = Outcome<PipeRequest>

/** An outcome whose answer means something else, seen from its pipe. */
export function rejudged(outcome: PipeOutcome, judged: Judgement): PipeOutcome {
  const last = outcome.attempts.length - 1
  const attempts = outcome.attempts.map((attempt, at) => (at === last ? { ...attempt, ...judged } : attempt))
  return { ...outcome, ...judged, attempts }
}

/** Makes requests; addresses of pipes that name the same parameters share one template. */
export function requestMaker(): (from: AskingPipe, ask: Ask, entry: PipeEntry | undefined) => PipeRequest {
  const templates = new Map<Source, Map<string, UrlTemplate>>()
  function templateOf({ pipe, provider, source }: AskingPipe): UrlTemplate {
    const params = Object.keys(pipe.params)
    const known = templates.get(source) ?? new Map<string, UrlTemplate>()
    templates.set(source, known)
    const key = `${provider.url} ${params.join(' ')}`
    const made =
      known.get(key) ??
      urlTemplate(
        { base: provider.url, path: source.path, ...(source.query && { query: source.query }) },
        { params, asks: source.asks },
        pipe.declaredIn,
      )
    known.set(key, made)
    return made
  }
  return (from, ask, entry) => {
    const { pipe } = from
    const url = templateOf(from)({ params: pipe.params, ...(ask.interval && { interval: ask.interval }) })
    return pipeRequest({ from, ask, page: 1, mark: url }, url, entry)
  }
}

/** The request for the page after another. */
export function nextRequest({ from, ask, page, mark, request }: PipeRequest, url: string): PipeRequest {
  const asked = { url: request.url, page, mark }
  return pipeRequest({ from, ask, page: page + 1, mark: markOf(asked) }, url, undefined)
}

function pipeRequest(
  asked: Pick<PipeRequest, 'from' | 'ask' | 'page' | 'mark'>,
  url: string,
  entry: PipeEntry | undefined,
): PipeRequest {
  const { provider, source, secret } = asked.from
  const known = source.paging === undefined ? entry?.answers?.[addressKey(url)] : undefined
  const { etag, lastModified } = known ?? {}
  const validators = { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) }
  const request: HttpRequest = {
    url,
    headers: { accept: source.body.kind === 'json' ? 'application/json' : 'text/csv', ...source.headers },
    ...(secret !== undefined && provider.key !== undefined && { key: { secret, in: provider.key.in } }),
    ...(known !== undefined && { validators }),
  }
  const { keyFault } = asked.from
  return { ...asked, provider, request, expects: expectationOf(source), ...(keyFault !== undefined && { keyFault }) }
}

function expectationOf({ body }: Source): AnswerRequest['expects'] {
  if (body.kind === 'json') return { kind: 'json' }
  const { delimiter, encoding } = body.dialect
  const { header, endsLines = false } = body
  return { kind: 'csv', delimiter, encoding, endsLines, ...(header && { header }) }
}
