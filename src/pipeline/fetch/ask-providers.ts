import { isUtf8 } from 'node:buffer'
import { type CaptureFacts, type CaptureRecord, captureId } from '../../bronze/capture-record.js'
import { type SegmentWriter, segmentWriter } from '../../bronze/segment-writer.js'
import { type Clock, isoTime } from '../../core/clock.js'
import { groupBy } from '../../core/group-by.js'
import { sha256Hex } from '../../core/ids.js'
import type { Interval } from '../../core/interval.js'
import type { SharedState } from '../../lake/shared-state.js'
import { isAnswered, type Meaning } from '../../sources/answers/meaning.js'
import { type Attempt, type FetchDeps, type FetchPolicy, fetchAnswers } from '../../sources/http/fetch-answers.js'
import { type NextPage, nextPage } from '../../sources/http/paging.js'
import { printedRequest } from '../../sources/http/request.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { answeredPart } from './answered-part.js'
import { judgedByRecords } from './empty-answer.js'
import { judgedByDays } from './expected-days.js'
import {
  type AskedNote,
  type Asking,
  addressKey,
  type Failure,
  noteAsked,
  noteStored,
  type PipeBook,
  questionOf,
} from './pipe-book.js'
import type { Ask } from './plan-pipe.js'
import { type AskingPipe, nextRequest, type PipeOutcome, type PipeRequest, requestMaker } from './requests.js'

/** A pipe with what it has to ask. */
export interface PlannedPipe {
  readonly from: AskingPipe
  readonly asks: readonly Ask[]
  readonly revisited: boolean
}

/** What asking one pipe came to. */
export interface PipeAsked {
  readonly from: AskingPipe
  requests: number
  /** As the provider counts answers; a request without one took one. */
  credits: number
  bytes: number
  /** Answers with the same bytes as before, or none at all because nothing changed. */
  repeated: number
  /** The first thing that went wrong, if anything did. */
  failure?: Failure
}

export interface AskOptions {
  readonly store: ObjectStore
  readonly runId: string
  readonly spool: string
  /** The book of each provider, by its name. */
  readonly books: ReadonlyMap<string, SharedState<PipeBook>>
  readonly policy: FetchPolicy<PipeRequest>
  readonly deps: FetchDeps
  /** The time that captures and books are stamped with. */
  readonly clock: Clock
  readonly asking?: Asking | undefined
  /** Called when one more request has its last answer. */
  readonly onAnswered?: (() => void) | undefined
  /** Called once for each answer with data that is new, when it is captured. */
  readonly onData: (record: CaptureRecord, from: AskingPipe, body: Buffer) => Promise<void>
}

/**
 * Asks everything that is planned and keeps every answer as evidence before anybody reads it. What captures settle is noted when they
 * are durable; how the asking ended is noted at the end. Failures of providers are in the result; only the lake's own throw.
 */
export async function askProviders(planned: readonly PlannedPipe[], options: AskOptions): Promise<PipeAsked[]> {
  const { store, runId, spool, books, clock, deps, asking } = options
  // What falls due while this asks was not asked for.
  const beganMs = clock.now()
  const current = new Map<string, PipeBook>()
  for (const [provider, book] of books) current.set(provider, await book.read())
  const entryOf = ({ provider, key }: AskingPipe) => current.get(provider.name)?.[key]
  const writers = new Map<string, SegmentWriter>()
  const writerOf = (provider: string): SegmentWriter => {
    const onStored = (records: readonly CaptureFacts[], segment: string): Promise<void> =>
      books.get(provider)!.change(book => ({ value: noteStored(book, records, segment, asking), result: undefined }))
    const writer = writers.get(provider) ?? segmentWriter({ store, provider, runId, spool, clock, onStored })
    writers.set(provider, writer)
    return writer
  }
  const asked = new Map<string, PipeAsked>()
  const settled = new Map<string, Interval[]>()
  const make = requestMaker()
  function* requests(): Generator<PipeRequest> {
    for (const { from, asks } of planned) {
      asked.set(from.key, { from, requests: 0, credits: 0, bytes: 0, repeated: 0 })
      settled.set(from.key, [])
      for (const ask of asks) yield make(from, ask, entryOf(from))
    }
  }
  const follow = (outcome: PipeOutcome): PipeRequest | undefined => {
    const next = pageAfter(outcome)
    return next.outcome === 'next' ? nextRequest(outcome.asked, next.url) : undefined
  }
  for await (const answered of fetchAnswers(requests(), { ...options.policy, follow }, deps)) {
    const outcome = judgedByDays(judgedByRecords(answered))
    // What was given up before it was sent has no attempt.
    if (outcome.attempts.length > 0) options.onAnswered?.()
    const { from, ask } = outcome.asked
    const pipe = asked.get(from.key)!
    const next = pageAfter(answered)
    const ends = next.outcome === 'last'
    for (const [at, attempt] of outcome.attempts.entries()) {
      pipe.requests++
      pipe.credits += creditsOfAttempt(from, attempt)
      if (attempt.answer === undefined) continue
      pipe.bytes += attempt.answer.wireBytes
      const isLast = at === outcome.attempts.length - 1
      const record = captureOf(outcome.asked, attempt, isLast && ends)
      const isKnown = entryOf(from)?.answers?.[addressKey(record.request.url, attempt.meaning)]?.id === record.id
      if (isKnown || attempt.meaning === 'unchanged') {
        pipe.repeated++
        const part = answeredPart(ask, attempt.answer.headers)
        if (isAnswered(attempt.meaning) && ends && part !== undefined) settled.get(from.key)!.push(part)
        continue
      }
      await writerOf(from.provider.name).add(record)
      if (isLast && attempt.meaning === 'data') await options.onData(record, from, attempt.answer.body)
    }
    if (!isAnswered(outcome.meaning as Meaning)) pipe.failure ??= failureOf(outcome, clock.now())
    if (next.outcome === 'cut') pipe.failure ??= { atMs: clock.now(), meaning: 'truncated', why: next.why }
  }
  for (const writer of writers.values()) await writer.close()
  await noteEnds(planned, asked, settled, { books, asking, atMs: beganMs })
  return [...asked.values()]
}

function creditsOfAttempt({ provider }: AskingPipe, { answer }: Attempt): number {
  return answer === undefined ? 1 : (provider.limits.creditsOf?.(answer.status) ?? 1)
}

function pageAfter({ asked, meaning, answer }: PipeOutcome): NextPage {
  const { paging, records } = asked.from.source
  if (paging === undefined || records === undefined || meaning !== 'data' || answer === undefined)
    return { outcome: 'last' }
  return nextPage(paging, records, { url: asked.request.url, page: asked.page, mark: asked.mark }, answer)
}

function failureOf({ meaning, why, againMs }: PipeOutcome, atMs: number): Failure {
  return { atMs, meaning, why, ...(againMs !== undefined && { againMs }) }
}

async function noteEnds(
  planned: readonly PlannedPipe[],
  asked: ReadonlyMap<string, PipeAsked>,
  settled: ReadonlyMap<string, readonly Interval[]>,
  { books, asking, atMs }: Pick<AskOptions, 'books' | 'asking'> & { readonly atMs: number },
): Promise<void> {
  for (const [provider, pipes] of groupBy(planned, ({ from }) => from.provider.name)) {
    const notes = pipes.map(({ from: { key }, revisited }): AskedNote => {
      const { failure } = asked.get(key)!
      return { key, atMs, revisited, settled: settled.get(key)!, ...(failure && { failure }) }
    })
    await books.get(provider)!.change(book => ({ value: noteAsked(book, notes, asking), result: undefined }))
  }
}

function captureOf({ from, ask, request }: PipeRequest, attempt: Attempt, settles: boolean): CaptureRecord {
  const answer = attempt.answer!
  const { method, url, headers } = printedRequest(request)
  const sha256 = sha256Hex(answer.body)
  const { pipe } = from
  return {
    // Two pipes may ask one question and read the answer each in its own way.
    id: captureId({ method, url: `${url}#${encodeURIComponent(from.pipe.name)}` }, sha256),
    pipe: pipe.name,
    params: pipe.params,
    question: questionOf(pipe),
    ...(ask.interval && {
      asked: askedInterval(
        ask.interval,
        settles && isAnswered(attempt.meaning) ? answeredPart(ask, answer.headers) : undefined,
      ),
    }),
    request: { method, url, headers },
    response: { status: answer.status, headers: answer.headers, body: bodyOf(answer.body) },
    requestedAt: isoTime(answer.requestedAtMs),
    receivedAt: isoTime(answer.receivedAtMs),
    sha256,
    sizeBytes: answer.body.length,
    classification: attempt.meaning,
    why: attempt.why,
  }
}

function askedInterval(interval: Interval, settled: Interval | undefined): NonNullable<CaptureRecord['asked']> {
  const times = ({ startMs, endMs }: Interval): readonly [string, string] => [isoTime(startMs), isoTime(endMs)]
  return { interval: times(interval), ...(settled !== undefined && { settled: times(settled) }) }
}

function bodyOf(body: Buffer): CaptureRecord['response']['body'] {
  return isUtf8(body)
    ? { kind: 'text', text: body.toString('utf8') }
    : { kind: 'base64', base64: body.toString('base64') }
}
