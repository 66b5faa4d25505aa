import { createHash } from 'node:crypto'
import type { CaptureFacts } from '../../bronze/capture-record.js'
import { groupBy } from '../../core/group-by.js'
import type { Interval } from '../../core/interval.js'
import {
  fromPairs,
  type IntervalSet,
  intervalSet,
  NO_INTERVALS,
  subtract,
  toPairs,
  union,
} from '../../core/interval-set.js'
import type { Admission } from '../../quality/pipe-breaker.js'
import { isAnswered, type Meaning } from '../../sources/answers/meaning.js'
import type { Pipe } from '../../sources/pipe.js'

/** What the lake knows of a pipe with its parameters: as JSON, so intervals are pairs of milliseconds. */
export interface PipeEntry {
  /** Answered by data or a legitimate empty. */
  readonly fetched?: readonly (readonly [number, number])[]
  /** Of those, the ones whose records passed the gate. */
  readonly published?: readonly (readonly [number, number])[]
  /** When it was last asked, whatever came. */
  readonly askedMs?: number
  /** When all that it asked was last answered. */
  readonly answeredMs?: number
  readonly publishedMs?: number
  /** When done intervals were last opened again. */
  readonly revisitedMs?: number
  readonly failure?: Failure
  /** The newest answer to each address that may be asked again, oldest first. */
  readonly answers?: Readonly<Record<string, KnownAnswer>>
  /** Captures that no run has published yet: they are landed again, never asked for again. */
  readonly waiting?: readonly WaitingCapture[]
  /** Captures that this run published before it wrote its record: without one they wait still. */
  readonly unrecorded?: { readonly runId: string; readonly captures: readonly WaitingCapture[] }
}

export interface Failure {
  readonly atMs: number
  readonly meaning: Meaning | 'not_finished'
  readonly why: string
  /** Not worth asking before. */
  readonly againMs?: number
}

export interface KnownAnswer {
  readonly id: string
  readonly etag?: string
  readonly lastModified?: string
}

export interface WaitingCapture {
  readonly id: string
  /** The segment that holds it. */
  readonly segment: string
  readonly settled?: readonly [number, number]
  /**
   * The gate held it back under the contract of this hash: it is not tried again until that changes. `breaker`: it was not looked at,
   * and is as soon as the breaker lets it.
   */
  readonly heldBy?: string
}

export const BY_BREAKER = 'breaker'

/** Whether a capture that waits is landed now. */
export function isLandedNow(
  { heldBy }: WaitingCapture,
  now: { readonly admission: Admission; readonly contractHash: string; readonly retryHeld: boolean },
): boolean {
  if (now.admission === 'hold') return false
  return heldBy === BY_BREAKER || now.retryHeld || heldBy !== now.contractHash
}

/** All pipes of one provider, by `pipeKey`: the state `pipes_<provider>` of a lake. */
export type PipeBook = Readonly<Record<string, PipeEntry>>

const ANSWERS_KEPT = 64

/** A pipe with other parameters, or that asks something else, is another pipe: it has fetched nothing yet. */
export function pipeKey(name: string, params: Pipe['params'], question: string): string {
  return `${name}@${shortHash(JSON.stringify([Object.entries(params).sort(), question]))}`
}

export function keyOfPipe(pipe: Pipe): string {
  return pipeKey(pipe.name, pipe.params, questionOf(pipe))
}

/** Names what a pipe asks beside its parameters. How an answer is read, how often and with which key is no part of it. */
export function questionOf({ source, http }: Pipe): string {
  return http === undefined ? source : shortHash(JSON.stringify([source, http.path, http.query, http.headers]))
}

/** Names an address in `answers`; a refusal has a place of its own, so that the good answer before it is still known. */
export function addressKey(url: string, meaning: Meaning = 'data'): string {
  return isAnswered(meaning) ? shortHash(url) : `!${shortHash(url)}`
}

export function fetchedOf(entry: PipeEntry | undefined): IntervalSet {
  return fromPairs(entry?.fetched) ?? NO_INTERVALS
}

/**
 * What a book keeps of an asking. `past`: of a backfill, which leaves what the book says of the present: when the pipe was last asked,
 * answered and published, and how it failed.
 */
export type Asking = 'due' | 'past'

/** The captures that wait to be published and settle some of an interval. */
export function waitingIn(entry: PipeEntry | undefined, { startMs, endMs }: Interval): readonly WaitingCapture[] {
  return (entry?.waiting ?? []).filter(
    ({ settled }) => settled !== undefined && settled[0] < endMs && settled[1] > startMs,
  )
}

/** Captures are in the lake: what they settle is fetched, and waits to be published. */
export function noteStored(
  book: PipeBook,
  records: readonly CaptureFacts[],
  segment: string,
  asking: Asking = 'due',
): PipeBook {
  const next: Record<string, PipeEntry> = { ...book }
  for (const [key, own] of groupBy(records, record => pipeKey(record.pipe, record.params, record.question ?? ''))) {
    const old = next[key] ?? {}
    const good = own.filter(record => isAnswered(record.classification))
    const settled = good.flatMap(settledBy)
    const known = new Set(old.waiting?.map(({ id }) => id))
    const fresh = good.filter(record => record.classification === 'data' && !known.has(record.id))
    const waiting = fresh.map(record => waitingCapture(record, segment))
    const askedMs = Math.max(old.askedMs ?? 0, ...own.map(record => Date.parse(record.requestedAt)))
    next[key] = {
      ...old,
      fetched: toPairs(union(fetchedOf(old), intervalSet(settled))),
      ...(waiting.length > 0 && { waiting: [...(old.waiting ?? []), ...waiting] }),
      // The addresses of the past are not asked again: they would push out those of the present.
      ...(asking === 'due' && { askedMs, answers: newestAnswers(old.answers, own) }),
    }
  }
  return next
}

/** How the asking of a pipe ended, beside its captures. */
export interface AskedNote {
  readonly key: string
  readonly atMs: number
  readonly revisited: boolean
  /** Settled by answers that needed no capture: nothing changed, or the same bytes as before. */
  readonly settled: readonly Interval[]
  /** Undefined when everything was answered. */
  readonly failure?: Failure
}

export function noteAsked(book: PipeBook, notes: readonly AskedNote[], asking: Asking = 'due'): PipeBook {
  const next: Record<string, PipeEntry> = { ...book }
  for (const { key, atMs, revisited, settled, failure } of notes) {
    const known = next[key] ?? {}
    const fetched = toPairs(union(fetchedOf(known), intervalSet(settled)))
    if (asking === 'past') {
      next[key] = { ...known, fetched }
      continue
    }
    const { failure: _, ...old } = known
    next[key] = {
      ...old,
      fetched,
      askedMs: Math.max(old.askedMs ?? 0, atMs),
      ...(failure === undefined ? { answeredMs: Math.max(old.answeredMs ?? 0, atMs) } : { failure }),
      ...(revisited && failure === undefined && { revisitedMs: atMs }),
    }
  }
  return next
}

/** What a run did with the captures of a pipe. */
export interface PublishedNote {
  readonly key: string
  readonly atMs: number
  readonly published: readonly string[]
  readonly held: readonly string[]
  /** Of those, the ones that a breaker held. */
  readonly shut: readonly string[]
  readonly contractHash: string
  /** Captures in which no record was found: what they settled is open again. */
  readonly silent: readonly string[]
}

/** The book when a run has published; what it published counts when the run has a record: see `withRecorded`. */
export function notePublished(
  book: PipeBook,
  notes: readonly PublishedNote[],
  { asking = 'due', runId }: { readonly asking?: Asking; readonly runId: string },
): PipeBook {
  const next: Record<string, PipeEntry> = { ...book }
  for (const { key, atMs, published, held, shut, contractHash, silent } of notes) {
    const old = next[key]
    if (old === undefined) continue
    const [done, back, unseen, mute] = [new Set(published), new Set(held), new Set(shut), new Set(silent)]
    const heldBy = (id: string): string => (unseen.has(id) ? BY_BREAKER : contractHash)
    const settledIn = (ids: ReadonlySet<string>): IntervalSet =>
      intervalSet((old.waiting ?? []).flatMap(({ id, settled }) => (ids.has(id) && settled ? [pair(settled)] : [])))
    const reopened = settledIn(mute)
    const fetched = subtract(fetchedOf(old), reopened)
    const waiting = (old.waiting ?? [])
      .filter(({ id }) => !done.has(id) && !mute.has(id))
      .map(capture => (back.has(capture.id) ? { ...capture, heldBy: heldBy(capture.id) } : capture))
    // Legitimate empties have nothing to publish; what still waits is not published.
    const open = intervalSet(waiting.flatMap(({ settled }) => (settled ? [pair(settled)] : [])))
    const { waiting: _, unrecorded: __, ...rest } = old
    const taken = (old.waiting ?? []).filter(({ id }) => done.has(id))
    next[key] = {
      ...rest,
      ...(taken.length > 0 && { unrecorded: { runId, captures: taken } }),
      // The same bytes are to be looked at again.
      ...(mute.size > 0 && {
        answers: Object.fromEntries(Object.entries(old.answers ?? {}).filter(([, { id }]) => !mute.has(id))),
      }),
      ...(waiting.length > 0 && { waiting }),
      fetched: toPairs(fetched),
      published: toPairs(subtract(fetched, open)),
      ...(done.size > 0 && asking === 'due' && { publishedMs: atMs }),
    }
  }
  return next
}

/** The runs whose captures a book calls published, and whose records it has not seen. */
export function unrecordedRuns(book: PipeBook): ReadonlySet<string> {
  return new Set(Object.values(book).flatMap(({ unrecorded }) => (unrecorded === undefined ? [] : [unrecorded.runId])))
}

/** The book when it is known which of its unrecorded runs have a record: what others published waits again, for they died. Pure. */
export function withRecorded(book: PipeBook, isRecorded: (runId: string) => boolean): PipeBook {
  const next = Object.entries(book).map(([key, entry]): readonly [string, PipeEntry] => {
    const { unrecorded, ...rest } = entry
    if (unrecorded === undefined) return [key, entry]
    if (isRecorded(unrecorded.runId)) return [key, rest]
    const known = new Set((rest.waiting ?? []).map(({ id }) => id))
    const waiting = [...(rest.waiting ?? []), ...unrecorded.captures.filter(({ id }) => !known.has(id))]
    const open = intervalSet(waiting.flatMap(({ settled }) => (settled ? [pair(settled)] : [])))
    return [key, { ...rest, waiting, published: toPairs(subtract(fetchedOf(rest), open)) }]
  })
  return Object.fromEntries(next)
}

/** Captures that nobody wants published wait no more; they are not asked for again. */
export function noteDiscarded(book: PipeBook, captures: ReadonlySet<string>): PipeBook {
  const next = Object.entries(book).map(([key, entry]): readonly [string, PipeEntry] => {
    const { waiting = [], ...rest } = entry
    const left = waiting.filter(({ id }) => !captures.has(id))
    if (left.length === waiting.length) return [key, entry]
    const open = intervalSet(left.flatMap(({ settled }) => (settled ? [pair(settled)] : [])))
    const published = toPairs(subtract(fetchedOf(entry), open))
    return [key, { ...rest, ...(left.length > 0 && { waiting: left }), published }]
  })
  return next.every(([key, entry]) => book[key] === entry) ? book : Object.fromEntries(next)
}

function waitingCapture(record: CaptureFacts, segment: string): WaitingCapture {
  const [settled] = settledBy(record)
  return { id: record.id, segment, ...(settled && { settled: [settled.startMs, settled.endMs] as const }) }
}

function settledBy({ asked }: CaptureFacts): Interval[] {
  if (asked?.settled === undefined) return []
  const [start, end] = asked.settled
  return [{ startMs: Date.parse(start), endMs: Date.parse(end) }]
}

/** The same bytes are not stored twice: each address keeps the id of its newest answer, and what that said of itself. */
function newestAnswers(old: PipeEntry['answers'], records: readonly CaptureFacts[]): Record<string, KnownAnswer> {
  const answers: Record<string, KnownAnswer> = { ...old }
  for (const { id, request, response, classification } of records) {
    const key = addressKey(request.url, classification)
    delete answers[key]
    const { etag, 'last-modified': lastModified } = response.headers
    const validators = { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) }
    answers[key] = { id, ...(isAnswered(classification) && validators) }
  }
  return Object.fromEntries(Object.entries(answers).slice(-ANSWERS_KEPT))
}

function pair([startMs, endMs]: readonly [number, number]): Interval {
  return { startMs, endMs }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
